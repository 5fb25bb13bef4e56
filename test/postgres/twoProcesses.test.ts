import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { largest } from "../../client/core/amounts.ts";
import { DEFAULT_FLASH_LIMITS } from "../../client/seller/flash/limits.ts";
import { createPostgresFlashStore } from "../../client/seller/flash/store/postgres.ts";
import type { FlashStore } from "../../client/seller/flash/types.ts";
import { NOW, SERVER } from "../seller/flash/fixtures.ts";
import { until } from "../seller/until.ts";
import { newDatabase } from "./database.ts";
import { BALANCE, fromWire, openAcceptor, OPENED, SHARED, signItems, type WireItem } from "./desk.ts";

const SELLER = fileURLToPath(new URL("seller.ts", import.meta.url));
const PAYMENTS = 300;
const TABS = 300;

describe("two sellers that share a PostgreSQL store", () => {
  let folder: string;
  let file: string;
  let items: readonly WireItem[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "flash-two-"));
    file = join(folder, "items.json");
    // More than the escrow covers, all of it for everybody.
    items = await signItems(PAYMENTS, TABS);
    writeFileSync(file, JSON.stringify(items));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("R1: never together accept more than the escrow, and no payment twice", async () => {
    const { url, store } = await open();
    const sellers = [start(url, "1"), start(url, "2")];
    for (const { exited } of sellers) expect(await exited).to.equal(0);
    const told = sellers.map(({ lines }) => lines());
    // Both had their part, and both were refused for want of cover.
    for (const lines of told) {
      expect(lines.filter((line) => line.startsWith("accepted")).length).to.be.greaterThan(20);
      expect(lines).to.include("refused flash_exposure_exceeded");
    }
    const nonces = told.flat().flatMap((line) => (line.startsWith("accepted payment") ? [line.split(" ")[2]] : []));
    expect(new Set(nonces).size).to.equal(nonces.length);
    const state = await readState(store);
    expect(state.accepted).to.equal(sumTold(told.flat()) + (await cancelledTabs(store, told.flat())));
    expect(state.accepted <= BALANCE, `${state.accepted} accepted`).to.equal(true);
    // Almost all of it was used; requests that were given up last leave some.
    expect(state.accepted * 10n >= BALANCE * 9n, `${state.accepted} accepted`).to.equal(true);
    await store.close();
  });

  it("R9: keep what a killed one of them accepted, and get back what it held", async () => {
    const { url, store } = await open();
    const killed = start(url, "3", "holds");
    await until(() => {
      const lines = killed.lines();
      // A tab stays authorised whatever becomes of its request; what a payment holds is given back.
      return lines.includes("held payment") && lines.filter((line) => line.startsWith("accepted")).length >= 30;
    });
    const other = start(url, "4");
    await until(() => other.lines().length > 3);
    killed.child.kill("SIGKILL");
    await killed.exited;
    expect(await other.exited).to.equal(0);

    const held = await readState(store);
    expect(held.accepted <= BALANCE).to.equal(true);
    const before = await sumOfItems(store);
    // Requests that were being served count until their time is over ...
    expect(held.accepted > before).to.equal(true);
    // ... and no longer.
    const acceptor = await openAcceptor(store, NOW + DEFAULT_FLASH_LIMITS.reservationSeconds + 1n);
    const probe = items.find(({ kind }) => kind === "payment");
    if (probe === undefined) throw new Error("no payment");
    await acceptor.accept({ item: fromWire(probe), token: SERVER_TOKEN, price: BALANCE });
    const after = await readState(store);
    expect(after.accepted).to.equal(before);
    expect(after.available).to.equal(BALANCE - before);
    // What the killed one told of is all there.
    const stored = await storedPlaces(store);
    for (const line of killed.lines().filter((told) => told.startsWith("accepted payment"))) {
      expect(stored).to.include(line.split(" ")[2]);
    }
    await store.close();
  });

  it("R11: accept nothing any more once one of them has stopped", async () => {
    const { url, store } = await open();
    const sellers = [start(url, "5"), start(url, "6")];
    await until(() => sellers.every(({ lines }) => lines().some((line) => line.startsWith("accepted"))));
    await store.stop(SHARED, 0n);
    const { accepted } = await readState(store);
    for (const { exited } of sellers) expect(await exited).to.equal(0);
    // Requests that were being served are ended, and none is begun.
    expect((await readState(store)).accepted <= accepted).to.equal(true);
    expect(sellers.every(({ lines }) => lines().includes("refused flash_escrow_closing"))).to.equal(true);
    await store.close();
  });

  async function open(): Promise<{ readonly url: string; readonly store: FlashStore }> {
    const url = await newDatabase();
    const store = await createPostgresFlashStore({ connectionString: url });
    await store.applyChain([OPENED]);
    return { url, store };
  }

  function start(url: string, seed: string, holds?: string) {
    const parameters = [SELLER, url, file, seed, ...(holds === undefined ? [] : [holds])];
    const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const exited = once(child, "close").then(([code]) => code as number | null);
    return { child, exited, lines: () => output.split("\n").slice(0, -1) };
  }
});

const SERVER_TOKEN = SHARED.token;

async function readState(store: FlashStore) {
  const state = await store.getEscrow(SHARED);
  if (state === undefined) throw new Error("the store does not know the escrow");
  return state;
}

/** Payments that were told, and the highest told total of each lane. */
function sumTold(lines: readonly string[]): bigint {
  let sum = 0n;
  const lanes = new Map<string, bigint>();
  for (const line of lines) {
    const [what, kind, place = "", amount = "0"] = line.split(" ");
    if (what !== "accepted") continue;
    if (kind === "payment") sum += BigInt(amount);
    else if (BigInt(amount) > (lanes.get(place) ?? 0n)) lanes.set(place, BigInt(amount));
  }
  for (const total of lanes.values()) sum += total;
  return sum;
}

/** A tab stays authorised when its request is given up, so a lane may stand above what was told. */
async function cancelledTabs(store: FlashStore, lines: readonly string[]): Promise<bigint> {
  let sum = 0n;
  for (const { lane, authorised } of await store.listLanes(SHARED)) {
    const totals = lines.flatMap((line) =>
      line.startsWith(`accepted tab ${lane} `) ? [BigInt(line.split(" ")[3] ?? 0)] : [],
    );
    sum += authorised - largest(0n, ...totals);
  }
  return sum;
}

async function sumOfItems(store: FlashStore): Promise<bigint> {
  return (await store.listUnsettled(SERVER)).reduce((sum, { due }) => sum + due, 0n);
}

async function storedPlaces(store: FlashStore): Promise<readonly string[]> {
  const unsettled = await store.listUnsettled(SERVER);
  return unsettled.flatMap(({ item }) => (item.kind === "payment" ? [String(item.nonce)] : []));
}
