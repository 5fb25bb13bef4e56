import { expect } from "chai";
import { erc20Abi, maxUint256, parseEther, type Address } from "viem";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import {
  DEFAULT_LANE,
  type DeferredPayload,
  type Deposit,
  type DepositMethod,
} from "../../client/x402/deferred/index.ts";
import {
  PERMIT2_ADDRESS,
  getAccount,
  randomNonce,
  signSignerAuthorization,
  type DepositAuthorization,
  type SignerAuthorization,
  type Voucher,
} from "../../client/voucher/index.ts";
import { PERMIT2, USDC } from "../base/addresses.ts";
import { mined } from "../helpers/mined.ts";
import { offersOf } from "./helpers/agent.ts";
import { signDepositBy, type PermitTerms, type Signing } from "./helpers/deposits.ts";
import { makePayment, sendPayment, type HandMade } from "./helpers/payment.ts";
import { inSeconds } from "./helpers/relay.ts";
import { openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";
import {
  BAD_ADDRESSES,
  BAD_AMOUNTS,
  BAD_BYTES32,
  BAD_INTEGERS,
  BAD_OBJECTS,
  BAD_SIGNATURES,
  mutate,
} from "./helpers/wireCases.ts";

const PREFIX = "invalid_deferred_evm_payload_";
const ZERO = `0x${"00".repeat(20)}` as Address;
const OTHER = PERMIT2.toLowerCase() as Address;
const AMOUNT = 10n * PRICE;
const DEPOSIT = "payload.depositAuthorization.depositAuthorization";
const PERMIT = "payload.depositAuthorization.permit";
const SIGNER = "payload.signerAuthorization";
const stranger = privateKeyToAccount(generatePrivateKey());

/** What is wrong with a deposit before it is signed. */
interface Wrong {
  readonly authorization?: Partial<DepositAuthorization>;
  readonly signing?: Partial<Signing>;
  readonly permit?: Partial<PermitTerms>;
}

type Row = readonly [what: string, wrong: Wrong, code: string];
type Change = readonly [field: string, value: unknown, code: string];
type Fields = readonly (readonly [field: string, values: readonly unknown[]])[];

const deposits: readonly Row[] = [
  ["of another buyer", { authorization: { buyer: OTHER } }, "deposit_authorization_buyer_mismatch"],
  ["of no buyer", { authorization: { buyer: ZERO } }, "deposit_authorization_buyer_mismatch"],
  ["for another seller", { authorization: { seller: OTHER } }, "deposit_authorization_continuity"],
  ["for no seller", { authorization: { seller: ZERO } }, "deposit_authorization_continuity"],
  ["in another asset", { authorization: { asset: OTHER } }, "deposit_authorization_continuity"],
  ["in no asset", { authorization: { asset: ZERO } }, "deposit_authorization_continuity"],
  ["of zero", { authorization: { amount: 0n } }, "deposit_authorization_below_minimum"],
  ["below the least one", { authorization: { amount: PRICE - 1n } }, "deposit_authorization_below_minimum"],
  ["above the wallet", { authorization: { amount: 10n ** 12n } }, "deposit_authorization_insufficient_allowance"],
  ["above 96 bits", { authorization: { amount: 2n ** 96n } }, "deposit_authorization_insufficient_allowance"],
  ["of 256 bits", { authorization: { amount: maxUint256 } }, "deposit_authorization_insufficient_allowance"],
  ["with nonce zero", { authorization: { nonce: DEFAULT_LANE } }, "deposit_authorization_nonce_invalid"],
  ["past its expiry", { authorization: { expiry: inSeconds(-60n) } }, "deposit_authorization_continuity"],
  ["with expiry zero", { authorization: { expiry: 0n } }, "deposit_authorization_continuity"],
  ["signed by somebody else", { signing: { by: stranger } }, "deposit_authorization_signature"],
  ["for another chain", { signing: { chainId: 84_532 } }, "deposit_authorization_signature"],
  ["for another escrow", { signing: { escrow: OTHER } }, "deposit_authorization_signature"],
];

const tokenDeposits: readonly Row[] = [
  ["for a token of another name", { signing: { token: { name: "USDC" } } }, "deposit_authorization_signature"],
  ["for a token of another version", { signing: { token: { version: "1" } } }, "deposit_authorization_signature"],
];

const permits: readonly Row[] = [
  ["for another spender", { permit: { escrow: OTHER } }, "permit_continuity"],
  ["for no spender", { permit: { escrow: ZERO } }, "permit_continuity"],
  ["of zero", { permit: { value: 0n } }, "permit_continuity"],
  ["below the deposit", { permit: { value: AMOUNT - 1n } }, "permit_continuity"],
  ["past its deadline", { permit: { deadline: inSeconds(-60n) } }, "permit_continuity"],
  ["with deadline zero", { permit: { deadline: 0n } }, "permit_continuity"],
  ["with a nonce that was used", { permit: { nonce: 0n } }, "permit_nonce_invalid"],
  ["with a nonce to come", { permit: { nonce: 2n } }, "permit_nonce_invalid"],
  ["with a nonce of 256 bits", { permit: { nonce: maxUint256 } }, "permit_nonce_invalid"],
  ["signed by somebody else", { permit: { by: stranger } }, "permit_signature"],
  ["for another chain", { permit: { chainId: 84_532 } }, "permit_signature"],
  ["for another token", { permit: { asset: OTHER } }, "permit_signature"],
  ["for a token of another name", { permit: { token: { name: "USDC" } } }, "permit_signature"],
];

const changedDeposits: readonly Change[] = [
  ["amount", (AMOUNT / 2n).toString(), "deposit_authorization_signature"],
  ["nonce", `0x${"77".repeat(32)}`, "deposit_authorization_signature"],
  ["expiry", Number(inSeconds(5_000n)), "deposit_authorization_signature"],
  ["signature", `0x${"00".repeat(65)}`, "deposit_authorization_signature"],
];

const changedPermits: readonly Change[] = [
  ["owner", OTHER, "permit_continuity"],
  ["owner", ZERO, "permit_continuity"],
  ["value", (2n * AMOUNT).toString(), "permit_signature"],
  ["nonce", 7, "permit_signature"],
  ["deadline", Number(inSeconds(5_000n)), "permit_signature"],
  ["domain", { name: "USDC", version: "2" }, "permit_signature"],
  ["signature", `0x${"00".repeat(65)}`, "permit_signature"],
];

const depositFields: Fields = [
  ["buyer", BAD_ADDRESSES],
  ["seller", BAD_ADDRESSES],
  ["asset", BAD_ADDRESSES],
  ["amount", BAD_AMOUNTS.filter((value) => typeof value !== "bigint")],
  ["nonce", BAD_BYTES32],
  ["expiry", [...BAD_INTEGERS, (2n ** 64n).toString()]],
  ["signature", BAD_SIGNATURES],
];

const permitFields: Fields = [
  ["owner", BAD_ADDRESSES],
  ["spender", BAD_ADDRESSES],
  ["value", BAD_AMOUNTS.filter((value) => typeof value !== "bigint")],
  ["nonce", [...BAD_INTEGERS, (2n ** 256n).toString()]],
  ["deadline", [...BAD_INTEGERS, (2n ** 256n).toString()]],
  ["domain", BAD_OBJECTS],
  ["domain.name", [undefined, 7, "x".repeat(129)]],
  ["domain.version", [undefined, 7, "x".repeat(129)]],
  ["signature", BAD_SIGNATURES],
];

const signerFields: Fields = [
  ["signer", BAD_ADDRESSES],
  ["validUntil", [...BAD_INTEGERS, (2n ** 64n).toString()]],
  ["expiry", [...BAD_INTEGERS, (2n ** 64n).toString()]],
  ["signature", BAD_SIGNATURES],
];

describe("x402 deferred: bad authorizations", function () {
  this.timeout(120_000);

  let market: Market;
  let shop: Shop;
  let buyer: PrivateKeyAccount;
  before(async () => {
    market = await openMarket();
  });
  after(() => market.close());

  /** A buyer that has paid with all it had in its account, by a permit with nonce zero. */
  async function meet(): Promise<void> {
    shop = await market.openShop();
    buyer = await market.newBuyer();
    const deposit = await makeDeposit("eip2612", { authorization: { amount: PRICE }, permit: { nonce: 0n } });
    const first = { nonce: 0n, valueAggregate: PRICE };
    expect((await sendPayment(shop, await pay({ deposit }, first))).status).to.equal(200);
  }

  async function approve(spender: Address): Promise<void> {
    const { testClient, publicClient } = market.base;
    await testClient.setBalance({ address: buyer.address, value: parseEther("1") });
    const call = { address: USDC, abi: erc20Abi, functionName: "approve", args: [spender, maxUint256] } as const;
    await mined(publicClient, await market.base.walletOf(buyer).writeContract(call));
  }

  function makeDeposit(method: DepositMethod, { authorization, signing, permit }: Wrong = {}): Promise<Deposit> {
    const here: Signing = { chainId: 8453, escrow: market.escrow, by: buyer };
    const terms: DepositAuthorization = {
      buyer: buyer.address.toLowerCase() as Address,
      seller: shop.seller.address.toLowerCase() as Address,
      asset: USDC.toLowerCase() as Address,
      amount: AMOUNT,
      nonce: randomNonce(),
      expiry: inSeconds(600n),
      ...authorization,
    };
    const allowed = { ...here, value: terms.amount, nonce: 1n, deadline: inSeconds(600n), ...permit };
    return signDepositBy(method, { ...here, ...signing, authorization: terms, permit: allowed });
  }

  /** The buyer's next payment. */
  function pay(
    extras: Omit<DeferredPayload, "voucher" | "signature">,
    voucher: Partial<Voucher> = { nonce: 1n, valueAggregate: 2n * PRICE },
    signer = buyer,
  ): Promise<HandMade> {
    return makePayment({ shop, escrow: market.escrow, buyer: buyer.address, signer, voucher, extras });
  }

  /** What must be as it was after a refusal: vouchers, balances, what was served, and what the relayer has spent. */
  async function readState(): Promise<unknown> {
    const { publicClient, actors } = market.base;
    const account = { ...shop.acceptor.escrow, buyer: buyer.address, seller: shop.seller.address, asset: USDC };
    const holder = { address: USDC, abi: erc20Abi, functionName: "balanceOf" } as const;
    return {
      served: shop.served.length,
      errors: shop.errors.length,
      lanes: await shop.store.listLanesOf(account),
      account: await getAccount(publicClient, account),
      wallet: await publicClient.readContract({ ...holder, args: [buyer.address] }),
      sent: await publicClient.getTransactionCount({ address: actors.relayer.address }),
    };
  }

  async function expectRefused(payment: unknown, code: string): Promise<void> {
    const response = await sendPayment(shop, payment);
    expect([response.status, await response.text(), offersOf(response).error]).to.deep.equal([402, "{}", code]);
    expect(response.headers.get("PAYMENT-RESPONSE")).to.equal(null);
  }

  let known: unknown;
  const remember = async () => {
    known = await readState();
  };
  const expectNothingLost = async () => {
    expect(await readState()).to.deep.equal(known);
  };

  async function expectMalformed(payment: unknown, path: string, fields: Fields, code: string): Promise<void> {
    for (const [field, values] of fields) {
      for (const value of values) await expectRefused(mutate(payment, `${path}.${field}`, value), `${PREFIX}${code}`);
    }
  }

  for (const method of ["eip3009", "permit2", "eip2612", "allowance"] as const) {
    describe(`a deposit by ${method}`, () => {
      before(async () => {
        await meet();
        if (method === "permit2") await approve(PERMIT2_ADDRESS);
        if (method === "allowance") await approve(market.escrow);
        await remember();
      });
      afterEach(expectNothingLost);

      for (const [what, wrong, code] of [...deposits, ...(method === "eip3009" ? tokenDeposits : [])]) {
        it(`is refused ${what}`, async () => {
          await expectRefused(await pay({ deposit: await makeDeposit(method, wrong) }), `${PREFIX}${code}`);
        });
      }

      for (const [field, value, code] of changedDeposits) {
        it(`is refused when ${field} is not what was signed`, async () => {
          const payment = await pay({ deposit: await makeDeposit(method) });
          await expectRefused(mutate(payment, `${DEPOSIT}.${field}`, value), `${PREFIX}${code}`);
        });
      }

      it("is refused when it is malformed", async () => {
        const payment = await pay({ deposit: await makeDeposit(method) });
        await expectMalformed(payment, DEPOSIT, depositFields, "deposit_authorization_malformed");
      });

      it("is executed when nothing is wrong, and brings nothing a second time", async () => {
        const deposit = await makeDeposit(method, { authorization: { amount: PRICE } });
        expect((await sendPayment(shop, await pay({ deposit }))).status).to.equal(200);
        await remember();
        await expectRefused(await pay({ deposit }, { nonce: 2n, valueAggregate: 3n * PRICE }), "insufficient_funds");
      });
    });
  }

  describe("a permit in front of an allowance", () => {
    before(async () => {
      await meet();
      await remember();
    });
    afterEach(expectNothingLost);

    for (const [what, wrong, code] of permits) {
      it(`is refused ${what}`, async () => {
        await expectRefused(await pay({ deposit: await makeDeposit("eip2612", wrong) }), `${PREFIX}${code}`);
      });
    }

    for (const [field, value, code] of changedPermits) {
      it(`is refused when ${field} is not what was signed`, async () => {
        const payment = await pay({ deposit: await makeDeposit("eip2612") });
        await expectRefused(mutate(payment, `${PERMIT}.${field}`, value), `${PREFIX}${code}`);
      });
    }

    it("is refused for a domain that is not the token's, whatever it says of it", async () => {
      const token = { name: "USDC", version: "2" };
      const payment = await pay({ deposit: await makeDeposit("eip2612", { permit: { token } }) });
      await expectRefused(mutate(payment, `${PERMIT}.domain`, token), `${PREFIX}permit_signature`);
    });

    it("is refused when it is malformed", async () => {
      const payment = await pay({ deposit: await makeDeposit("eip2612") });
      await expectMalformed(payment, PERMIT, permitFields, "permit_malformed");
    });
  });

  describe("a session signer", () => {
    let signer: PrivateKeyAccount;
    before(async () => {
      await meet();
      const deposit = await makeDeposit("eip3009");
      expect((await sendPayment(shop, await pay({ deposit }))).status).to.equal(200);
      signer = privateKeyToAccount(generatePrivateKey());
      await remember();
    });
    afterEach(expectNothingLost);

    async function payBy(
      changes: Partial<SignerAuthorization> = {},
      { by = buyer, ...elsewhere }: Partial<Signing> = {},
    ): Promise<HandMade> {
      const authorization = {
        buyer: buyer.address.toLowerCase() as Address,
        signer: signer.address.toLowerCase() as Address,
        validUntil: inSeconds(3_000_000n),
        expiry: inSeconds(600n),
        ...changes,
      };
      const reference = { chainId: 8453, escrow: market.escrow, ...elsewhere, authorization };
      const signature = await signSignerAuthorization(by, reference);
      const voucher = { nonce: 2n, valueAggregate: 3n * PRICE };
      return pay({ signerAuthorization: { authorization, signature } }, voucher, signer);
    }

    const wrong: readonly [string, () => Promise<HandMade>, string][] = [
      ["that is another key than the voucher's", () => payBy({ signer: OTHER }), "signature"],
      ["that is nobody", () => payBy({ signer: ZERO }), "signature"],
      ["that is the buyer", () => payBy({ signer: buyer.address }), "signer_authorization_continuity"],
      ["past its expiry", () => payBy({ expiry: inSeconds(-60n) }), "signer_authorization_continuity"],
      ["with expiry zero", () => payBy({ expiry: 0n }), "signer_authorization_continuity"],
      ["of another buyer", () => payBy({ buyer: OTHER }), "signer_authorization_failed"],
      ["signed by somebody else", () => payBy({}, { by: stranger }), "signer_authorization_failed"],
      ["for another chain", () => payBy({}, { chainId: 84_532 }), "signer_authorization_failed"],
      ["for another escrow", () => payBy({}, { escrow: OTHER }), "signer_authorization_failed"],
      ["that has ended", () => payBy({ validUntil: inSeconds(-60n) }), "signer_expired"],
      ["that ends before the seller can collect", () => payBy({ validUntil: inSeconds(86_400n) }), "signer_expired"],
      ["that never begins", () => payBy({ validUntil: 0n }), "signer_expired"],
    ];
    for (const [what, make, code] of wrong) {
      it(`is refused ${what}`, async () => {
        await expectRefused(await make(), `${PREFIX}${code}`);
      });
    }

    const changed: readonly Change[] = [
      ["signer", OTHER, "signature"],
      ["validUntil", Number(inSeconds(4_000_000n)), "signer_authorization_failed"],
      ["expiry", Number(inSeconds(5_000n)), "signer_authorization_failed"],
      ["signature", `0x${"00".repeat(65)}`, "signer_authorization_failed"],
    ];
    for (const [field, value, code] of changed) {
      it(`is refused when ${field} is not what was signed`, async () => {
        await expectRefused(mutate(await payBy(), `${SIGNER}.${field}`, value), `${PREFIX}${code}`);
      });
    }

    it("is refused when it is malformed", async () => {
      await expectMalformed(await payBy(), SIGNER, signerFields, "signer_authorization_malformed");
    });

    it("is authorized when nothing is wrong, and not sent again", async () => {
      const payment = await payBy();
      expect((await sendPayment(shop, payment)).status).to.equal(200);
      await remember();
      await expectRefused(payment, `${PREFIX}voucher_already_accepted`);
    });
  });
});
