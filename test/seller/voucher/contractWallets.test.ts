import { expect } from "chai";
import type { Address, Hex, PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { DEFAULT_LANE } from "../../../client/seller/voucher/keys.ts";
import { DEFAULT_LIMITS, THAWING_PERIOD } from "../../../client/seller/voucher/limits.ts";
import { authorizeSigner } from "../../../client/voucher/actions/authorizeSigner.ts";
import type { Voucher } from "../../../client/voucher/types.ts";
import { mined } from "../../helpers/mined.ts";
import { address, DAY } from "./fixtures.ts";
import { deployMarket, openMarket, type Market, type MarketOptions } from "./market.ts";

const LEAST = THAWING_PERIOD + DEFAULT_LIMITS.collectionMargin;
const newKey = () => privateKeyToAccount(generatePrivateKey());
/** No key makes a signature of this length. */
const WALLET_SIGNATURE = `0x${"11".repeat(96)}` as const;

describe("a seller that takes contract wallets", () => {
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
    market = await openMarket(place, { acceptor: { limits: { allowsContractWallets: true } }, ...options });
    buyer = newKey();
    await market.fund(buyer, 1_000n);
  };

  beforeEach(() => open());

  afterEach(async () => {
    await market.close();
  });

  const send = async (hash: Promise<Hex>): Promise<void> => {
    await mined(market.base.publicClient, await hash);
  };
  const authorize = (session: PrivateKeyAccount, validUntil: bigint) => {
    const terms = { escrow: market.escrow.escrow, signer: session.address, validUntil };
    return send(authorizeSigner(market.base.walletOf(buyer), terms));
  };
  const answer = async (signer: PrivateKeyAccount, overrides: Partial<Voucher> = {}) =>
    market.answer(await market.payment(signer, market.voucher(buyer.address, overrides)));

  describe("and session signers", () => {
    for (const [name, options] of [
      ["", {}],
      [" where there is no Multicall3", { chainView: { multicallAddress: undefined } }],
    ] as const) {
      for (const [seconds, expected] of [
        [60n, "invalid_deferred_evm_payload_signer_expired"],
        [LEAST + 60n, "accepted"],
      ] as const) {
        it(`answers "${expected}" to a key it sees first, that ends ${seconds} seconds ahead${name}`, async () => {
          await market.close();
          await open(options);
          const session = newKey();
          await authorize(session, market.now() + seconds);
          expect(await answer(session)).to.equal(expected);
        });
      }
    }

    it("heeds the end of a key that it took before it was as good as a wallet", async () => {
      const session = newKey();
      await authorize(session, market.now() + LEAST + DAY);
      await market.pay(session, market.voucher(buyer.address));
      const [lane] = await market.store.listLanes({ ...market.escrow, seller: market.acceptor.seller });
      expect([lane?.latest.signer.kind, lane?.signerValidUntil]).to.deep.equal([
        "session",
        (await market.store.getSigner(market.escrow, buyer.address, session.address))?.validUntil,
      ]);
      market.passTime(DAY + 60n);
      expect((await market.collector.collectDue()).lanes.map(({ reason }) => reason)).to.deep.equal(["signer"]);
    });

    it("takes no key for a wallet before its authorization has the confirmations", async () => {
      await market.close();
      await open({
        acceptor: { limits: { allowsContractWallets: true } },
        chainView: { confirmations: 2 },
      });
      await market.base.networkHelpers.mine(2);
      await market.chainView.refreshAccount({ account: market.account(buyer.address) });
      const session = newKey();
      await authorize(session, market.now() + 60n);
      expect(await answer(session)).to.equal("invalid_deferred_evm_payload_signature");
      await market.base.networkHelpers.mine(2);
      await market.chainView.sync();
      expect(await answer(session)).to.equal("invalid_deferred_evm_payload_signer_expired");
    });
  });

  describe("and keys in one lane", () => {
    /** An account with a key and code: what the code says today, it may deny tomorrow. */
    const putCode = async (): Promise<void> => {
      const { address: wallet } = await market.base.viem.deployContract("AcceptingWallet", []);
      const bytecode = (await market.base.publicClient.getCode({ address: wallet })) ?? "0x";
      await market.base.testClient.setCode({ address: buyer.address, bytecode });
    };
    const payByWallet = async (overrides: Partial<Voucher>) => {
      const { voucher, price, asset } = await market.payment(buyer, market.voucher(buyer.address, overrides));
      return market.acceptor.accept({ voucher, signature: WALLET_SIGNATURE, price, asset });
    };

    beforeEach(putCode);

    it("puts no wallet's voucher in the place of a key's while something is uncollected", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      const next = { nonce: 1n, valueAggregate: 200n };
      const refused = await payByWallet(next);
      if (refused.isAccepted) throw new Error("accepted");
      expect(refused.code).to.equal("invalid_deferred_evm_payload_lane_signed_by_key");

      // It leads to another lane, where a wallet may pay.
      const id = refused.corrective?.lane.id ?? DEFAULT_LANE;
      expect(id).to.not.equal(DEFAULT_LANE);
      const elsewhere = await payByWallet({ id });
      expect(elsewhere.isAccepted && elsewhere.signer.kind).to.equal("contract");

      await market.collector.collectNow();
      expect((await payByWallet(next)).isAccepted).to.equal(true);
    });

    it("puts a key's voucher in the place of a wallet's at any time", async () => {
      const first = await payByWallet({});
      if (!first.isAccepted) throw new Error(first.code);
      await market.acceptor.commit(first.reservation, 100n);
      expect(await answer(buyer, { nonce: 1n, valueAggregate: 200n })).to.equal("accepted");
    });
  });

  it("asks a limited number of questions for strangers, and any number for whoever has money", async () => {
    await market.acceptor.getAccount({ buyer: buyer.address, asset: market.account(buyer.address).asset });
    const { asset } = market.account(buyer.address);
    const ask = (who: Address) =>
      market.acceptor.accept({ voucher: market.voucher(who), signature: WALLET_SIGNATURE, price: 1n, asset });
    market.node.forget();
    for (let index = 0; index < 150; index += 1) {
      const result = await ask(address(`made up ${index}`));
      expect(result.isAccepted ? "accepted" : result.code).to.equal("invalid_deferred_evm_payload_signature");
    }
    expect(market.node.methods.filter((method) => method === "eth_call")).to.have.length(128);
    market.node.forget();
    for (let index = 0; index < 5; index += 1) await ask(buyer.address);
    expect(market.node.methods).to.deep.equal(Array(5).fill("eth_call"));
  });
});
