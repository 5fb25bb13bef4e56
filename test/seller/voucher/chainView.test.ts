import { until } from "../until.ts";
import { rejection } from "../rejection.ts";
import { expect } from "chai";
import type { Hex, PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createChainView, type ChainViewOptions } from "../../../client/seller/voucher/chainView.ts";
import { ChainBusyError, ChainUnavailableError, WrongChainError } from "../../../client/seller/core/errors.ts";
import { DEFAULT_LANE } from "../../../client/voucher/types.ts";
import type { ChainAlert, ChainView } from "../../../client/seller/voucher/chain/types.ts";
import { cancelThaw } from "../../../client/voucher/actions/cancelThaw.ts";
import { collectBatch } from "../../../client/voucher/actions/collectBatch.ts";
import { collectMany } from "../../../client/voucher/actions/collectMany.ts";
import { release } from "../../../client/voucher/actions/release.ts";
import { thaw } from "../../../client/voucher/actions/thaw.ts";
import { withdraw } from "../../../client/voucher/actions/withdraw.ts";
import { buildGroups } from "../../../client/voucher/pack.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { address, laneId } from "./fixtures.ts";
import { deployMarket, openMarket, type Market } from "./market.ts";

const DAY = 86_400;

describe("view of the chain", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let buyer: PrivateKeyAccount;

  beforeEach(async () => {
    place = await deployMarket();
    market = await openMarket(place);
    buyer = privateKeyToAccount(generatePrivateKey());
    await market.fund(buyer, 1_000n);
    await market.chainView.refreshAccount({ account: market.account(buyer.address) });
    await market.chainView.sync();
  });

  afterEach(async () => {
    await market.close();
    await place.base.close();
  });

  const send = async (hash: Promise<Hex>): Promise<void> => {
    await mined(market.base.publicClient, await hash);
  };
  const account = () => market.store.getAccount(market.account(buyer.address));
  const escrowOf = () => ({ escrow: market.escrow.escrow, asset: USDC });
  const withSeller = () => ({ ...escrowOf(), seller: market.acceptor.seller });

  /** A second view on the same store, as after a restart. */
  const view = (options: Partial<ChainViewOptions> = {}): ChainView =>
    createChainView({
      client: market.node.client,
      escrow: market.escrow,
      seller: market.acceptor.seller,
      store: market.store,
      confirmations: 0,
      pollingInterval: 10,
      ...options,
    });

  describe("what it sees", () => {
    it("a deposit by anybody", async () => {
      await topUp(70n);
      await market.chainView.sync();
      expect((await account())?.balance).to.equal(1_070n);
    });

    it("a thaw, its end and its withdrawal", async () => {
      const alerts: ChainAlert[] = [];
      market.chainView.onAlert((alert) => alerts.push(alert));
      const wallet = market.base.walletOf(buyer);
      await send(thaw(wallet, { ...withSeller(), amount: 400n }));
      await market.chainView.sync();
      const thawing = await account();
      expect([thawing?.balance, thawing?.thawing, thawing?.spendable]).to.deep.equal([1_000n, 400n, 600n]);
      expect(alerts).to.deep.equal([{ kind: "thaw", account: thawing?.account, thawEndTime: thawing?.thawEndTime }]);
      await send(cancelThaw(wallet, withSeller()));
      await market.chainView.sync();
      expect((await account())?.spendable).to.equal(1_000n);
      await send(thaw(wallet, { ...withSeller(), amount: 400n }));
      await market.base.networkHelpers.time.increase(DAY);
      await send(withdraw(wallet, withSeller()));
      await market.chainView.sync();
      const withdrawn = await account();
      expect([withdrawn?.balance, withdrawn?.thawing]).to.deep.equal([600n, 0n]);
    });

    it("collections of rows, of other lanes and of single vouchers, by whomever", async () => {
      const lanes = [DEFAULT_LANE, laneId("wide"), laneId("single")];
      const payments = await Promise.all(
        lanes.map(async (id) => market.payment(buyer, market.voucher(buyer.address, { id }))),
      );
      for (const { voucher } of payments) await market.pay(buyer, voucher);
      await send(
        collectBatch(market.base.wallets.stranger, { ...escrowOf(), groups: buildGroups(payments.slice(0, 2)) }),
      );
      await send(collectMany(market.base.wallets.stranger, { ...escrowOf(), vouchers: payments.slice(2) }));
      await market.chainView.sync();
      const states = await market.store.listLanesOf(market.account(buyer.address));
      expect(states.map(({ collected }) => collected)).to.deep.equal([100n, 100n, 100n]);
      expect((await account())?.spendable).to.equal(700n);
    });

    it("a release the seller made itself", async () => {
      const terms = { ...escrowOf(), buyer: buyer.address, id: DEFAULT_LANE, collectedAtLeast: 0n, amount: 300n };
      await send(release(market.base.wallets.seller, terms));
      await market.chainView.sync();
      expect((await account())?.balance).to.equal(700n);
    });

    it("nothing of accounts the store does not know", async () => {
      const other = privateKeyToAccount(generatePrivateKey());
      await market.fund(other, 10n);
      await market.chainView.sync();
      expect(await market.store.getAccount(market.account(other.address))).to.equal(undefined);
    });
  });

  describe("how it asks", () => {
    it("scans in ranges the node allows", async () => {
      const second = view({ maxBlockRange: 3n });
      await second.sync();
      for (let index = 0; index < 10; index += 1) await market.base.networkHelpers.mine(1);
      await topUp(70n);
      market.node.forget();
      const ranges: string[] = [];
      market.node.intercept = (method, params) => {
        if (method === "eth_getLogs") ranges.push(JSON.stringify(params));
        return undefined;
      };
      await second.sync();
      const sizes = ranges.map((range) => {
        const { fromBlock, toBlock } = (JSON.parse(range) as { fromBlock: string; toBlock: string }[])[0] ?? {};
        return Number(toBlock) - Number(fromBlock) + 1;
      });
      expect(Math.max(...sizes)).to.equal(3);
      expect((await account())?.balance).to.equal(1_070n);
    });

    it("reads every account again after a pause too long to scan", async () => {
      await topUp(70n);
      for (let index = 0; index < 5; index += 1) await market.base.networkHelpers.mine(1);
      market.node.forget();
      await view({ maxScan: 5n }).sync();
      expect(market.node.methods).to.not.include("eth_getLogs");
      expect((await account())?.balance).to.equal(1_070n);
    });

    it("goes on after a restart where it stopped", async () => {
      await topUp(70n);
      const second = view();
      expect(second.lastSyncedBlock).to.equal(undefined);
      await second.sync();
      expect((await account())?.balance).to.equal(1_070n);
    });

    it("works where there is no Multicall3", async () => {
      await topUp(70n);
      await view({ multicallAddress: undefined }).sync();
      expect((await account())?.balance).to.equal(1_070n);
    });

    it("splits many values over several calls", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      await market.pay(buyer, market.voucher(buyer.address, { id: laneId("other") }));
      await topUp(70n);
      await view({ batchSize: 2 }).sync();
      expect((await account())?.balance).to.equal(1_070n);
    });

    it("looks only at blocks with the confirmations the seller chose", async () => {
      const strict = view({ confirmations: 3 });
      await topUp(70n);
      await market.base.networkHelpers.mine(2);
      await strict.sync();
      expect((await account())?.balance).to.equal(1_000n);
      await market.base.networkHelpers.mine(1);
      await strict.sync();
      expect((await account())?.balance).to.equal(1_070n);
    });

    it("refuses a node of another chain", async () => {
      const { chainId } = market.escrow;
      const wrong = view({ escrow: { ...market.escrow, chainId: chainId + 1n } });
      expect(await rejection(wrong.sync())).to.be.instanceOf(WrongChainError);
    });
  });

  describe("when strangers flood it", () => {
    const ask = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        account: market.account(address(`stranger ${index}`)),
        isUnproven: true,
      }));

    it("keeps half of its places for everybody else", async () => {
      const small = view({ maxPendingReads: 4 });
      const waiting = ask(2).map((read) => rejection(small.refreshAccount({ ...read, minBlock: 1_000_000n })));
      for (const read of ask(3).slice(2)) {
        expect(await rejection(small.refreshAccount(read))).to.be.instanceOf(ChainBusyError);
      }
      await small.refreshAccount({ account: market.account(buyer.address) });
      await small.stop();
      for (const error of await Promise.all(waiting)) expect(error).to.be.instanceOf(ChainUnavailableError);
    });

    it("reads accounts that are owed money first", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      const done: string[] = [];
      const strangers = ask(400).map(async (read) => {
        await market.chainView.refreshAccount(read);
        done.push("stranger");
      });
      const debtor = market.chainView.refreshAccount({ account: market.account(buyer.address) });
      await debtor.then(() => done.push("debtor"));
      await Promise.all(strangers);
      expect(done).to.have.length(401);
      expect(done.indexOf("debtor")).to.be.lessThan(300);
    });

    it("stops all the same", async () => {
      let isOver = false;
      let reads = 0;
      const flood = async (name: number): Promise<void> => {
        for (; !isOver; reads += 1) {
          const account = market.account(address(`stranger ${name} ${reads}`));
          // Those that wait when it stops are refused; they ask again.
          await market.chainView.refreshAccount({ account, isUnproven: true }).catch(() => undefined);
        }
      };
      const floods = Array.from({ length: 300 }, (_, name) => flood(name));
      await until(() => reads > 600);
      await market.chainView.stop();
      isOver = true;
      await Promise.all(floods);
    });
  });

  describe("re-organisations", () => {
    it("takes back what a replaced block said", async () => {
      const snapshot = await market.base.networkHelpers.takeSnapshot();
      await topUp(70n);
      await market.chainView.sync();
      expect((await account())?.balance).to.equal(1_070n);
      await snapshot.restore();
      for (let index = 0; index < 10; index += 1) await market.base.networkHelpers.mine(1);
      await market.chainView.sync();
      expect((await account())?.balance).to.equal(1_000n);
    });

    it("trusts nothing it read before, until it was read again", async () => {
      const snapshot = await market.base.networkHelpers.takeSnapshot();
      await topUp(70n);
      await market.chainView.refreshAccount({ account: market.account(buyer.address) });
      const payment = await market.payment(buyer, market.voucher(buyer.address, { valueAggregate: 1_001n }), 1_001n);
      expect(await market.answer(payment)).to.equal("accepted");
      await snapshot.restore();
      for (let index = 0; index < 10; index += 1) await market.base.networkHelpers.mine(1);
      market.node.intercept = (method) => {
        if (method === "eth_call") throw new Error("no answer");
        return undefined;
      };
      expect(await rejection(market.chainView.sync())).to.be.instanceOf(ChainUnavailableError);
      expect(await market.answer(payment)).to.equal("invalid_deferred_evm_payload_chain_unavailable");
      market.node.intercept = undefined;
      expect(await market.answer(payment)).to.equal("insufficient_funds");
    });

    it("notices that what a single read said was replaced", async () => {
      const snapshot = await market.base.networkHelpers.takeSnapshot();
      await topUp(70n);
      const account = market.account(buyer.address);
      await market.chainView.refreshAccount({ account });
      await snapshot.restore();
      for (let index = 0; index < 10; index += 1) await market.base.networkHelpers.mine(1);
      await market.chainView.refreshAccount({ account });
      expect((await market.store.getAccount(account))?.balance).to.equal(1_000n);
    });

    it("keeps its last block while the node is behind it", async () => {
      const before = market.chainView.lastSyncedBlock;
      const snapshot = await market.base.networkHelpers.takeSnapshot();
      await topUp(70n);
      await market.chainView.sync();
      const ahead = market.chainView.lastSyncedBlock;
      await snapshot.restore();
      await market.chainView.sync();
      expect(before?.number).to.not.equal(ahead?.number);
      expect(market.chainView.lastSyncedBlock).to.deep.equal(ahead);
    });
  });

  describe("failures", () => {
    it("goes no further than what it has read whole", async () => {
      const before = market.chainView.lastSyncedBlock;
      await topUp(70n);
      for (const failing of ["eth_getBlockByNumber", "eth_getLogs", "eth_call"]) {
        market.node.intercept = (method) => {
          if (method === failing) throw new Error("no answer");
          return undefined;
        };
        expect(await rejection(market.chainView.sync()), failing).to.be.instanceOf(ChainUnavailableError);
        expect(market.chainView.lastSyncedBlock, failing).to.deep.equal(before);
      }
      market.node.intercept = undefined;
      await market.chainView.sync();
      expect((await account())?.balance).to.equal(1_070n);
    });

    it("tries again while it polls, and tells", async () => {
      const errors: unknown[] = [];
      const polling = view({ onError: (error) => errors.push(error) });
      market.node.intercept = () => {
        throw new Error("no answer");
      };
      polling.start();
      await until(() => errors.length >= 2);
      expect(errors[0]).to.be.instanceOf(ChainUnavailableError);
      market.node.intercept = undefined;
      await topUp(70n);
      await until(async () => (await account())?.balance === 1_070n);
      await polling.stop();
    });

    it("rests once it was stopped", async () => {
      const polling = view();
      polling.start();
      await until(() => polling.lastSyncedBlock !== undefined);
      await polling.stop();
      market.node.forget();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(market.node.methods).to.deep.equal([]);
    });

    it("tells everybody who waits that the chain does not answer", async () => {
      market.node.intercept = () => {
        throw new Error("no answer");
      };
      const reads = Array.from({ length: 3 }, () =>
        market.chainView.refreshAccount({ account: market.account(buyer.address) }),
      );
      for (const read of reads) expect(await rejection(read)).to.be.instanceOf(ChainUnavailableError);
    });

    it("lets a caller give up", async () => {
      const controller = new AbortController();
      const waiting = market.chainView.refreshAccount({
        account: market.account(buyer.address),
        minBlock: 1_000_000n,
        signal: controller.signal,
      });
      controller.abort(new Error("the client has gone"));
      const error = await rejection(waiting);
      expect(error).to.be.instanceOf(ChainUnavailableError);
      expect((error as Error).cause).to.have.property("message", "the client has gone");
    });

    it("keeps no more waiting than the limit", async () => {
      const small = view({ maxPendingReads: 2 });
      const parameters = { account: market.account(buyer.address), minBlock: 1_000_000n };
      const waiting = [small.refreshAccount(parameters), small.refreshAccount(parameters)].map(rejection);
      expect(await rejection(small.refreshAccount(parameters))).to.be.instanceOf(ChainBusyError);
      await small.stop();
      for (const error of await Promise.all(waiting)) expect(error).to.be.instanceOf(ChainUnavailableError);
    });
  });

  const topUp = (amount: bigint): Promise<void> => market.depositFor(buyer.address, amount);
});
