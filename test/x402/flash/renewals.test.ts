import { expect } from "chai";
import { erc20Abi, maxUint256, type Address, type PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { PERMIT2_ADDRESS } from "../../../client/core/funding.ts";
import { getEscrow } from "../../../client/flash/read.ts";
import { signExtendEscrow, signTopUp, type TokenFundingChoice } from "../../../client/flash/sign.ts";
import type { ExtendEscrow, TopUp } from "../../../client/flash/types.ts";
import type { PresentedItem } from "../../../client/seller/flash/types.ts";
import {
  createWalletRelayer,
  toWirePayload,
  type FlashPayload,
  type Renewal,
  type ServerDesk,
  type WirePaymentPayload,
} from "../../../client/x402/flash/index.ts";
import { USDC } from "../../base/addresses.ts";
import { USDC_DOMAIN } from "../../base/usdc.ts";
import { mined } from "../../helpers/mined.ts";
import { DAY, deployMarket, openMarket, type Market, type Payer } from "../../seller/flash/market.ts";
import { openShop, payloadOf, PRICE, type Answer, type Shop } from "./helpers/shop.ts";

const MINIMUM = 50_000n;
const EIP3009: TokenFundingChoice = {
  method: "Eip3009",
  tokenDomain: { name: USDC_DOMAIN.name, version: USDC_DOMAIN.version },
};
const PERMIT2: TokenFundingChoice = { method: "Permit2" };

describe("x402 flash: top-ups and extensions that payments bring", function () {
  this.timeout(120_000);

  let deployed: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let shop: Shop;
  before(async () => {
    deployed = await deployMarket();
    market = await openMarket(deployed);
    shop = await openShop(market, { desk: { relayer: newRelayer() } });
  });
  after(async () => {
    await shop.close();
    await market.close();
    await deployed.base.close();
  });

  function newRelayer(options: Partial<Parameters<typeof createWalletRelayer>[0]> = {}) {
    const { base, settlement } = deployed;
    return createWalletRelayer({
      settlement,
      wallet: base.wallets.relayer,
      client: base.publicClient,
      minimumOpenings: { [USDC]: MINIMUM },
      ...options,
    });
  }

  const blockNumber = () => deployed.base.publicClient.getBlockNumber({ cacheTime: 0 });
  const escrowOf = ({ escrow }: Payer) =>
    getEscrow(deployed.base.publicClient, { ...escrow, settlement: deployed.settlement.settlement });

  /** A client whose escrow covers one request, and that one is accepted. */
  async function usedUp(at: Market = market): Promise<Payer> {
    const payer = await at.payer(10n * MINIMUM);
    await payer.open({ amount: PRICE });
    expect(await at.answer(await payer.payment(PRICE, 0n), PRICE)).to.equal("accepted");
    return payer;
  }

  /** A client whose escrow is full and ends too soon. */
  async function endingSoon(amount = MINIMUM): Promise<Payer> {
    const payer = await market.payer(10n * MINIMUM);
    await payer.open({ amount, ttlSeconds: 3_600n, closeDelay: 3_600n });
    await market.advance(3_100n);
    await market.chain.sync();
    return payer;
  }

  interface TopUpParts {
    readonly terms?: Partial<TopUp>;
    readonly funding?: TokenFundingChoice;
    /** Who signs instead of the client. */
    readonly signer?: PrivateKeyAccount;
  }

  async function topUp({ account, escrow }: Payer, parts: TopUpParts = {}): Promise<NonNullable<Renewal["topUp"]>> {
    const { client, server, token } = escrow;
    const terms = { client, server, token, amount: 2n * MINIMUM, epoch: 0n, salt: 7n, deadline: market.now() + DAY };
    const authorization: TopUp = { ...terms, ...parts.terms };
    const { funding = EIP3009, signer = account } = parts;
    return signTopUp(signer, { ...deployed.settlement, authorization, funding });
  }

  async function extension(
    { account, escrow }: Payer,
    parts: { readonly terms?: Partial<ExtendEscrow>; readonly signer?: PrivateKeyAccount } = {},
  ): Promise<NonNullable<Renewal["extension"]>> {
    const { client, server, token } = escrow;
    const deadline = market.now() + DAY;
    const authorization = { client, server, token, epoch: 0n, newUnlockAt: market.now() + 30n * DAY, deadline };
    const extended: ExtendEscrow = { ...authorization, ...parts.terms };
    const { signer = account } = parts;
    const signature = await signExtendEscrow(signer, { ...deployed.settlement, authorization: extended });
    return { authorization: extended, signature };
  }

  function bring(item: PresentedItem, renewal: Renewal): FlashPayload {
    return { ...payloadOf(item), renewal } as FlashPayload;
  }

  /** Expects a refusal that sends nothing. */
  async function refused(payload: FlashPayload | object, code: string, at: Shop = shop): Promise<Answer> {
    const before = await blockNumber();
    const answer = await at.pay(payload);
    expect([answer.status, answer.error, answer.body]).to.deep.equal([402, code, "{}"]);
    expect(await blockNumber(), "something was sent").to.equal(before);
    expect(at.errors).to.deep.equal([]);
    return answer;
  }

  async function approvePermit2({ wallet }: Payer): Promise<void> {
    const approve = {
      address: USDC,
      abi: erc20Abi,
      functionName: "approve",
      args: [PERMIT2_ADDRESS, maxUint256],
    } as const;
    await mined(deployed.base.publicClient, await wallet.writeContract(approve));
  }

  async function withShop(desk: Partial<ServerDesk>, visit: (at: Shop) => Promise<unknown>): Promise<void> {
    const other = await openShop(market, { desk });
    try {
      await visit(other);
    } finally {
      await other.close();
    }
  }

  describe("are sent for a payment that needs them", () => {
    it("a top-up by ERC-3009, for a payment and for a tab", async () => {
      for (const kind of ["payment", "tab"] as const) {
        const payer = await usedUp();
        const item = kind === "tab" ? await payer.tab(PRICE) : await payer.payment(PRICE, 1n);
        const answer = await shop.pay(bring(item, { topUp: await topUp(payer) }));
        expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
        expect(await escrowOf(payer)).to.include({ balance: PRICE + 2n * MINIMUM, settled: 0n });
      }
    });

    it("a top-up by Permit2", async () => {
      const payer = await usedUp();
      await approvePermit2(payer);
      const renewal = { topUp: await topUp(payer, { funding: PERMIT2 }) };
      expect((await shop.pay(bring(await payer.payment(PRICE, 1n), renewal))).status).to.equal(200);
      expect((await escrowOf(payer)).balance).to.equal(PRICE + 2n * MINIMUM);
    });

    it("a top-up of an escrow that holds less than the server demands", async () => {
      const strict = await openMarket(deployed, { acceptor: { limits: { minEscrow: MINIMUM } } });
      const other = await openShop(strict, { desk: { relayer: newRelayer() } });
      try {
        const payer = await strict.payer(10n * MINIMUM);
        await payer.open({ amount: PRICE });
        await refused(payloadOf(await payer.tab(PRICE)), "flash_escrow_too_small", other);
        const answer = await other.pay(bring(await payer.tab(PRICE), { topUp: await topUp(payer) }));
        expect(answer.status).to.equal(200);
      } finally {
        await other.close();
        await strict.close();
      }
    });

    it("an extension of a lock that ends too soon", async () => {
      const payer = await endingSoon();
      await refused(payloadOf(await payer.tab(PRICE)), "flash_lock_too_short");
      const extended = await extension(payer);
      const answer = await shop.pay(bring(await payer.tab(PRICE), { extension: extended }));
      expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
      expect((await escrowOf(payer)).unlockAt).to.equal(extended.authorization.newUnlockAt);
    });

    it("both in one transaction", async () => {
      const payer = await endingSoon(PRICE);
      const before = await blockNumber();
      const renewal = { topUp: await topUp(payer), extension: await extension(payer) };
      expect((await shop.pay(bring(await payer.tab(2n * PRICE), renewal))).status).to.equal(200);
      expect(await blockNumber()).to.equal(before + 1n);
      const { balance, unlockAt } = await escrowOf(payer);
      expect([balance, unlockAt]).to.deep.equal([PRICE + 2n * MINIMUM, renewal.extension.authorization.newUnlockAt]);
    });

    it("once, when ten copies come at once, and serve one of them", async () => {
      const payer = await usedUp();
      const payload = bring(await payer.payment(PRICE, 1n), { topUp: await topUp(payer) });
      const before = await blockNumber();
      const answers = await Promise.all(Array.from({ length: 10 }, () => shop.pay(payload)));
      expect(answers.filter(({ status }) => status === 200)).to.have.lengthOf(1);
      expect(answers.filter(({ status }) => status === 402)).to.have.lengthOf(9);
      expect(await blockNumber()).to.equal(before + 1n);
    });

    it("and are pending until they are final, never served before, and then accepted by the same payload", async () => {
      const deep = await openMarket(deployed, { chain: { confirmations: 3 } });
      const slow = await openShop(deep, { desk: { relayer: newRelayer() } });
      try {
        const payer = await deep.payer(10n * MINIMUM);
        await payer.open({ amount: PRICE });
        await deployed.base.networkHelpers.mine(4);
        await deep.chain.sync();
        expect(await deep.answer(await payer.payment(PRICE, 0n), PRICE)).to.equal("accepted");
        const payload = bring(await payer.payment(PRICE, 1n), { topUp: await topUp(payer) });
        const before = await blockNumber();
        for (const attempt of [1, 2, 3]) {
          const answer = await slow.pay(payload);
          expect([answer.status, answer.error], String(attempt)).to.deep.equal([402, "flash_escrow_pending"]);
          expect(answer.extra?.retryAfterMs).to.be.above(0);
        }
        expect(await blockNumber(), "sent twice").to.equal(before + 1n);
        expect(slow.served).to.deep.equal([]);
        await deployed.base.networkHelpers.mine(4);
        await deep.chain.sync();
        expect((await slow.pay(payload)).status).to.equal(200);
        expect(slow.errors).to.deep.equal([]);
      } finally {
        await slow.close();
        await deep.close();
      }
    });
  });

  describe("are not sent", () => {
    it("with a payment that needs none of them", async () => {
      const payer = await market.payer(10n * MINIMUM);
      await payer.open({ amount: MINIMUM });
      const before = await blockNumber();
      const renewal = { topUp: await topUp(payer), extension: await extension(payer) };
      expect((await shop.pay(bring(await payer.payment(PRICE, 0n), renewal))).status).to.equal(200);
      expect(await blockNumber()).to.equal(before);
    });

    it("but for the part that the payment needs", async () => {
      const renewalOf = async (payer: Payer) => ({ topUp: await topUp(payer), extension: await extension(payer) });
      const poor = await usedUp();
      const { unlockAt } = await escrowOf(poor);
      expect((await shop.pay(bring(await poor.payment(PRICE, 1n), await renewalOf(poor)))).status).to.equal(200);
      expect(await escrowOf(poor)).to.include({ balance: PRICE + 2n * MINIMUM, unlockAt });
      const late = await endingSoon();
      expect((await shop.pay(bring(await late.payment(PRICE, 0n), await renewalOf(late)))).status).to.equal(200);
      expect((await escrowOf(late)).balance).to.equal(MINIMUM);
    });

    it("a second time: a copy of what was served is refused, and an old top-up covers nothing more", async () => {
      const payer = await usedUp();
      const renewal = { topUp: await topUp(payer, { terms: { amount: MINIMUM } }) };
      const payload = bring(await payer.payment(PRICE, 1n), renewal);
      expect((await shop.pay(payload)).status).to.equal(200);
      await refused(payload, "flash_nonce_used");
      expect(await market.answer(await payer.payment(MINIMUM - PRICE, 2n), PRICE)).to.equal("accepted");
      const answer = await refused(bring(await payer.payment(PRICE, 3n), renewal), "flash_exposure_exceeded");
      expect(answer.extra?.available).to.equal("0");
    });

    it("a second time: an extension that is there costs no gas", async () => {
      const payer = await endingSoon();
      const extended = await extension(payer, { terms: { newUnlockAt: market.now() + 3_600n } });
      expect((await shop.pay(bring(await payer.payment(PRICE, 0n), { extension: extended }))).status).to.equal(200);
      await market.advance(3_100n);
      await market.chain.sync();
      await refused(bring(await payer.payment(PRICE, 1n), { extension: extended }), "flash_lock_too_short");
      const before = await blockNumber();
      expect(await newRelayer().renew({ extension: extended })).to.deep.equal({ isRelayed: true });
      expect(await blockNumber()).to.equal(before);
    });

    it("for a stranger, whatever it brings", async () => {
      const [payer, thief] = [await usedUp(), await market.payer(10n * MINIMUM)];
      const own = await topUp(payer);
      const forged = await thief.payment(PRICE, 1n);
      if (forged.kind !== "payment") throw new Error("no payment");
      // The client's own top-up, beside a payment that the escrow's key did not sign.
      await refused(bring({ ...forged, client: payer.account.address }, { topUp: own }), "flash_signature_invalid");
      // A stranger without an escrow.
      await refused(bring(forged, { topUp: await topUp(thief) }), "flash_escrow_not_found");
      // Another client's top-up beside a payment of one's own.
      const used = await usedUp();
      await refused(bring(await used.payment(PRICE, 1n), { topUp: own }), "flash_renewal_mismatch");
    });

    const topUps: readonly [string, TopUpParts, string][] = [
      ["below the least", { terms: { amount: MINIMUM - 1n } }, "flash_renewal_too_small"],
      ["of nothing", { terms: { amount: 0n } }, "flash_renewal_too_small"],
      ["of another epoch", { terms: { epoch: 1n } }, "flash_renewal_mismatch"],
      ["for another server", { terms: { server: `0x${"ab".repeat(20)}` } }, "flash_renewal_mismatch"],
      ["in another token", { terms: { token: `0x${"ab".repeat(20)}` } }, "flash_renewal_mismatch"],
      ["past its deadline", { terms: { deadline: 1n } }, "flash_renewal_expired"],
      ["of more than the client has", { terms: { amount: 50n * MINIMUM } }, "flash_renewal_unfunded"],
      ["by Permit2 without an approval", { funding: PERMIT2 }, "flash_renewal_unfunded"],
      [
        "that another key signed, by ERC-3009",
        { signer: privateKeyToAccount(generatePrivateKey()) },
        "flash_renewal_signature_invalid",
      ],
      [
        "that another key signed, by Permit2",
        { funding: PERMIT2, signer: privateKeyToAccount(generatePrivateKey()) },
        "flash_renewal_signature_invalid",
      ],
      [
        "for the token under another name",
        { funding: { method: "Eip3009", tokenDomain: { name: "Other", version: "2" } } },
        "flash_renewal_signature_invalid",
      ],
    ];
    for (const [what, parts, code] of topUps) {
      it(`a top-up ${what}`, async () => {
        const payer = await usedUp();
        await refused(bring(await payer.payment(PRICE, 1n), { topUp: await topUp(payer, parts) }), code);
      });
    }

    it("a top-up that the payment is not covered with", async () => {
      const payer = await usedUp();
      const answer = await refused(
        bring(await payer.payment(2n * MINIMUM + 1n, 1n), { topUp: await topUp(payer) }),
        "flash_exposure_exceeded",
      );
      expect(answer.extra).to.include({ available: "0", epoch: 0 });
    });

    it("a top-up of a payment that has another fault", async () => {
      const payer = await usedUp();
      const renewal = { topUp: await topUp(payer) };
      await refused(bring(await payer.payment(PRICE, 0n), renewal), "flash_nonce_used");
      await refused(bring(await payer.payment(PRICE - 1n, 1n), renewal), "flash_amount_insufficient");
      await refused(bring(await payer.payment(PRICE, 1n, { epoch: 1n }), renewal), "flash_epoch_mismatch");
      await payer.call("closeEscrow", payer.account.address, market.server, USDC, 0);
      await market.chain.sync();
      await refused(bring(await payer.payment(PRICE, 1n), renewal), "flash_escrow_closing");
    });

    const extensions: readonly [string, Partial<ExtendEscrow>, string][] = [
      ["of another epoch", { epoch: 1n }, "flash_renewal_mismatch"],
      ["for another server", { server: `0x${"ab".repeat(20)}` as Address }, "flash_renewal_mismatch"],
      ["past its deadline", { deadline: 1n }, "flash_renewal_expired"],
      ["to a time that is past", { newUnlockAt: 1n }, "flash_lock_too_short"],
    ];
    for (const [what, terms, code] of extensions) {
      it(`an extension ${what}`, async () => {
        const payer = await endingSoon();
        const renewal = { extension: await extension(payer, { terms }) };
        await refused(bring(await payer.payment(PRICE, 0n), renewal), code);
      });
    }

    it("an extension that does not last, or that another key signed, or of an escrow that holds too little", async () => {
      const payer = await endingSoon();
      const item = await payer.payment(PRICE, 0n);
      const soon = await extension(payer, { terms: { newUnlockAt: market.now() + 3_000n } });
      await refused(bring(item, { extension: soon }), "flash_lock_too_short");
      const signer = privateKeyToAccount(generatePrivateKey());
      await refused(bring(item, { extension: await extension(payer, { signer }) }), "flash_renewal_signature_invalid");
      const small = await endingSoon(PRICE);
      await refused(
        bring(await small.payment(PRICE, 0n), { extension: await extension(small) }),
        "flash_escrow_too_small",
      );
    });

    it("where nobody relays, by a method that is not offered, or beyond the ration", async () => {
      const payer = await usedUp();
      const payload = bring(await payer.payment(PRICE, 1n), { topUp: await topUp(payer) });
      await withShop({}, (bare) => refused(payload, "flash_renewal_unsupported", bare));
      await withShop({ relayer: newRelayer({ methods: ["allowance", "permit2"] }) }, (other) =>
        refused(payload, "flash_renewal_unsupported", other),
      );
      await withShop({ relayer: newRelayer({ ration: { burst: 0, perHour: 0 } }) }, (strict) =>
        refused(payload, "flash_relay_limit", strict),
      );
      await withShop({ relayer: newRelayer({ gasLimit: 60_000n }) }, (tight) =>
        refused(payload, "flash_renewal_failed", tight),
      );
    });

    it("more often than the ration allows, when nothing comes of them", async () => {
      const relayer = newRelayer({ ration: { burst: 1, perHour: 0 } });
      await withShop({ relayer }, async (at) => {
        const payer = await endingSoon();
        const extended = await extension(payer, { terms: { newUnlockAt: market.now() + 3_600n } });
        expect((await at.pay(bring(await payer.payment(PRICE, 0n), { extension: extended }))).status).to.equal(200);
        await market.advance(3_100n);
        await market.chain.sync();
        const again = { extension: await extension(payer) };
        await refused(bring(await payer.payment(PRICE, 1n), again), "flash_relay_limit", at);
      });
    });

    it("with any field of another type", async () => {
      const payer = await usedUp();
      const renewal = { topUp: await topUp(payer), extension: await extension(payer) };
      const wire = toWirePayload(bring(await payer.payment(PRICE, 1n), renewal)) as WirePaymentPayload;
      const parts = wire.renewal ?? {};
      const bad: readonly [string, unknown][] = [
        ...Object.keys(parts.topUp ?? {}).map((name): [string, unknown] => [
          `topUp.${name}`,
          { ...parts, topUp: { ...parts.topUp, [name]: {} } },
        ]),
        ...Object.keys(parts.extend ?? {}).map((name): [string, unknown] => [
          `extend.${name}`,
          { ...parts, extend: { ...parts.extend, [name]: -1 } },
        ]),
        ["renewal", 7],
        ["topUp", { ...parts, topUp: [] }],
        ["funding", { ...parts, funding: undefined }],
        ["method", { ...parts, funding: { ...parts.funding, method: "allowance" } }],
        ["funding.signature", { ...parts, funding: { ...parts.funding, signature: "0x0" } }],
        ["extendSignature", { ...parts, extendSignature: 7 }],
      ];
      for (const [, value] of bad) await refused({ ...wire, renewal: value }, "flash_renewal_malformed");
      await refused({ ...wire, renewal: {} }, "flash_renewal_malformed");
    });
  });
});
