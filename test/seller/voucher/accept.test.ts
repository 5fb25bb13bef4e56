import { rejection } from "../rejection.ts";
import { expect } from "chai";
import { parseEther, zeroAddress, type Address, type Hex, type PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { erc20Abi } from "../../../client/abi/index.ts";
import { createAcceptor } from "../../../client/seller/voucher/accept.ts";
import { ReservationLostError } from "../../../client/seller/core/errors.ts";
import { UnknownAssetError } from "../../../client/seller/voucher/errors.ts";
import { DEFAULT_LANE } from "../../../client/voucher/types.ts";
import { DEFAULT_LIMITS, THAWING_PERIOD } from "../../../client/seller/voucher/limits.ts";
import { REJECTIONS } from "../../../client/seller/voucher/rejections.ts";
import type { AcceptParameters } from "../../../client/seller/voucher/types.ts";
import type { ChainView, RefreshParameters } from "../../../client/seller/voucher/chain/types.ts";
import { authorizeSigner } from "../../../client/voucher/actions/authorizeSigner.ts";
import { collect } from "../../../client/voucher/actions/collect.ts";
import { deposit } from "../../../client/voucher/actions/deposit.ts";
import { releaseWithAuthorization } from "../../../client/voucher/actions/releaseWithAuthorization.ts";
import { revokeSigner } from "../../../client/voucher/actions/revokeSigner.ts";
import { thaw } from "../../../client/voucher/actions/thaw.ts";
import type { Voucher } from "../../../client/voucher/types.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { address, laneId } from "./fixtures.ts";
import { deployMarket, openMarket, type Market } from "./market.ts";

const MARGIN = DEFAULT_LIMITS.collectionMargin;

describe("acceptance of vouchers", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let buyer: PrivateKeyAccount;

  before(async () => {
    place = await deployMarket();
  });

  after(async () => {
    await place.base.close();
  });

  // A buyer of its own makes every test start from nothing, on one chain.
  beforeEach(async () => {
    market = await openMarket(place);
    buyer = privateKeyToAccount(generatePrivateKey());
    await market.fund(buyer, 1_000n);
    await market.chainView.sync();
  });

  afterEach(async () => {
    await market.close();
  });

  const answer = async (overrides: Partial<Voucher> = {}, price = 100n, signer = buyer): Promise<string> =>
    market.answer(await market.payment(signer, market.voucher(buyer.address, overrides), price));

  /** An acceptor like the market's, and the reads it asks for. */
  const watched = async () => {
    const reads: RefreshParameters[] = [];
    const chainView: ChainView = {
      ...market.chainView,
      refreshAccount: async (parameters) => {
        reads.push(parameters);
        await market.chainView.refreshAccount(parameters);
      },
    };
    const { store, now: clock } = market;
    return { reads, acceptor: await createAcceptor({ ...market.acceptor, store, clock, chainView }) };
  };

  const send = async (hash: Promise<Hex>): Promise<void> => {
    await mined(market.base.publicClient, await hash);
  };

  describe("server rules", () => {
    for (const [seconds, expected] of [
      [THAWING_PERIOD + MARGIN - 1n, "invalid_deferred_evm_payload_voucher_expired"],
      [THAWING_PERIOD + MARGIN, "accepted"],
    ] as const) {
      it(`${expected === "accepted" ? "accepts" : "refuses"} a voucher that expires ${seconds} seconds ahead`, async () => {
        expect(await answer({ expiry: market.now() + seconds })).to.equal(expected);
      });
    }

    it("refuses a voucher that expires before the thawing period plus the seller's own margin", async () => {
      const other = await openMarket(place, { acceptor: { limits: { collectionMargin: 7_200n } } });
      const promised = market.voucher(buyer.address, { expiry: market.now() + THAWING_PERIOD + 7_199n });
      const payment = await other.payment(buyer, promised);
      expect(await other.answer(payment)).to.equal("invalid_deferred_evm_payload_voucher_expired");
      await other.close();
    });

    describe("session signers", () => {
      const session = privateKeyToAccount(generatePrivateKey());
      const authorize = (validUntil: bigint) =>
        send(
          authorizeSigner(market.base.walletOf(buyer), {
            escrow: market.escrow.escrow,
            signer: session.address,
            validUntil,
          }),
        );

      for (const [seconds, expected] of [
        [THAWING_PERIOD + MARGIN - 1n, "invalid_deferred_evm_payload_signer_expired"],
        [THAWING_PERIOD + MARGIN, "accepted"],
      ] as const) {
        it(`${expected === "accepted" ? "accepts" : "refuses"} a session signer that ends ${seconds} seconds ahead`, async () => {
          const now = market.now();
          await authorize(now + seconds);
          const payment = await market.payment(session, market.voucher(buyer.address));
          expect(await market.answer({ ...payment, now })).to.equal(expected);
        });
      }

      it("refuses a key the buyer never authorized", async () => {
        expect(await answer({}, 100n, session)).to.equal("invalid_deferred_evm_payload_signature");
      });

      it("refuses a session signer from the pass that sees its revocation on", async () => {
        await authorize(market.now() + 30n * THAWING_PERIOD);
        expect(await answer({}, 100n, session)).to.equal("accepted");
        const alerts: string[] = [];
        market.chainView.onAlert(({ kind }) => alerts.push(kind));
        await send(
          revokeSigner(market.base.walletOf(buyer), { escrow: market.escrow.escrow, signer: session.address }),
        );
        await market.chainView.sync();
        expect(await answer({}, 100n, session)).to.equal("invalid_deferred_evm_payload_signer_expired");
        expect(alerts).to.include("signer");
      });

      it("learns of a later authorization without being asked", async () => {
        expect(await answer()).to.equal("accepted");
        await authorize(market.now() + 30n * THAWING_PERIOD);
        await market.chainView.sync();
        market.node.forget();
        expect(await answer({}, 100n, session)).to.equal("accepted");
        expect(market.node.methods).to.deep.equal([]);
      });
    });

    it("accepts only while the view of the chain is younger than the thawing period less the margin", async () => {
      const synced = market.chainView.lastSyncedBlock?.timestamp ?? 0n;
      const payment = await market.payment(buyer, market.voucher(buyer.address));
      const last = synced + THAWING_PERIOD - MARGIN;
      expect(await market.answer({ ...payment, now: last })).to.equal("accepted");
      expect(await market.answer({ ...payment, now: last + 1n })).to.equal(
        "invalid_deferred_evm_payload_chain_view_stale",
      );
    });

    it("accepts nothing before the chain was seen once", async () => {
      const parts = { ...market.acceptor, store: market.store, clock: market.now };
      const acceptor = await createAcceptor({
        ...parts,
        chainView: { ...market.chainView, lastSyncedBlock: undefined },
      });
      const result = await acceptor.accept(await market.payment(buyer, market.voucher(buyer.address)));
      expect(result.isAccepted ? "accepted" : result.code).to.equal("invalid_deferred_evm_payload_chain_view_stale");
    });

    it("counts effective thawing", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      await send(
        thaw(market.base.walletOf(buyer), {
          ...place.escrow,
          seller: market.acceptor.seller,
          asset: USDC,
          amount: 700n,
        }),
      );
      await market.chainView.sync();
      expect(await answer({ nonce: 1n, valueAggregate: 301n }, 201n)).to.equal("insufficient_funds");
      expect(await answer({ nonce: 1n, valueAggregate: 300n }, 200n)).to.equal("accepted");
    });

    it("counts a live release until its execution is seen", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      const { authorization, signature } = await market.releases.sign({
        buyer: buyer.address,
        asset: USDC,
        amount: 500n,
        collectedAtLeast: 0n,
      });
      expect(await answer({ nonce: 1n, valueAggregate: 501n }, 401n)).to.equal("insufficient_funds");
      await send(
        releaseWithAuthorization(market.base.wallets.relayer, {
          escrow: market.escrow.escrow,
          authorization,
          signature,
        }),
      );
      expect(await answer({ nonce: 1n, valueAggregate: 501n }, 401n)).to.equal("insufficient_funds");
      await market.chainView.sync();
      const state = await market.store.getAccount(market.account(buyer.address));
      expect([state?.balance, state?.spendable, state?.releases]).to.deep.equal([500n, 400n, []]);
      expect(await answer({ nonce: 1n, valueAggregate: 500n }, 400n)).to.equal("accepted");
    });

    it("counts a live release until a block it trusts is past the expiry", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      const { authorization } = await market.releases.sign({
        buyer: buyer.address,
        asset: USDC,
        amount: 900n,
        validSeconds: 60n,
      });
      market.passTime(61n);
      await market.chainView.sync();
      expect(await answer({ nonce: 1n, valueAggregate: 200n })).to.equal("insufficient_funds");
      await market.base.networkHelpers.time.increaseTo(authorization.expiry + 1n);
      await market.chainView.sync();
      expect(await answer({ nonce: 1n, valueAggregate: 200n })).to.equal("accepted");
    });

    it("counts what every lane accepted and did not collect", async () => {
      await market.pay(buyer, market.voucher(buyer.address, { valueAggregate: 400n }), 400n);
      await market.pay(buyer, market.voucher(buyer.address, { id: laneId("other"), valueAggregate: 400n }), 400n);
      expect(await answer({ id: laneId("third"), valueAggregate: 201n }, 201n)).to.equal("insufficient_funds");
      expect(await answer({ id: laneId("third"), valueAggregate: 200n }, 200n)).to.equal("accepted");
    });

    it("counts a deposit only once it has the confirmations the seller chose", async () => {
      const strict = await openMarket(place, { chainView: { confirmations: 2 } });
      await send(
        deposit(await approved(buyer, 500n), {
          ...place.escrow,
          seller: strict.acceptor.seller,
          asset: USDC,
          amount: 500n,
        }),
      );
      const payment = await strict.payment(buyer, strict.voucher(buyer.address, { valueAggregate: 1_500n }), 1_500n);
      await strict.chainView.refreshAccount({ account: strict.account(buyer.address) });
      expect(await strict.answer(payment)).to.equal("insufficient_funds");
      const block = await strict.base.publicClient.getBlockNumber();
      const refreshed = strict.chainView.refreshAccount({ account: strict.account(buyer.address), minBlock: block });
      await strict.base.networkHelpers.mine(2);
      await refreshed;
      expect(await strict.answer(payment)).to.equal("accepted");
      await strict.close();
    });

    it("offers the default lane as new only when its on-chain total is zero and the store has nothing", async () => {
      const { buyer: payer } = market.voucher(buyer.address);
      expect((await market.acceptor.offerLane({ buyer: payer, asset: USDC })).type).to.equal("new");
      const { voucher, signature } = await market.payment(
        buyer,
        market.voucher(buyer.address, { valueAggregate: 70n }),
      );
      await send(collect(market.base.wallets.relayer, { escrow: market.escrow.escrow, voucher, signature }));
      const fresh = await openMarket(place);
      const offer = await fresh.acceptor.offerLane({ buyer: buyer.address, asset: USDC });
      expect([offer.lane.id, offer.type, offer.base, offer.collected]).to.deep.equal([
        DEFAULT_LANE,
        "aggregation",
        70n,
        70n,
      ]);
      expect(
        await fresh.answer(await fresh.payment(buyer, fresh.voucher(buyer.address, { valueAggregate: 169n }))),
      ).to.equal("invalid_deferred_evm_payload_voucher_value");
      expect(
        await fresh.answer(await fresh.payment(buyer, fresh.voucher(buyer.address, { valueAggregate: 170n }))),
      ).to.equal("accepted");
      await fresh.close();
    });

    const approved = async (account: PrivateKeyAccount, amount: bigint) => {
      await market.base.fundUsdc(account.address, amount);
      const wallet = market.base.walletOf(account);
      await send(
        wallet.writeContract({
          address: USDC,
          abi: erc20Abi,
          functionName: "approve",
          args: [market.escrow.escrow, amount],
        }),
      );
      return wallet;
    };
  });

  describe("every field of a voucher", () => {
    const cases: readonly (readonly [string, () => Partial<Voucher>, string])[] = [
      ["another chain", () => ({ chainId: 1n }), "invalid_deferred_evm_payload_chain_id"],
      ["another escrow", () => ({ escrow: address("escrow") }), "invalid_deferred_evm_payload_voucher_escrow_mismatch"],
      ["another seller", () => ({ seller: address("seller") }), "invalid_deferred_evm_payload_recipient_mismatch"],
      ["another asset", () => ({ asset: address("asset") }), "invalid_deferred_evm_payload_asset_mismatch"],
      ["a buyer of zero", () => ({ buyer: zeroAddress }), "invalid_deferred_evm_payload_voucher_buyer_mismatch"],
      [
        "the seller as buyer",
        () => ({ buyer: market.acceptor.seller }),
        "invalid_deferred_evm_payload_voucher_buyer_mismatch",
      ],
      [
        "the escrow as buyer",
        () => ({ buyer: market.escrow.escrow }),
        "invalid_deferred_evm_payload_voucher_buyer_mismatch",
      ],
      ["another buyer", () => ({ buyer: address("buyer") }), "invalid_deferred_evm_payload_signature"],
      [
        "a ceiling of zero",
        () => ({ valueAggregate: 0n }),
        "invalid_deferred_evm_payload_voucher_zero_value_aggregate",
      ],
      ["a ceiling below the price", () => ({ valueAggregate: 99n }), "invalid_deferred_evm_payload_voucher_value"],
      ["a ceiling of 97 bits", () => ({ valueAggregate: 1n << 96n }), "invalid_deferred_evm_payload_voucher_malformed"],
      [
        "a ceiling of 256 bits",
        () => ({ valueAggregate: (1n << 256n) - 1n }),
        "invalid_deferred_evm_payload_voucher_malformed",
      ],
      ["a nonce of 81 bits", () => ({ nonce: 1n << 80n }), "invalid_deferred_evm_payload_voucher_malformed"],
      ["an expiry of 41 bits", () => ({ expiry: 1n << 40n }), "invalid_deferred_evm_payload_voucher_malformed"],
      [
        "an expiry that has passed",
        () => ({ expiry: market.now() - 1n }),
        "invalid_deferred_evm_payload_voucher_expired",
      ],
      ["an expiry of zero", () => ({ expiry: 0n }), "invalid_deferred_evm_payload_voucher_expired"],
      [
        "a timestamp in the future",
        () => ({ timestamp: market.now() + 61n }),
        "invalid_deferred_evm_payload_timestamp_too_early",
      ],
    ];
    for (const [what, overrides, code] of cases) {
      it(`refuses ${what}`, async () => {
        expect(await answer(overrides())).to.equal(code);
      });
    }

    it("refuses each field when it is changed after the signature", async () => {
      const payment = await market.payment(buyer, market.voucher(buyer.address, { valueAggregate: 200n }));
      const { voucher } = payment;
      const changes: readonly Partial<Voucher>[] = [
        { id: laneId("other") },
        { valueAggregate: voucher.valueAggregate + 1n },
        { timestamp: voucher.timestamp - 1n },
        { nonce: 1n },
        { expiry: voucher.expiry + 1n },
      ];
      for (const change of changes) {
        const code = await market.answer({ ...payment, voucher: { ...voucher, ...change } });
        expect(code, JSON.stringify(Object.keys(change))).to.equal("invalid_deferred_evm_payload_signature");
      }
      expect(await market.answer(payment)).to.equal("accepted");
    });

    it("never throws for what is not of its type", async () => {
      const payment = await market.payment(buyer, market.voucher(buyer.address));
      for (const wrong of [{ id: "0x" }, { buyer: 7 }, { nonce: 0 }, { valueAggregate: "100" }, { expiry: null }]) {
        const voucher = { ...payment.voucher, ...wrong } as unknown as Voucher;
        expect(await market.answer({ ...payment, voucher })).to.equal("invalid_deferred_evm_payload_voucher_malformed");
      }
      for (const signature of ["0x", "0x12", `0x${"00".repeat(65)}`, `0x${"11".repeat(1_000)}`]) {
        const code = await market.answer({ ...payment, signature: signature as Hex });
        expect(code).to.be.oneOf([
          "invalid_deferred_evm_payload_signature",
          "invalid_deferred_evm_payload_contract_wallet",
        ]);
      }
    });

    it("knows the voucher whatever the case of its addresses", async () => {
      const promised = market.voucher(buyer.address);
      const payment = await market.payment(buyer, promised);
      const voucher = {
        ...promised,
        buyer: promised.buyer.toLowerCase() as Address,
        asset: USDC.toLowerCase() as Address,
      };
      expect(await market.answer({ ...payment, voucher, asset: USDC })).to.equal("accepted");
    });

    it("fails for an asset the seller never named: a route is wrong, not a buyer", async () => {
      const payment = await market.payment(buyer, market.voucher(buyer.address));
      expect(await rejection(market.acceptor.accept({ ...payment, asset: address("asset") }))).to.be.instanceOf(
        UnknownAssetError,
      );
    });

    it("has a sentence for every code", () => {
      for (const sentence of Object.values(REJECTIONS)) expect(sentence).to.match(/^[A-Z].*\.$/);
    });
  });

  describe("requests", () => {
    it("charges what the handler cost, up to the price", async () => {
      await market.pay(buyer, market.voucher(buyer.address), 100n, 30n);
      const state = await market.store.getAccount(market.account(buyer.address));
      expect(state?.spendable).to.equal(970n);
      expect(await answer({ nonce: 1n, valueAggregate: 130n })).to.equal("accepted");
    });

    it("serves one payment once, however often and however parallel it comes", async () => {
      const payment = await market.payment(buyer, market.voucher(buyer.address));
      const results = await Promise.all(Array.from({ length: 10 }, async () => market.acceptor.accept(payment)));
      const accepted = results.filter(({ isAccepted }) => isAccepted);
      expect(accepted).to.have.length(1);
      const [first] = accepted;
      if (first?.isAccepted === true) await market.acceptor.commit(first.reservation, 100n);
      expect(await market.answer(payment)).to.equal("invalid_deferred_evm_payload_voucher_already_accepted");
    });

    it("does not charge a request that was cancelled, and takes its voucher again", async () => {
      const payment = await market.payment(buyer, market.voucher(buyer.address));
      expect(await market.answer(payment)).to.equal("accepted");
      expect(await market.answer(payment)).to.equal("accepted");
    });

    it("never charges a request whose lane another request took", async () => {
      const payment = await market.payment(buyer, market.voucher(buyer.address));
      const late = await market.acceptor.accept({ ...payment, reservationSeconds: 10n });
      market.passTime(11n);
      expect(await market.answer(payment)).to.equal("accepted");
      if (!late.isAccepted) throw new Error(late.code);
      expect(await rejection(market.acceptor.commit(late.reservation, 100n))).to.be.instanceOf(ReservationLostError);
    });

    it("makes no request to the node for a buyer it knows", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      market.node.forget();
      await market.pay(buyer, market.voucher(buyer.address, { nonce: 1n, valueAggregate: 200n }));
      await market.acceptor.offerLane({ buyer: buyer.address, asset: USDC });
      expect(market.node.methods).to.deep.equal([]);
    });

    it("reads many new buyers together", async () => {
      const buyers = Array.from({ length: 30 }, () => privateKeyToAccount(generatePrivateKey()));
      const payments = await Promise.all(
        buyers.map(async (each) => market.payment(each, market.voucher(each.address))),
      );
      market.node.forget();
      const codes = await Promise.all(payments.map(async (payment) => market.answer(payment)));
      expect(new Set(codes)).to.deep.equal(new Set(["insufficient_funds"]));
      expect(market.node.methods.length).to.be.lessThan(8);
    });

    it("rations the reads that made-up keys cause", async () => {
      expect(await answer()).to.equal("accepted");
      market.node.forget();
      for (let index = 0; index < 60; index += 1) {
        const stranger = privateKeyToAccount(generatePrivateKey());
        expect(await answer({}, 100n, stranger)).to.equal("invalid_deferred_evm_payload_signature");
      }
      expect(market.node.methods.filter((method) => method === "eth_call").length).to.be.at.most(17);
    });

    it("rations the reads that made-up keys of made-up buyers cause, and lets no buyer wait for them", async () => {
      const { acceptor, reads } = await watched();
      const stranger = privateKeyToAccount(generatePrivateKey());
      for (let index = 0; index < 200; index += 1) {
        const promised = market.voucher(address(`made up ${index}`));
        const result = await acceptor.accept(await market.payment(stranger, promised));
        expect(result.isAccepted ? "accepted" : result.code).to.equal("invalid_deferred_evm_payload_signature");
      }
      expect(reads.filter(({ signers }) => signers !== undefined)).to.have.length(128);

      const session = privateKeyToAccount(generatePrivateKey());
      const terms = { signer: session.address, validUntil: market.now() + 30n * THAWING_PERIOD };
      await send(authorizeSigner(market.base.walletOf(buyer), { escrow: market.escrow.escrow, ...terms }));
      await market.chainView.refreshAccount({ account: market.account(buyer.address) });
      const payment = await market.payment(session, market.voucher(buyer.address));
      expect((await acceptor.accept(payment)).isAccepted).to.equal(true);
    });

    it("asks for reads in a stranger's name until there is money in the account", async () => {
      const { acceptor, reads } = await watched();
      const stranger = privateKeyToAccount(generatePrivateKey());
      await acceptor.offerLane({ buyer: stranger.address, asset: USDC });
      await acceptor.getAccount({ buyer: address("another"), asset: USDC });
      await acceptor.accept(await market.payment(buyer, market.voucher(buyer.address)));
      await acceptor.accept(await market.payment(stranger, market.voucher(buyer.address)));
      await acceptor.accept(await market.payment(buyer, market.voucher(buyer.address, { id: laneId("other") })));
      expect(reads.map(({ isUnproven }) => isUnproven)).to.deep.equal([true, true, true, true, false]);
    });

    it("says that the chain is silent, and accepts again when it speaks", async () => {
      const other = await openMarket(place);
      const payment = await other.payment(buyer, other.voucher(buyer.address));
      other.node.intercept = () => {
        throw new Error("no answer");
      };
      expect(await other.answer(payment)).to.equal("invalid_deferred_evm_payload_chain_unavailable");
      other.node.intercept = undefined;
      expect(await other.answer(payment)).to.equal("accepted");
      await other.close();
    });
  });

  describe("before a deposit", () => {
    it("says what it would refuse once the deposit is there, and reserves nothing", async () => {
      const payment = await market.payment(buyer, market.voucher(buyer.address, { valueAggregate: 1_500n }), 1_500n);
      const short = await market.acceptor.check({ ...payment, pendingDeposit: 499n });
      expect(short.isAccepted ? "accepted" : short.code).to.equal("insufficient_funds");
      expect((await market.acceptor.check({ ...payment, pendingDeposit: 500n })).isAccepted).to.equal(true);
      expect((await market.store.getAccount(market.account(buyer.address)))?.spendable).to.equal(1_000n);
    });

    it("never accepts on a deposit that was only promised", async () => {
      const payment = await market.payment(buyer, market.voucher(buyer.address, { valueAggregate: 1_500n }), 1_500n);
      const promised = { ...payment, pendingDeposit: 500n } as AcceptParameters;
      expect(await market.answer(promised)).to.equal("insufficient_funds");
    });
  });

  describe("correction", () => {
    it("tells a buyer that lost its state what to build on", async () => {
      await market.pay(buyer, market.voucher(buyer.address, { valueAggregate: 300n }), 300n, 250n);
      const result = await market.acceptor.accept(
        await market.payment(buyer, market.voucher(buyer.address, { nonce: 1n })),
      );
      if (result.isAccepted) throw new Error("accepted");
      expect([result.code, result.corrective?.base, result.corrective?.nextNonce]).to.deep.equal([
        "invalid_deferred_evm_payload_voucher_value",
        250n,
        1n,
      ]);
      expect(result.corrective?.latest?.voucher.valueAggregate).to.equal(300n);
    });

    it("leads from a busy lane to a free one", async () => {
      const payment = await market.payment(buyer, market.voucher(buyer.address));
      const first = await market.acceptor.accept(payment);
      const second = await market.acceptor.accept(payment);
      if (second.isAccepted) throw new Error("accepted twice");
      expect(second.code).to.equal("invalid_deferred_evm_payload_lane_busy");
      const id = second.corrective?.lane.id ?? DEFAULT_LANE;
      expect(id).to.not.equal(DEFAULT_LANE);
      expect(await answer({ id })).to.equal("accepted");
      if (first.isAccepted) await market.acceptor.cancel(first.reservation);
    });

    it("tells a stranger nothing", async () => {
      await market.pay(buyer, market.voucher(buyer.address, { valueAggregate: 300n }), 300n);
      const stranger = privateKeyToAccount(generatePrivateKey());
      const result = await market.acceptor.accept(await market.payment(stranger, market.voucher(buyer.address)));
      if (result.isAccepted) throw new Error("accepted");
      expect(Object.keys(result).toSorted()).to.deep.equal(["code", "isAccepted", "message"]);
    });

    describe("of a voucher that stands in the calldata of its collection", () => {
      /** Pays in two lanes, and collects the first voucher where everybody sees it. */
      const collectFirst = async (other: Partial<Voucher>) => {
        const now = market.now();
        const first = await market.payment(buyer, market.voucher(buyer.address, { timestamp: now - 5n }));
        await market.pay(buyer, first.voucher);
        const { escrow } = market.escrow;
        await send(collect(market.base.wallets.stranger, { escrow, ...first }));
        await market.pay(buyer, market.voucher(buyer.address, { nonce: 1n, valueAggregate: 200n, ...other }));
        return first;
      };

      it("shows nothing of what came after it", async () => {
        const replayed = await market.acceptor.accept(await collectFirst({ timestamp: market.now() - 4n }));
        if (replayed.isAccepted) throw new Error("accepted twice");
        expect(replayed.code).to.equal("invalid_deferred_evm_payload_voucher_nonce_mismatch");
        expect(replayed).to.not.have.property("corrective");
      });

      it("shows no other lane while its own is busy", async () => {
        const first = await collectFirst({ id: laneId("other"), nonce: 0n, timestamp: market.now() - 6n });
        const served = await market.acceptor.accept(
          await market.payment(buyer, market.voucher(buyer.address, { nonce: 1n, valueAggregate: 200n })),
        );
        if (!served.isAccepted) throw new Error(served.code);
        const replayed = await market.acceptor.accept(first);
        if (replayed.isAccepted) throw new Error("accepted twice");
        expect(replayed.code).to.equal("invalid_deferred_evm_payload_lane_busy");
        expect(replayed).to.not.have.property("corrective");
        await market.acceptor.cancel(served.reservation);
      });
    });

    it("says how much the account still covers", async () => {
      const result = await market.acceptor.accept(
        await market.payment(buyer, market.voucher(buyer.address, { valueAggregate: 1_001n }), 1_001n),
      );
      expect(result.isAccepted ? undefined : result.spendable).to.equal(1_000n);
    });
  });

  describe("contract wallets", () => {
    const deployWallet = async (): Promise<Address> => {
      const { address: wallet } = await market.base.viem.deployContract("OwnedWallet", [buyer.address]);
      await market.base.testClient.setBalance({ address: wallet, value: parseEther("1") });
      return wallet;
    };

    it("are refused unless the seller allows them", async () => {
      const wallet = await deployWallet();
      const payment = await market.payment(buyer, market.voucher(wallet));
      expect(await market.answer(payment)).to.equal("invalid_deferred_evm_payload_signature");
      const long = { ...payment, signature: `0x${"11".repeat(96)}` as const };
      expect(await market.answer(long)).to.equal("invalid_deferred_evm_payload_contract_wallet");
    });

    it("are asked by one call when the seller allows them", async () => {
      const wallet = await deployWallet();
      const open = await openMarket(place, { acceptor: { limits: { allowsContractWallets: true } } });
      const payment = await open.payment(buyer, open.voucher(wallet));
      expect(await open.answer(payment)).to.equal("insufficient_funds");
      open.node.forget();
      expect(await open.answer(payment)).to.equal("insufficient_funds");
      expect(open.node.methods).to.deep.equal(["eth_call"]);
      open.node.forget();
      const endless = { ...payment, signature: `0x${"11".repeat(2_049)}` as const };
      expect(await open.answer(endless)).to.equal("invalid_deferred_evm_payload_signature");
      expect(open.node.methods).to.deep.equal([]);
      const stranger = privateKeyToAccount(generatePrivateKey());
      expect(await open.answer(await open.payment(stranger, open.voucher(wallet)))).to.equal(
        "invalid_deferred_evm_payload_signature",
      );
      await open.close();
    });
  });
});
