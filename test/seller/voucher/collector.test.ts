import { until } from "../until.ts";
import { rejection } from "../rejection.ts";
import { expect } from "chai";
import type { Address, Hex, PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import type { CollectPolicy } from "../../../client/seller/voucher/collect/plan.ts";
import { ChainUnavailableError } from "../../../client/seller/core/errors.ts";
import { CollectionFailedError } from "../../../client/seller/voucher/errors.ts";
import { DEFAULT_LANE } from "../../../client/voucher/types.ts";
import type { CollectReport } from "../../../client/seller/voucher/collect/types.ts";
import { authorizeSigner } from "../../../client/voucher/actions/authorizeSigner.ts";
import { collect } from "../../../client/voucher/actions/collect.ts";
import { release } from "../../../client/voucher/actions/release.ts";
import { revokeSigner } from "../../../client/voucher/actions/revokeSigner.ts";
import { thaw } from "../../../client/voucher/actions/thaw.ts";
import { InvalidSignatureError } from "../../../client/voucher/errors.ts";
import { signVoucher } from "../../../client/voucher/sign.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { laneId } from "./fixtures.ts";
import { deployMarket, openMarket, type Market, type MarketOptions } from "./market.ts";

const DAY = 86_400n;

describe("collector", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let buyer: PrivateKeyAccount;

  before(async () => {
    place = await deployMarket();
  });

  after(async () => {
    await place.base.close();
  });

  const open = async (options: MarketOptions = {}): Promise<void> => {
    await market.close();
    market = await openMarket(place, options);
    buyer = await newBuyer();
  };

  const withPolicy = (policy: CollectPolicy) => open({ collector: { policy } });

  const newBuyer = async (amount = 1_000n): Promise<PrivateKeyAccount> => {
    const account = privateKeyToAccount(generatePrivateKey());
    await market.fund(account, amount);
    return account;
  };

  const send = async (hash: Promise<Hex>): Promise<void> => {
    await mined(market.base.publicClient, await hash);
  };

  const earned = async (work: () => Promise<unknown>): Promise<bigint> => {
    const seller = market.acceptor.seller;
    const before = await market.usdcOf(seller);
    await work();
    return (await market.usdcOf(seller)) - before;
  };

  const reasons = ({ lanes }: CollectReport) => lanes.map(({ reason }) => reason);

  beforeEach(async () => {
    market = await openMarket(place);
    buyer = await newBuyer();
  });

  afterEach(async () => {
    await market.close();
  });

  describe("what it takes", () => {
    it("takes what was charged, never the ceiling by itself", async () => {
      await market.pay(buyer, market.voucher(buyer.address, { valueAggregate: 900n }), 100n, 40n);
      expect(await earned(() => market.collector.collectNow())).to.equal(40n);
      expect(await market.collected(buyer.address)).to.equal(40n);
    });

    it("collects many buyers and lanes in one transaction with one payment", async () => {
      const others = await Promise.all([newBuyer(), newBuyer(), newBuyer()]);
      for (const each of [buyer, ...others]) await market.pay(each, market.voucher(each.address));
      await market.pay(buyer, market.voucher(buyer.address, { id: laneId("other"), valueAggregate: 250n }), 250n);
      let report: CollectReport | undefined;
      const paid = await earned(async () => {
        report = await market.collector.collectNow();
      });
      expect(paid).to.equal(650n);
      expect(report?.transactions).to.have.length(1);
      expect(report?.collected).to.deep.equal(new Map([[USDC.toLowerCase(), 650n]]));
      expect(report?.lanes.map(({ failure }) => failure)).to.deep.equal(Array(5).fill(undefined));
      expect(await market.collected(buyer.address, laneId("other"))).to.equal(250n);
    });

    it("takes the increment the next time", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      await market.collector.collectNow();
      await market.pay(buyer, market.voucher(buyer.address, { nonce: 1n, valueAggregate: 170n }), 70n);
      expect(await earned(() => market.collector.collectNow())).to.equal(70n);
    });

    it("sends nothing when nothing is uncollected", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      await market.collector.collectNow();
      expect((await market.collector.collectNow()).transactions).to.deep.equal([]);
    });

    it("splits a collection below the gas limit", async () => {
      await open({ collector: { gas: { transactionLimit: 320_000n } } });
      const buyers = [buyer, ...(await Promise.all([newBuyer(), newBuyer(), newBuyer(), newBuyer()]))];
      for (const each of buyers) await market.pay(each, market.voucher(each.address));
      let report: CollectReport | undefined;
      const paid = await earned(async () => {
        report = await market.collector.collectNow();
      });
      expect(paid).to.equal(500n);
      expect(report?.transactions.length).to.be.greaterThan(1);
      for (const hash of report?.transactions ?? []) {
        const { gas } = await market.base.publicClient.getTransaction({ hash });
        expect(Number(gas)).to.be.at.most(320_000);
      }
    });

    it("takes vouchers of session signers", async () => {
      const session = privateKeyToAccount(generatePrivateKey());
      const validUntil = market.now() + 30n * DAY;
      await send(authorizeSigner(market.base.walletOf(buyer), { ...escrowOf(), signer: session.address, validUntil }));
      await market.pay(session, market.voucher(buyer.address));
      expect(await earned(() => market.collector.collectNow())).to.equal(100n);
    });
  });

  describe("when it is due", () => {
    const due = async () => reasons(await market.collector.collectDue());

    for (const [value, expected] of [
      [101n, []],
      [100n, ["value"]],
    ] as const) {
      it(`collects ${expected.length} lanes with 100 uncollected and a value of ${value} wanted`, async () => {
        await withPolicy({ minValue: () => value });
        await market.pay(buyer, market.voucher(buyer.address));
        expect(await due()).to.deep.equal(expected);
      });
    }

    for (const [multiple, expected] of [
      [11n, []],
      [10n, ["value"]],
    ] as const) {
      it(`collects ${expected.length} lanes worth 10 times their gas when ${multiple} times are wanted`, async () => {
        // The lane's own row costs less than the whole, so it is worth while either way.
        let total = 0n;
        const priceGas = (_asset: Hex, wei: bigint): bigint => {
          total = wei > total ? wei : total;
          return (wei * 10n) / total;
        };
        await withPolicy({ gasMultiple: multiple, priceGas });
        priceGas(USDC, (60_000n + 13_000n) * (await market.base.publicClient.getGasPrice()));
        await market.pay(buyer, market.voucher(buyer.address));
        expect(await due()).to.deep.equal(expected);
      });
    }

    it("leaves alone what is worth less than its own gas, however urgent", async () => {
      await withPolicy({ priceGas: () => 100n, maxAge: 0n, minValue: () => 1n });
      await market.pay(buyer, market.voucher(buyer.address));
      expect(await due()).to.deep.equal([]);
      await market.pay(buyer, market.voucher(buyer.address, { nonce: 1n, valueAggregate: 101n }), 1n);
      expect(await due()).to.deep.equal(["age"]);
    });

    for (const [seconds, expected] of [
      [3_599n, []],
      [3_600n, ["age"]],
    ] as const) {
      it(`collects ${expected.length} lanes ${seconds} seconds after the first charge when 3600 are allowed`, async () => {
        await withPolicy({ maxAge: 3_600n });
        await market.pay(buyer, market.voucher(buyer.address));
        market.passTime(seconds);
        expect(await due()).to.deep.equal(expected);
      });
    }

    it("collects after a day when nothing else is said", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      expect(await due()).to.deep.equal([]);
      market.passTime(DAY);
      expect(await due()).to.deep.equal(["age"]);
    });

    it("collects before a voucher expires", async () => {
      await withPolicy({ maxAge: 100n * DAY });
      await market.pay(buyer, market.voucher(buyer.address, { expiry: market.now() + 2n * DAY }));
      market.passTime(DAY + DAY / 2n - 3_601n);
      expect(await due()).to.deep.equal([]);
      market.passTime(1n);
      expect(await due()).to.deep.equal(["expiry"]);
    });

    it("collects at once when a session signer was revoked", async () => {
      const session = privateKeyToAccount(generatePrivateKey());
      const wallet = market.base.walletOf(buyer);
      const validUntil = market.now() + 30n * DAY;
      await send(authorizeSigner(wallet, { ...escrowOf(), signer: session.address, validUntil }));
      await market.pay(session, market.voucher(buyer.address));
      expect(await due()).to.deep.equal([]);
      await send(revokeSigner(wallet, { ...escrowOf(), signer: session.address }));
      await market.chainView.sync();
      expect(await due()).to.deep.equal(["signer"]);
    });

    it("collects at once when a thaw reaches into what is uncollected, and not for other thaws", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      const wallet = market.base.walletOf(buyer);
      await send(thaw(wallet, { ...escrowOf(), seller: market.acceptor.seller, asset: USDC, amount: 900n }));
      await market.chainView.sync();
      expect(await due()).to.deep.equal([]);
      await send(thaw(wallet, { ...escrowOf(), seller: market.acceptor.seller, asset: USDC, amount: 1n }));
      await market.chainView.sync();
      expect(await due()).to.deep.equal(["thaw"]);
    });
  });

  describe("while it runs", () => {
    it("collects by itself when a buyer thaws, before anything can be withdrawn", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      market.chainView.start();
      market.collector.start();
      await send(
        thaw(market.base.walletOf(buyer), {
          ...escrowOf(),
          seller: market.acceptor.seller,
          asset: USDC,
          amount: 1_000n,
        }),
      );
      await until(async () => (await market.collected(buyer.address)) === 100n);
    });

    it("collects everything when it is stopped with that wish", async () => {
      market.collector.start();
      await market.pay(buyer, market.voucher(buyer.address));
      expect(await earned(() => market.collector.stop({ collect: true }))).to.equal(100n);
    });

    it("tries again while the node does not answer, and tells", async () => {
      await open({ collector: { policy: { maxAge: 0n }, pollingInterval: 5, receiptTimeout: 50 } });
      await market.pay(buyer, market.voucher(buyer.address));
      market.node.intercept = () => {
        throw new Error("no answer");
      };
      market.collector.start();
      await until(() => failures().length >= 2);
      expect(failures()[0]?.error).to.be.instanceOf(ChainUnavailableError);
      market.node.intercept = undefined;
      await until(async () => (await uncollected()).length === 0);
      expect(await market.collected(buyer.address)).to.equal(100n);
    });

    it("pays once for a collection whose receipt was late", async () => {
      await open({ collector: { policy: { maxAge: 0n }, pollingInterval: 5, receiptTimeout: 50 } });
      await market.pay(buyer, market.voucher(buyer.address));
      market.node.intercept = (method) => (method === "eth_getTransactionReceipt" ? null : undefined);
      market.collector.start();
      await until(() => failures().length >= 1);
      market.node.intercept = undefined;
      await until(async () => (await uncollected()).length === 0);
      expect(market.progress.filter(({ kind }) => kind === "sent")).to.have.length(1);
    });

    it("stops at once when it is told not to wait", async () => {
      await open({ collector: { policy: { maxAge: 0n } } });
      await market.pay(buyer, market.voucher(buyer.address));
      market.node.intercept = (method) => (method === "eth_getTransactionReceipt" ? null : undefined);
      market.collector.start();
      await until(() => market.progress.some(({ kind }) => kind === "sent"));
      await market.collector.stop({ signal: AbortSignal.timeout(20) });
      market.node.intercept = undefined;
    });

    it("gives up when its caller does", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      const signal = AbortSignal.abort(new Error("no time"));
      expect(await rejection(market.collector.collectNow({ signal }))).to.have.property("message", "no time");
      expect(await market.collected(buyer.address)).to.equal(0n);
    });

    it("reports its progress", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      await market.collector.collectNow();
      expect(market.progress.map(({ kind }) => kind)).to.deep.equal(["planned", "sent", "mined", "reconciled"]);
    });
  });

  describe("against a hostile or broken world", () => {
    it("is content when somebody else collected first", async () => {
      const promised = market.voucher(buyer.address, { valueAggregate: 300n });
      await market.pay(buyer, promised, 100n);
      const signature = await signVoucher(buyer, promised);
      await send(collect(market.base.wallets.stranger, { ...escrowOf(), voucher: promised, signature }));
      const report = await market.collector.collectNow();
      expect(report.lanes.map(({ failure, collected }) => [failure, collected])).to.deep.equal([[undefined, 300n]]);
      expect(await uncollected()).to.deep.equal([]);
    });

    it("believes the chain and not its own receipt", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      const snapshot = await market.base.networkHelpers.takeSnapshot();
      await market.collector.collectNow();
      await snapshot.restore();
      await market.base.networkHelpers.mine(3);
      await market.chainView.sync();
      expect(await market.collected(buyer.address)).to.equal(0n);
      expect(await earned(() => market.collector.collectNow())).to.equal(100n);
    });

    it("waits for the confirmations the seller chose before it believes", async () => {
      await open({ chainView: { confirmations: 2 } });
      await market.base.networkHelpers.mine(2);
      await market.pay(buyer, market.voucher(buyer.address));
      let isDone = false;
      const collecting = market.collector.collectNow().then(() => {
        isDone = true;
      });
      await until(() => market.progress.some(({ kind }) => kind === "mined"));
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(isDone).to.equal(false);
      await market.base.networkHelpers.mine(2);
      await collecting;
    });

    it("loses nothing to a token that refuses to pay for a while", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      const pauser = market.base.wallets.usdcPauser;
      await send(pauser.writeContract({ address: USDC, abi: PAUSABLE, functionName: "pause" }));
      const error = await rejection(market.collector.collectNow());
      expect(error).to.be.instanceOf(CollectionFailedError);
      expect((error as CollectionFailedError).report.lanes[0]?.failure).to.equal("GroupFailed");
      await send(pauser.writeContract({ address: USDC, abi: PAUSABLE, functionName: "unpause" }));
      expect(await earned(() => market.collector.collectNow())).to.equal(100n);
    });

    it("gives more gas after a group ran out of it", async () => {
      await open({ collector: { gas: { groupLimit: 35_000n, rowLimit: 1_000n } } });
      await market.pay(buyer, market.voucher(buyer.address));
      const error = await rejection(market.collector.collectNow());
      expect((error as CollectionFailedError).report.lanes[0]?.failure).to.equal("GroupFailed");
      expect(await earned(() => untilCollected())).to.equal(100n);
    });

    it("says how much is missing when the account holds too little", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      const terms = { ...escrowOf(), asset: USDC, buyer: buyer.address, id: DEFAULT_LANE, collectedAtLeast: 0n };
      await send(release(market.base.wallets.seller, { ...terms, amount: 940n }));
      const error = await rejection(market.collector.collectNow());
      const [lane] = (error as CollectionFailedError).report.lanes;
      expect([lane?.collected, lane?.failure]).to.deep.equal([60n, "Partial"]);
      const second = await rejection(market.collector.collectNow());
      expect((second as CollectionFailedError).report.lanes[0]?.failure).to.equal("NoBalance");
    });

    it("gives up a voucher that has expired, says so once, and sends nothing for it", async () => {
      await market.pay(buyer, market.voucher(buyer.address, { expiry: market.now() + 2n * DAY }));
      await market.advance(3n * DAY);
      await market.chainView.sync();
      for (let count = 0; count < 3; count += 1) await market.collector.collectDue();
      expect(market.progress.map(({ kind }) => kind)).to.deep.equal(["lost"]);
      const [lost] = lostLanes();
      expect([lost?.lane.buyer, lost?.uncollected, lost?.failure]).to.deep.equal([
        buyer.address.toLowerCase(),
        100n,
        "Expired",
      ]);
      expect((await market.collector.collectNow()).transactions).to.deep.equal([]);
    });

    it("names what it gives up when it is to collect everything", async () => {
      await market.pay(buyer, market.voucher(buyer.address, { expiry: market.now() + 2n * DAY }));
      await market.advance(3n * DAY);
      await market.chainView.sync();
      const error = await rejection(market.collector.collectNow());
      expect((error as CollectionFailedError).report.lanes.map(({ failure }) => failure)).to.deep.equal(["Expired"]);
      expect((await market.collector.collectNow()).lanes).to.deep.equal([]);
    });

    it("gives nothing up for a clock that is fast", async () => {
      await market.pay(buyer, market.voucher(buyer.address, { expiry: market.now() + 2n * DAY }));
      market.passTime(3n * DAY);
      expect(await earned(() => market.collector.collectDue())).to.equal(100n);
    });

    it("collects an expired voucher's charges by the next one of its lane", async () => {
      await market.pay(buyer, market.voucher(buyer.address, { expiry: market.now() + 2n * DAY }));
      await market.advance(3n * DAY);
      await market.chainView.sync();
      await market.collector.collectDue();
      await market.pay(buyer, market.voucher(buyer.address, { nonce: 1n, valueAggregate: 200n }));
      expect(await earned(() => market.collector.collectNow())).to.equal(200n);
    });

    it("gives up a session signer's voucher once the signer has ended", async () => {
      const session = privateKeyToAccount(generatePrivateKey());
      const terms = { ...escrowOf(), signer: session.address, validUntil: market.now() + 2n * DAY };
      await send(authorizeSigner(market.base.walletOf(buyer), terms));
      await market.pay(session, market.voucher(buyer.address));
      await market.advance(3n * DAY);
      await market.chainView.sync();
      for (let count = 0; count < 3; count += 1) await market.collector.collectDue();
      expect(market.progress.map(({ kind }) => kind)).to.deep.equal(["lost"]);
      expect(lostLanes().map(({ reason, failure }) => [reason, failure])).to.deep.equal([["signer", "BadSignature"]]);
    });

    it("does not count as lost what was paid for in advance in another lane", async () => {
      const ahead = market.voucher(buyer.address, { id: laneId("ahead"), valueAggregate: 500n });
      await market.pay(buyer, ahead, 100n);
      await market.pay(buyer, market.voucher(buyer.address, { expiry: market.now() + 2n * DAY }));
      const signature = await signVoucher(buyer, ahead);
      await send(collect(market.base.wallets.stranger, { ...escrowOf(), voucher: ahead, signature }));
      await market.advance(3n * DAY);
      await market.chainView.sync();
      await market.collector.collectDue();
      expect(lostLanes()).to.deep.equal([]);
    });

    it("keeps what it knows when sending fails half-way", async () => {
      await open({ collector: { gas: { transactionLimit: 300_000n }, wallet: failingWallet(1) } });
      const other = await newBuyer();
      for (const each of [buyer, other]) await market.pay(each, market.voucher(each.address));
      expect(await rejection(market.collector.collectNow())).to.have.property("message", "the relayer is broke");
      const sent = () => market.progress.filter((step) => step.kind === "sent").map(({ lanes }) => lanes);
      expect(sent()).to.deep.equal([1]);
      expect(await earned(() => market.collector.collectNow())).to.equal(100n);
    });
  });

  describe("contract wallets", () => {
    const ownedWallet = async () => {
      const { address: wallet } = await market.base.viem.deployContract("OwnedWallet", [buyer.address]);
      await market.depositFor(wallet, 1_000n);
      return wallet;
    };
    /** Gives a wallet another owner: what it signed before counts no more. */
    const rotate = async (wallet: Address) => {
      const { abi } = await market.base.viem.getContractAt("OwnedWallet", wallet);
      const newOwner = market.base.actors.stranger.address;
      const call = { address: wallet, abi, functionName: "rotate", args: [newOwner] } as const;
      await send(market.base.wallets.stranger.writeContract(call));
    };
    /** Needs more gas to check a signature than a batch gives to one. */
    const thirstyWallet = async () => {
      const { address: wallet } = await market.base.viem.deployContract("GasBurningWallet", [150_000n]);
      await market.depositFor(wallet, 1_000n);
      return wallet;
    };

    beforeEach(async () => {
      await open({ acceptor: { limits: { allowsContractWallets: true } } });
    });

    it("are collected as wide rows", async () => {
      const wallet = await ownedWallet();
      await market.pay(buyer, market.voucher(wallet));
      expect(await earned(() => market.collector.collectNow())).to.equal(100n);
    });

    it("that need more gas than a batch gives are collected alone", async () => {
      const wallet = await thirstyWallet();
      await market.pay(buyer, market.voucher(wallet));
      let report: CollectReport | undefined;
      const paid = await earned(async () => {
        report = await market.collector.collectNow();
      });
      expect(paid).to.equal(100n);
      expect(report?.transactions).to.have.length(2);
    });

    it("that have un-signed are tried less and less, and hold up nobody", async () => {
      await market.close();
      market = await openMarket(place, {
        acceptor: { limits: { allowsContractWallets: true } },
        collector: { policy: { maxAge: 0n }, pollingInterval: 5 },
      });
      const wallet = await ownedWallet();
      await market.pay(buyer, market.voucher(wallet));
      await rotate(wallet);
      market.collector.start();
      await until(() => failures().length === 1);
      expect(failures()[0]?.retryInMilliseconds).to.equal(30_000);
      const error = failures()[0]?.error as CollectionFailedError;
      expect(error.report.lanes[0]?.error).to.be.instanceOf(InvalidSignatureError);

      const other = await newBuyer();
      await market.pay(other, market.voucher(other.address));
      await until(async () => (await market.collected(other.address)) === 100n);
      expect(failures()).to.have.length(1);

      market.passTime(30n);
      await until(() => failures().length === 2);
      expect(failures()[1]?.retryInMilliseconds).to.equal(60_000);
      const sent = market.progress.flatMap((step) => (step.kind === "sent" ? step.lanes : []));
      expect(sent).to.deep.equal([1, 1, 1]);
    });

    it("that need more gas are never asked for more than was charged", async () => {
      const wallet = await thirstyWallet();
      await market.pay(buyer, market.voucher(wallet), 100n, 60n);
      const error = await rejection(market.collector.collectNow());
      expect((error as CollectionFailedError).report.lanes[0]?.failure).to.equal("BadSignature");
      expect(await market.collected(wallet)).to.equal(0n);
    });
  });

  const escrowOf = () => ({ escrow: market.escrow.escrow });

  const uncollected = () =>
    market.store.listLanes({ ...market.escrow, seller: market.acceptor.seller, onlyUncollected: true });

  const lostLanes = () => market.progress.flatMap((step) => (step.kind === "lost" ? step.lane : []));

  const failures = () => market.progress.filter((step) => step.kind === "failed");

  const untilCollected = async (): Promise<void> => {
    for (let attempt = 0; attempt < 6; attempt += 1) {
      try {
        await market.collector.collectNow();
        return;
      } catch (error) {
        if (!(error instanceof CollectionFailedError)) throw error;
      }
    }
  };

  /** The relayer's wallet, which fails once after some transactions. */
  const failingWallet = (good: number) => {
    let left = good;
    const { relayer } = market.base.wallets;
    return {
      ...relayer,
      writeContract: (async (parameters) => {
        left -= 1;
        if (left === -1) throw new Error("the relayer is broke");
        return relayer.writeContract(parameters);
      }) as typeof relayer.writeContract,
    };
  };
});

const PAUSABLE = [
  { type: "function", name: "pause", stateMutability: "nonpayable", inputs: [], outputs: [] },
  { type: "function", name: "unpause", stateMutability: "nonpayable", inputs: [], outputs: [] },
] as const;
