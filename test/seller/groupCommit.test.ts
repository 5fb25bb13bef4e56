import { expect } from "chai";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { createGroupCommit } from "../../client/seller/core/groupCommit.ts";
import { rejection } from "./rejection.ts";

describe("group commit", () => {
  let database: DatabaseSync;

  beforeEach(() => {
    database = new DatabaseSync(":memory:");
    database.exec("CREATE TABLE notes (text TEXT)");
  });

  afterEach(() => {
    database.close();
  });

  const write = (text: string) => () => {
    database.prepare("INSERT INTO notes VALUES (?)").run(text);
  };
  const notes = () =>
    database
      .prepare("SELECT text FROM notes")
      .all()
      .map(({ text }) => text);
  /** What SQLite does by itself when the disk fails in the middle of a write. */
  const loseTransaction = (): void => {
    database.exec("ROLLBACK");
    throw new Error("disk full");
  };

  it("fails with its group when the transaction is lost, and begins another", async () => {
    const commits = createGroupCommit(database, 5);
    const first = rejection(commits.run(write("first")));
    expect(await rejection(commits.run(loseTransaction))).to.have.property("message", "disk full");
    const next = commits.run(write("next"));
    expect(await first).to.be.instanceOf(Error);
    await next;
    expect(notes()).to.deep.equal(["next"]);
  });

  it("leaves no rejection unheard when nobody else waits for the group", async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown): void => {
      unheard.push(reason);
    };
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", hear);
    try {
      await rejection(createGroupCommit(database, 5).run(loseTransaction));
      await sleep(20);
    } finally {
      process.off("unhandledRejection", hear);
      for (const other of others) process.on("unhandledRejection", other);
    }
    expect(unheard).to.deep.equal([]);
  });
});
