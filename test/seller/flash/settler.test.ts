import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { encodeErrorResult, toFunctionSelector } from "viem";
import { settleTab } from "../../../client/flash/actions/settleTab.ts";
import { settleSignedTransaction } from "../../../client/flash/actions/settleSignedTransaction.ts";
import { flashSettlementAbi } from "../../../client/abi/index.ts";
import { SettlementFailedError } from "../../../client/seller/flash/errors.ts";
import { createSqliteFlashStore } from "../../../client/seller/flash/store/sqlite.ts";
import type { SettleReport } from "../../../client/seller/flash/types.ts";
import { USDC } from "../../base/addresses.ts";
import { rejection } from "../rejection.ts";
import { until } from "../until.ts";
import { deployMarket, openMarket, type Market, type MarketOptions, type Payer } from "./market.ts";

const TOKEN = USDC.toLowerCase() as typeof USDC;

describe("settler of flash", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let payer: Payer;

  before(async () => {
    place = await deployMarket();
  });

  after(async () => {
    await place.base.close();
  });

  const open = async (options: MarketOptions = {}, amount = 1_000n, wallet = 10_000n) => {
    market = await openMarket(place, options);
    payer = await market.payer(wallet + amount);
    await payer.open({ amount });
  };

  afterEach(async () => {
    await market.close();
  });

  const failures = ({ items }: SettleReport) => items.map(({ failure }) => failure);
  const kinds = () => market.progress.map(({ kind }) => kind);

  it("settles payments, a tab and a signed transaction, from the wallet", async () => {
    await open();
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    expect(await market.answer(await payer.payment(101n, 1n))).to.equal("accepted");
    expect(await market.answer(await payer.tab(300n))).to.equal("accepted");
    expect(await market.answer(await payer.transaction(120n, 5n))).to.equal("accepted");
    const report = await market.settler.settleNow();
    expect(failures(report)).to.deep.equal([undefined, undefined, undefined, undefined]);
    expect(report.transactions).to.have.length(2);
    expect([report.fromWallet.get(TOKEN), report.fromEscrow.get(TOKEN)]).to.deep.equal([621n, 0n]);
    expect(await market.income()).to.equal(621n);
    const state = await payer.state();
    expect([state.accepted, state.unsettled, state.available]).to.deep.equal([621n, 0n, 1_000n]);
    expect(kinds()).to.deep.equal(["planned", "sent", "mined", "sent", "mined", "reconciled"]);
    expect(await market.settler.settleNow()).to.deep.include({ transactions: [], items: [] });
  });

  it("notes which transaction settled each item, and none for what a stranger settled", async () => {
    await open();
    for (const item of [await payer.payment(100n, 0n), await payer.tab(300n), await payer.transaction(120n, 5n)]) {
      expect(await market.answer(item)).to.equal("accepted");
    }
    const { escrow } = await payer.state();
    const unsettled = await market.store.listUnsettledOf(escrow);
    await payer.call("settleNumberedPayment", market.server, USDC, 120n, 5n, 0, 0);
    const [batch] = (await market.settler.settleNow()).transactions;
    const found = await Promise.all(unsettled.map(({ item }) => market.store.getItem(escrow, item.digest)));
    expect(new Map(unsettled.map(({ item }, index) => [item.kind, found[index]]))).to.deep.equal(
      new Map<string, unknown>([
        ["payment", { status: "settled", transactionHash: batch }],
        ["transaction", { status: "settled" }],
        ["tab", { status: "settled", transactionHash: batch }],
      ]),
    );
  });

  it("settles a lane again and again", async () => {
    await open();
    for (const total of [100n, 250n, 400n]) {
      expect(await market.answer(await payer.tab(total))).to.equal("accepted");
      expect(failures(await market.settler.settleNow())).to.deep.equal([undefined]);
      expect(await market.income()).to.equal(total);
    }
  });

  it("takes from the escrow what the wallet does not pay, and tells of it (R10)", async () => {
    await open({ settler: { policy: { onFallback: "pause" } } });
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    await payer.approve(60n);
    const report = await market.settler.settleNow();
    expect([report.fromWallet.get(TOKEN), report.fromEscrow.get(TOKEN)]).to.deep.equal([60n, 40n]);
    expect([await market.income(), await market.creditOf(market.server)]).to.deep.equal([100n, 40n]);
    expect(market.progress).to.deep.include({ kind: "impaired", escrow: payer.escrow, epoch: 0n, fromEscrow: 40n });
    expect((await payer.state()).isImpaired).to.equal(true);
    expect(await market.answer(await payer.payment(100n, 1n))).to.equal("flash_exposure_exceeded");
  });

  it("does not take a pause for over when the server starts again, however the wallet failed (R10)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "flash-pause-"));
    const path = join(folder, "flash.sqlite");
    const pausing = { settler: { policy: { onFallback: "pause" } } } as const;
    await open({ ...pausing, store: createSqliteFlashStore({ path }) });
    const { key } = market;
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    await market.chain.sync();
    await payer.drain();
    await market.close();
    // Nobody watches while the client pays out of the escrow by itself.
    await payer.call("settlePayment", market.server, USDC, 40n);
    market = await openMarket(place, { ...pausing, key, store: createSqliteFlashStore({ path }) });
    expect(await market.answer(await payer.payment(100n, 1n))).to.equal("flash_exposure_exceeded");
    await market.close();
    market = await openMarket(place, { ...pausing, key, store: createSqliteFlashStore({ path }) });
    expect(await market.answer(await payer.payment(100n, 1n))).to.equal("flash_exposure_exceeded");
    rmSync(folder, { recursive: true });
  });

  it("has a tab pay for nothing more from the moment it is sent, since everybody can read it", async () => {
    await open();
    const tab = await payer.tab(300n);
    expect(await market.answer(tab)).to.equal("accepted");
    expect(await market.answer(tab)).to.equal("accepted");
    const { testClient } = market.base;
    await testClient.setAutomine(false);
    try {
      const settling = market.settler.settleNow();
      await until(() => kinds().includes("sent"));
      expect(await market.answer(tab)).to.equal("flash_tab_settled");
      await testClient.mine({ blocks: 1 });
      expect(failures(await settling)).to.deep.equal([undefined]);
    } finally {
      await testClient.setAutomine(true);
    }
    expect(await market.answer(tab)).to.equal("flash_tab_settled");
    // What the lane has left is the client's, who can sign one unit more.
    expect(await market.answer(await payer.tab(301n))).to.equal("accepted");
    expect((await payer.state()).unsettled).to.equal(1n);
  });

  it("goes on with a payer whose wallet failed when the policy says so", async () => {
    await open();
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    await payer.approve(0n);
    await market.settler.settleNow();
    expect(await market.answer(await payer.payment(900n, 1n))).to.equal("accepted");
    expect(await market.answer(await payer.payment(100n, 2n))).to.equal("flash_exposure_exceeded");
    await market.settler.settleNow();
    expect(await market.income()).to.equal(1_000n);
  });

  it("counts a settlement only at the depth the server chose", async () => {
    await open({ chain: { confirmations: 3 } });
    await market.base.networkHelpers.mine(3);
    expect(await market.answer(await payer.payment(1_000n, 0n))).to.equal("accepted");
    const settling = market.settler.settleNow();
    await until(() => kinds().includes("mined"));
    await market.chain.sync();
    expect((await payer.state()).unsettled).to.equal(1_000n);
    expect(await market.answer(await payer.payment(100n, 1n))).to.equal("flash_exposure_exceeded");
    await market.base.networkHelpers.mine(3);
    expect(failures(await settling)).to.deep.equal([undefined]);
    expect((await payer.state()).unsettled).to.equal(0n);
    expect(await market.answer(await payer.payment(100n, 1n))).to.equal("accepted");
  });

  it("replaces a transaction that does not land by one with higher fees, and counts it once", async () => {
    await open({ settler: { replaceAfter: 50 } });
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    const { testClient } = market.base;
    await testClient.setAutomine(false);
    try {
      const settling = market.settler.settleNow();
      await until(() => kinds().includes("replaced"));
      await testClient.mine({ blocks: 1 });
      const report = await settling;
      expect(failures(report)).to.deep.equal([undefined]);
      expect(report.transactions).to.have.length(1);
    } finally {
      await testClient.setAutomine(true);
    }
    expect(await market.income()).to.equal(100n);
  });

  it("replaces what a process that was killed has left unmined, and waits for what lands by itself", async () => {
    await open({ settler: { replaceAfter: 200 } });
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    const { testClient, publicClient, actors } = market.base;
    const { maxFeePerGas } = await publicClient.estimateFeesPerGas();
    const left = { to: actors.stranger.address, value: 1n, gas: 21_000n, maxPriorityFeePerGas: 1n };
    await testClient.setAutomine(false);
    try {
      const slow = await market.wallet.sendTransaction({ ...left, maxFeePerGas });
      const settling = market.settler.settleNow();
      await testClient.mine({ blocks: 1 });
      await until(() => kinds().includes("sent"));
      expect(kinds()).not.to.include("stuck");
      await testClient.mine({ blocks: 1 });
      await settling;
      expect((await publicClient.getTransactionReceipt({ hash: slow })).status).to.equal("success");

      expect(await market.answer(await payer.payment(100n, 1n))).to.equal("accepted");
      const nonce = await publicClient.getTransactionCount(market.key);
      // It bids more than is usual.
      const lost = await market.wallet.sendTransaction({ ...left, nonce, maxFeePerGas: 3n * maxFeePerGas });
      await market.wallet.sendTransaction({ ...left, nonce: nonce + 1, maxFeePerGas });
      const again = market.settler.settleNow();
      await until(() => kinds().filter((kind) => kind === "sent").length === 2);
      expect(market.progress).to.deep.include({ kind: "stuck", nonce });
      await testClient.mine({ blocks: 1 });
      expect(failures(await again)).to.deep.equal([undefined]);
      expect(await rejection(publicClient.getTransactionReceipt({ hash: lost }))).to.be.instanceOf(Error);
    } finally {
      await testClient.setAutomine(true);
    }
    expect(await market.income()).to.equal(200n);
  });

  it("settles signed transactions of many payers in one transaction, and what is covered in part alone", async () => {
    await open();
    const other = await market.payer(5_000n);
    await other.open({ amount: 1_000n });
    for (const [who, amount, nonce] of [
      [payer, 700n, 1n],
      [payer, 200n, 2n],
      [other, 300n, 1n],
    ] as const) {
      expect(await market.answer(await who.transaction(amount, nonce))).to.equal("accepted");
    }
    await payer.drain();
    await payer.call("settlePayment", market.server, USDC, 150n);
    const report = await market.settler.settleNow();
    expect(failures(report)).to.deep.equal([undefined, undefined, undefined]);
    // 850 were left for 900: one of the three takes what is there.
    expect(report.transactions).to.have.length(2);
    expect(await market.income()).to.equal(1_300n);
    expect((await payer.state()).unsettled).to.equal(0n);
  });

  it("notes no transaction of its own for what a stranger settled while its bundle was under way", async () => {
    await open();
    for (const nonce of [1n, 2n, 3n]) {
      expect(await market.answer(await payer.transaction(100n + nonce, nonce))).to.equal("accepted");
    }
    const { escrow } = payer;
    const unsettled = await market.store.listUnsettledOf(escrow);
    const { testClient } = market.base;
    await testClient.setAutomine(false);
    let settled: SettleReport | undefined;
    try {
      const stolen = unsettled.find(({ due }) => due === 102n)?.item;
      if (stolen?.kind !== "transaction") throw new Error("no transaction");
      const { stranger } = market.base.wallets;
      const call = { settlement: market.settlement.settlement, rawTransaction: stolen.rawTransaction };
      const settling = market.settler.settleNow();
      await until(() => kinds().includes("sent"));
      await settleSignedTransaction(stranger, {
        ...call,
        allowPartial: false,
        gas: 700_000n,
        maxFeePerGas: 10n ** 12n,
        maxPriorityFeePerGas: 10n ** 11n,
      });
      await testClient.mine({ blocks: 1 });
      settled = await settling;
    } finally {
      await testClient.setAutomine(true);
    }
    expect(failures(settled)).to.deep.equal([undefined, undefined, undefined]);
    const [bundle] = settled.transactions;
    for (const { item, due } of unsettled) {
      const expected = due === 102n ? { status: "settled" } : { status: "settled", transactionHash: bundle };
      expect(await market.store.getItem(escrow, item.digest)).to.deep.equal(expected);
    }
    expect(await market.income()).to.equal(306n);
  });

  it("notes no transaction of its own for a tab and a signed transaction that a stranger settled just before", async () => {
    await open();
    const tab = await payer.tab(300n);
    if (tab.kind !== "tab") throw new Error("no tab");
    expect(await market.answer(tab)).to.equal("accepted");
    expect(await market.answer(await payer.transaction(120n, 5n))).to.equal("accepted");
    const unsettled = await market.store.listUnsettledOf(payer.escrow);
    const signed = unsettled.find(({ due }) => due === 120n)?.item;
    if (signed?.kind !== "transaction") throw new Error("no transaction");
    const { testClient, wallets, networkHelpers } = market.base;
    const how = { settlement: market.settlement.settlement, gas: 700_000n, maxFeePerGas: 10n ** 12n };
    const faster = { ...how, maxPriorityFeePerGas: 10n ** 11n };
    await testClient.setAutomine(false);
    let report: SettleReport;
    try {
      const settling = market.settler.settleNow();
      const land = async (count: number, first: () => Promise<unknown>) => {
        await until(() => kinds().filter((kind) => kind === "sent").length === count);
        await first();
        await networkHelpers.mine();
      };
      const { server, token } = payer.escrow;
      await land(1, () =>
        settleTab(wallets.stranger, { ...faster, tab: { ...tab, server, token }, signature: tab.signature }),
      );
      await land(2, () =>
        settleSignedTransaction(wallets.stranger, {
          ...faster,
          rawTransaction: signed.rawTransaction,
          allowPartial: false,
        }),
      );
      report = await settling;
    } finally {
      await testClient.setAutomine(true);
    }
    expect(failures(report)).to.deep.equal([undefined, undefined]);
    for (const { item } of unsettled) {
      expect((await market.store.getItem(payer.escrow, item.digest))?.transactionHash, item.kind).to.equal(undefined);
    }
    expect(await market.income()).to.equal(420n);
  });

  it("has many signed transactions in one block, so that none waits for the receipts of the others", async () => {
    await open();
    for (const nonce of [1n, 2n, 3n])
      expect(await market.answer(await payer.transaction(100n, nonce))).to.equal("accepted");
    const { testClient } = market.base;
    await testClient.setAutomine(false);
    try {
      const settling = market.settler.settleNow();
      await until(() => kinds().includes("sent"));
      await testClient.mine({ blocks: 1 });
      expect(failures(await settling)).to.deep.equal([undefined, undefined, undefined]);
    } finally {
      await testClient.setAutomine(true);
    }
    expect(await market.income()).to.equal(300n);
  });

  it("settles what a stranger settled before without another word", async () => {
    await open();
    const tab = await payer.tab(300n);
    expect(await market.answer(tab)).to.equal("accepted");
    if (tab.kind !== "tab") throw new Error("no tab");
    const { total, lane, deadline, epoch, signature } = tab;
    const terms = {
      client: payer.account.address,
      server: market.server,
      token: USDC,
      total,
      lane,
      deadline: Number(deadline),
      epoch: Number(epoch),
    };
    await payer.call("settleTab", terms, signature);
    await market.chain.sync();
    expect(await market.settler.settleNow()).to.deep.include({ transactions: [], items: [] });
    expect(await market.income()).to.equal(300n);
  });

  it("gives up what the client's own transaction has paid", async () => {
    await open();
    expect(await market.answer(await payer.transaction(120n, 5n))).to.equal("accepted");
    await payer.call("settleNumberedPayment", market.server, USDC, 120n, 5n, 0, 0);
    const report = await market.settler.settleNow();
    expect([report.transactions, failures(report)]).to.deep.equal([[], [undefined]]);
    expect(await market.income()).to.equal(120n);
  });

  it("tells why an item cannot be settled, and gives up what nothing can come of", async () => {
    await open();
    const deadline = market.now() + 700n;
    expect(await market.answer(await payer.payment(100n, 0n, { deadline }))).to.equal("accepted");
    expect(await market.answer(await payer.payment(101n, 1n))).to.equal("accepted");
    // The server sees no newer block than the one before the deadline passed.
    await market.base.networkHelpers.time.increase(800);
    const { report } = (await rejection(market.settler.settleNow())) as SettlementFailedError;
    expect(failures(report).toSorted()).to.deep.equal(["Expired", undefined]);
    expect(kinds()).to.include("lost");
    expect(await market.income()).to.equal(101n);
    expect(await market.settler.settleNow()).to.deep.include({ items: [] });
  });

  it("does not give up an item because a node that is behind knows no such escrow", async () => {
    await open();
    expect(await market.answer(await payer.transaction(120n, 5n))).to.equal("accepted");
    const call = toFunctionSelector("settleSignedTransaction(bytes,bool)");
    market.node.intercept = (method, params) => {
      const [{ data = "" } = {}] = (params ?? []) as readonly { readonly data?: string }[];
      if (method !== "eth_call" || !data.startsWith(call)) return undefined;
      const revert = encodeErrorResult({ abi: flashSettlementAbi, errorName: "NoEscrow" });
      throw Object.assign(new Error("execution reverted"), { code: 3, data: revert });
    };
    const { report } = (await rejection(market.settler.settleNow())) as SettlementFailedError;
    expect(failures(report)).to.deep.equal(["NoEscrow"]);
    expect(kinds()).not.to.include("lost");
    market.node.intercept = undefined;
    expect(failures(await market.settler.settleNow())).to.deep.equal([undefined]);
    expect(await market.income()).to.equal(120n);
  });

  it("tells what was lost with its epoch, once the chain shows that at the depth the server chose", async () => {
    await open({ chain: { confirmations: 3 } });
    await market.base.networkHelpers.mine(3);
    expect(await market.answer(await payer.transaction(120n, 5n))).to.equal("accepted");
    await payer.call("closeEscrow", payer.account.address, market.server, USDC, 0);
    await market.advance(3_600n);
    await payer.call("finalizeClose", payer.account.address, market.server, USDC);
    const { report } = (await rejection(market.settler.settleNow())) as SettlementFailedError;
    expect(failures(report)).to.deep.equal(["NoEscrow"]);
    expect(kinds()).not.to.include("lost");
    await market.base.networkHelpers.mine(3);
    await market.chain.sync();
    expect(await market.settler.settleNow()).to.deep.include({ items: [] });
    expect(kinds().filter((kind) => kind === "lost")).to.have.length(1);
  });

  it("says so when its account may not settle payments, and tries again", async () => {
    await open({ settler: { wallet: place.base.wallets.stranger } });
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    expect(await market.answer(await payer.tab(100n))).to.equal("accepted");
    const { report } = (await rejection(market.settler.settleNow())) as SettlementFailedError;
    expect(failures(report)).to.deep.equal(["NotServer", undefined]);
    expect(await market.income()).to.equal(100n);
    expect(kinds()).not.to.include("lost");
    // By now a quote says the same, so that no gas is spent on it.
    const again = (await rejection(market.settler.settleNow())) as SettlementFailedError;
    expect([failures(again.report), again.report.transactions]).to.deep.equal([["NotServer"], []]);
  });

  it("tries with more gas after too little of it", async () => {
    await open({ settler: { gas: { reserve: 150_000n, groupLimit: 10_000n } } });
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    const { report } = (await rejection(market.settler.settleNow())) as SettlementFailedError;
    expect(failures(report)).to.deep.equal(["Reverted"]);
    expect(await market.income()).to.equal(0n);
    // Twice the gas may still be too little; three times twice is not.
    for (let attempt = 0; (await market.income()) === 0n && attempt < 3; attempt += 1) {
      await market.settler.settleNow().catch((error: unknown) => {
        if (!(error instanceof SettlementFailedError)) throw error;
      });
    }
    expect(await market.income()).to.equal(100n);
  });

  describe("when it settles", () => {
    const due = async () => (await market.settler.settleDue()).items.map(({ reason }) => reason);

    it("waits until half of the escrow is used", async () => {
      await open();
      await market.answer(await payer.payment(499n, 0n));
      expect(await due()).to.deep.equal([]);
      await market.answer(await payer.payment(100n, 1n));
      expect(await due()).to.deep.equal(["exposure", "exposure"]);
    });

    it("waits until an item is old", async () => {
      await open();
      await market.answer(await payer.payment(100n, 0n));
      await market.advance(299n);
      expect(await due()).to.deep.equal([]);
      await market.advance(2n);
      expect(await due()).to.deep.equal(["age"]);
    });

    it("waits until twice T before a deadline", async () => {
      await open();
      await market.answer(await payer.payment(100n, 0n, { deadline: market.now() + 1_210n }));
      expect(await due()).to.deep.equal([]);
      await market.advance(20n);
      expect(await due()).to.deep.equal(["deadline"]);
    });

    it("waits until twice T before the escrow unlocks", async () => {
      market = await openMarket(place);
      payer = await market.payer(10_000n);
      await payer.open({ amount: 1_000n, ttlSeconds: 1_220n, closeDelay: 1_000n });
      await market.answer(await payer.payment(100n, 0n));
      expect(await due()).to.deep.equal([]);
      await market.advance(30n);
      expect(await due()).to.deep.equal(["unlock"]);
    });

    it("settles as soon as the client closes", async () => {
      await open();
      await market.answer(await payer.payment(100n, 0n));
      market.chain.start();
      market.settler.start();
      await payer.call("closeEscrow", payer.account.address, market.server, USDC, 0);
      await until(() => kinds().includes("reconciled"));
      expect(await market.income()).to.equal(100n);
      const step = market.progress.find(({ kind }) => kind === "reconciled");
      expect(step?.kind === "reconciled" && step.report.items.map(({ reason }) => reason)).to.deep.equal(["closing"]);
    });

    it("settles everything before it stops", async () => {
      await open();
      await market.answer(await payer.payment(100n, 0n));
      market.settler.start();
      await market.settler.stop({ settle: true });
      expect(await market.income()).to.equal(100n);
    });
  });

  it("splits what does not fit one transaction", async () => {
    await open({ settler: { gas: { transactionLimit: 800_000n } } }, 10_000n);
    for (let nonce = 0n; nonce < 12n; nonce += 1n) {
      expect(await market.answer(await payer.payment(100n, nonce))).to.equal("accepted");
    }
    const report = await market.settler.settleNow();
    expect(report.transactions.length).to.be.greaterThan(1);
    expect(await market.income()).to.equal(1_200n);
  });
});
