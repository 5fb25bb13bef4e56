import { Writable } from "node:stream";
import { expect } from "chai";
import { barDisplay, lineDisplay } from "../../scripts/deploy/display.ts";

describe("The display of a deployment", () => {
  it("writes a line for each step in a log", () => {
    const lines: string[] = [];
    const display = lineDisplay((line) => lines.push(line));
    display.say("Base");
    display.progress({ done: 1, total: 2, text: "VoucherEscrow: deployed" });
    display.end();
    expect(lines).to.deep.equal(["Base", "[1/2] VoucherEscrow: deployed"]);
  });

  it("moves a bar on a terminal, and ends it before it says something", () => {
    let screen = "";
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        screen += chunk.toString();
        done();
      },
    });
    const terminal = Object.assign(stream, { isTTY: true, columns: 120, cursorTo: () => true, clearLine: () => true });
    const display = barDisplay(terminal as unknown as NodeJS.WriteStream);
    display.progress({ done: 0, total: 2, text: "VoucherEscrow: sent" });
    display.progress({ done: 2, total: 2, text: "FlashSettlement: deployed" });
    display.say("All is there.");
    display.end();
    expect(screen).to.contain("2/2 FlashSettlement: deployed");
    expect(screen.endsWith("All is there.\n")).to.equal(true);
  });
});
