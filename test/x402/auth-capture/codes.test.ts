import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import {
  createWalletClient,
  custom,
  erc20Abi,
  keccak256,
  maxUint256,
  parseAbi,
  zeroAddress,
  type Address,
  type Hex,
} from "viem";
import { base as baseChain } from "viem/chains";
import { ERROR_CODE_PREFIX, ERROR_CODES, hashPaymentInfo, type ErrorCode } from "../../../client/auth-capture/index.ts";
import { PERMIT2, USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { deploy } from "../helpers/relay.ts";
import {
  openBench,
  plainHold,
  PRICE,
  withPayload,
  type Bench,
  type OfferOptions,
  type Served,
  type Signed,
} from "./helpers/bench.ts";
import { makeLifecycle, signAs, type LifecycleOptions } from "./helpers/lifecycle.ts";

/** What a facilitator is sent. */
interface Sent {
  readonly payload: PaymentPayload;
  readonly requirements: PaymentRequirements;
  /** Another facilitator than the usual one. */
  readonly at?: Served;
}

/** How a code is provoked. */
interface Case {
  readonly code: ErrorCode;
  readonly what: string;
  /** Codes that only one of the two gives. */
  readonly only?: "verify" | "settle";
  readonly make: () => Promise<Sent>;
}

const STRANGER: Address = `0x${"ab".repeat(20)}`;
const DAY = 86_400n;

describe("x402 auth-capture facilitator: codes", function () {
  this.timeout(240_000);

  let bench: Bench;
  let snapshot: Awaited<ReturnType<Bench["base"]["networkHelpers"]["takeSnapshot"]>>;
  before(async () => {
    bench = await openBench();
    snapshot = await bench.base.networkHelpers.takeSnapshot();
  });
  afterEach(() => snapshot.restore());
  after(() => bench.close());

  const delegated = { isDelegated: true } as const;

  /** A payment that is well but for its requirements. */
  const offered = async (options: OfferOptions): Promise<Sent> => bench.payment(options);

  /** A good payment, and requirements that are changed after it was signed. */
  async function changed(
    extra: Record<string, unknown>,
    rest: Partial<PaymentRequirements> = {},
    options: OfferOptions = {},
  ): Promise<Sent> {
    const { payload, requirements } = await bench.payment(options);
    return { payload, requirements: { ...requirements, ...rest, extra: { ...requirements.extra, ...extra } } };
  }

  /** A good payment with other fields. */
  async function altered(changes: Record<string, unknown>, options: OfferOptions = {}): Promise<Sent> {
    const { payload, requirements } = await bench.payment(options);
    return { payload: withPayload(payload, changes), requirements };
  }

  async function authorizationWith(part: Record<string, unknown>): Promise<Sent> {
    const { payload, requirements } = await bench.payment();
    const authorization = { ...(payload.payload["authorization"] as object), ...part };
    return { payload: withPayload(payload, { authorization }), requirements };
  }

  /** A payment that is held, and what the seller asks for then. */
  async function held(
    options: Partial<LifecycleOptions> & Pick<LifecycleOptions, "type">,
    offer: OfferOptions = {},
    at: Served = bench.facilitator,
  ): Promise<Sent & { readonly signed: Signed }> {
    const signed = await bench.payment(offer);
    const { success, errorMessage } = await at.settle(signed.payload, signed.requirements);
    expect(success, errorMessage).to.equal(true);
    const lifecycle = { by: bench.seller, capturable: PRICE, ...options };
    return { signed, at, requirements: signed.requirements, payload: await makeLifecycle(signed, lifecycle) };
  }

  const heldByAccount = (options: Partial<LifecycleOptions> & Pick<LifecycleOptions, "type">, at?: Served) =>
    held(options, delegated, at);

  /** A charge that the seller has completed. */
  async function charged(
    completion: { amount?: bigint; feeAmount?: bigint; feeReceiver?: Address; signature?: Hex },
    options: OfferOptions = delegated,
  ): Promise<Sent> {
    const extra = { paymentFlow: "authorization", receiverAuthorizer: bench.seller.address, ...options.extra };
    const signed = await bench.payment({ ...options, extra });
    const { amount = PRICE, feeAmount = 0n, feeReceiver = zeroAddress } = completion;
    const { signature, authorization } = signed.payload.payload as { signature: Hex; authorization: { to: Address } };
    const message = {
      paymentInfoHash: hashPaymentInfo(signed.payment),
      amount,
      tokenCollector: authorization.to,
      collectorDataHash: keccak256(signature),
      feeAmount,
      feeReceiver,
    };
    const authorizerSignature = completion.signature ?? (await signAs(bench.seller, signed.payment, "Charge", message));
    const added = { amount: amount.toString(), feeAmount: feeAmount.toString(), feeReceiver, authorizerSignature };
    return { payload: withPayload(signed.payload, added), requirements: signed.requirements };
  }

  const FEES = { feeRecipient: STRANGER, minFeeBps: 100, maxFeeBps: 200 };

  /** A facilitator that pays for refunds. */
  async function sponsor(): Promise<Served> {
    const { sender, base } = bench;
    const spender: Address = "0x7a03443724d14798c4AB4622F1DAAcA761Fea486";
    const call = { address: USDC, abi: erc20Abi, functionName: "approve", args: [spender, maxUint256] } as const;
    await mined(base.publicClient, await sender.writeContract(call));
    await base.fundUsdc(sender.account.address, 10n * PRICE);
    return bench.serve({ fundsRefund: () => true });
  }

  /** A facilitator whose transactions are mined after something has happened. */
  async function overtaken(meanwhile: () => Promise<unknown>): Promise<Served> {
    const { provider } = bench.base.connection;
    const request = async (args: { method: string; params?: unknown }) => {
      if (args.method !== "eth_sendRawTransaction") return provider.request(args as never);
      await meanwhile();
      // Mined apart, the node says nothing of a revert when it is sent.
      await provider.request({ method: "evm_setAutomine", params: [false] });
      const hash = await provider.request(args as never);
      await provider.request({ method: "evm_mine", params: [] });
      await provider.request({ method: "evm_setAutomine", params: [true] });
      return hash;
    };
    const wallet = createWalletClient({
      account: bench.sender.account,
      chain: baseChain,
      transport: custom({ request }, { retryCount: 0 }),
    });
    return bench.serve({ wallet });
  }

  async function drain(account: Address): Promise<void> {
    const { testClient, publicClient } = bench.base;
    await testClient.setBalance({ address: account, value: 10n ** 18n });
    await testClient.impersonateAccount({ address: account });
    const wallet = bench.base.walletOf({ address: account, type: "json-rpc" } as never);
    const args = [STRANGER, await bench.usdcOf(account)] as const;
    await mined(
      publicClient,
      await wallet.writeContract({ address: USDC, abi: erc20Abi, functionName: "transfer", args }),
    );
  }

  const CASES: readonly Case[] = [
    { code: "payload_format", what: "a field is missing", make: () => altered({ salt: undefined }) },
    {
      code: "payload_format",
      what: "a hold with a charge's fields",
      make: () => altered({ amount: "1", feeAmount: "0", feeReceiver: zeroAddress }),
    },
    { code: "payload_type", what: "an unknown type", make: () => altered({ type: "reclaim" }) },
    {
      code: "payload_type",
      what: "captureAndVoid by an account",
      make: () => heldByAccount({ type: "captureAndVoid", amount: 1n }),
    },
    {
      code: "void_authorizer_signature",
      what: "a void's signature for an operator with terms",
      make: () =>
        held({ type: "capture", amount: 1n, withVoid: true }, { extra: { receiverAuthorizer: bench.seller.address } }),
    },
    {
      code: "void_authorizer_signature",
      what: "a wrong one",
      make: async () => {
        const sent = await heldByAccount({ type: "capture", amount: 1n });
        const { authorizerSignature: voidAuthorizerSignature } = sent.payload.payload;
        return { ...sent, payload: withPayload(sent.payload, { voidAuthorizerSignature }) };
      },
    },
    {
      code: "void_remainder_full_capture",
      what: "nothing is left to void",
      make: () => heldByAccount({ type: "capture", amount: PRICE, withVoid: true }),
    },
    {
      code: "unsupported_payment_flow",
      what: "an unknown flow",
      make: () => changed({ paymentFlow: "upfront" }),
    },
    { code: "unsupported_payment_flow", what: "autoCapture", make: () => changed({ autoCapture: true }) },
    {
      code: "scheme",
      what: "a payment for another scheme",
      make: async () => {
        const { payload, requirements } = await bench.payment();
        return { payload: { ...payload, accepted: { ...requirements, scheme: "exact" } }, requirements };
      },
    },
    {
      code: "network_mismatch",
      what: "a payment for another network",
      make: async () => {
        const { payload, requirements } = await bench.payment();
        return { payload: { ...payload, accepted: { ...requirements, network: "eip155:1" } }, requirements };
      },
    },
    {
      code: "network_mismatch",
      what: "a network that is not served",
      make: async () => {
        const { payload, requirements } = await bench.payment({ requirements: { network: "eip155:1" } });
        return { payload, requirements };
      },
    },
    { code: "extra", what: "another escrow", make: () => changed({ authCaptureEscrow: STRANGER }) },
    { code: "extra", what: "a fee for nobody", make: () => changed({ maxFeeBps: 1 }) },
    { code: "extra", what: "fees out of order", make: () => changed({ ...FEES, minFeeBps: 300 }) },
    {
      code: "missing_receiver_authorizer",
      what: "a charge without one",
      make: () => changed({ paymentFlow: "authorization" }),
    },
    {
      code: "unsupported_operator_type",
      what: "the reserved one",
      make: () => changed({ operatorType: "policy" }),
    },
    { code: "policy", what: "a policy", make: () => changed({ policy: STRANGER }) },
    {
      code: "lifecycle_not_relayed",
      what: "an operator that no factory made",
      make: async () => {
        const at = await bench.serve({ lifecycleFactories: [], customOperators: "*" });
        return { ...(await held({ type: "void" })), at };
      },
    },
    {
      code: "lifecycle_not_relayed",
      what: "its own account without an authorizer",
      make: () => held({ type: "void" }, { isDelegated: true, extra: { receiverAuthorizer: zeroAddress } }),
    },
    {
      code: "operator_type_mismatch",
      what: "no contract there",
      make: () => offered({ isDeployed: false, terms: plainHold(STRANGER) }),
    },
    {
      code: "operator_not_admitted",
      what: "somebody else's account",
      make: () => offered({ ...delegated, extra: { captureAuthorizer: STRANGER } }),
    },
    {
      code: "operator_not_admitted",
      what: "a contract that no factory made",
      make: () => offered({ extra: { captureAuthorizer: bench.contracts.termsOperator } }),
    },
    {
      code: "operator_mismatch",
      what: "a void of another operator's payment",
      make: async () => {
        const sent = await held({ type: "void" });
        const paymentInfo = { ...(sent.payload.payload["paymentInfo"] as object), operator: STRANGER };
        return { ...sent, payload: withPayload(sent.payload, { paymentInfo }) };
      },
    },
    {
      code: "salt_binding_mismatch",
      what: "another salt nonce",
      make: () => altered({ saltNonce: `0x${"00".repeat(32)}` }, delegated),
    },
    {
      code: "authorizer_signature",
      what: "a void by a stranger, checked here",
      make: () => held({ type: "void", by: bench.base.actors.stranger }, delegated),
    },
    {
      code: "authorizer_signature",
      what: "a void by a stranger, checked on-chain",
      make: () => held({ type: "void", by: bench.base.actors.stranger }),
    },
    {
      code: "authorizer_signature",
      what: "a charge by a stranger",
      make: () => charged({ signature: `0x${"11".repeat(65)}` }),
    },
    {
      code: "unauthenticated_authorizer_request",
      what: "a void without a signature",
      make: async () => {
        const sent = await held({ type: "void" });
        return { ...sent, payload: withPayload(sent.payload, { authorizerSignature: undefined }) };
      },
    },
    {
      code: "unauthenticated_authorizer_request",
      what: "a charge that nobody completed",
      only: "settle",
      make: () => offered({ ...delegated, extra: { paymentFlow: "authorization" } }),
    },
    {
      code: "unexpected_payment_state",
      what: "a capture that was signed for another hold",
      make: () => held({ type: "capture", amount: 1n, capturable: PRICE - 1n }),
    },
    {
      code: "refund_funding_unavailable",
      what: "a refund that nobody funds",
      make: () => heldByAccount({ type: "refund", amount: 1n }),
    },
    {
      code: "unsupported_asset_transfer_method",
      what: "another method",
      make: () => changed({ assetTransferMethod: "permit" }),
    },
    {
      code: "payload_method_mismatch",
      what: "the other method",
      make: () => changed({ assetTransferMethod: "permit2" }),
    },
    {
      code: "capture_deadline_expired",
      what: "no time to capture",
      make: async () => {
        const captureDeadline = Math.floor(Date.now() / 1000) + 5;
        return offered({ requirements: { maxTimeoutSeconds: 1 }, extra: { captureDeadline } });
      },
    },
    {
      code: "capture_deadline_expired",
      what: "a capture after its time",
      make: async () => {
        const sent = await held({ type: "capture", amount: 1n });
        await bench.base.networkHelpers.time.increase(4n * DAY);
        return sent;
      },
    },
    {
      code: "refund_deadline_expired",
      what: "a refund after its time",
      make: async () => {
        const at = await sponsor();
        const sent = await heldByAccount({ type: "refund", amount: 1n, refundable: 1n, capturable: PRICE - 1n }, at);
        const capture = await makeLifecycle(sent.signed, {
          by: bench.seller,
          type: "capture",
          amount: 1n,
          capturable: PRICE,
        });
        expect((await at.settle(capture, sent.requirements)).success).to.equal(true);
        await bench.base.networkHelpers.time.increase(31n * DAY);
        return sent;
      },
    },
    {
      code: "deadline_ordering",
      what: "refunds that end before captures",
      make: () => offered({ extra: { refundDeadline: 1 } }),
    },
    {
      code: "deadline_ordering",
      what: "a signature that outlives captures",
      make: async () => {
        const sent = await offered({ requirements: { maxTimeoutSeconds: 10 ** 8 } });
        return { ...sent, requirements: { ...sent.requirements, maxTimeoutSeconds: 60 } };
      },
    },
    {
      code: "authorization_expired",
      what: "a signature about to expire",
      make: () => offered({ requirements: { maxTimeoutSeconds: 3 } }),
    },
    {
      code: "authorization_not_yet_valid",
      what: "a signature for later",
      make: () => authorizationWith({ validAfter: "4000000000" }),
    },
    { code: "signature", what: "another's signature", make: () => altered({ signature: `0x${"11".repeat(65)}` }) },
    {
      code: "erc6492_factory_not_allowed",
      what: "a wallet of an unknown factory",
      make: async () => {
        const requirements = await bench.offer();
        const payload = await bench.sign(await bench.wallet(false), requirements);
        return { payload, requirements, at: await bench.serve({ walletFactories: [] }) };
      },
    },
    {
      code: "amount_mismatch",
      what: "another price",
      make: () => changed({}, { amount: (PRICE + 1n).toString() }),
    },
    { code: "amount_mismatch", what: "a charge of more than was signed", make: () => charged({ amount: PRICE + 1n }) },
    { code: "amount_mismatch", what: "a charge of nothing", make: () => charged({ amount: 0n }) },
    {
      code: "token_collector_mismatch",
      what: "another collector",
      make: () => authorizationWith({ to: STRANGER }),
    },
    {
      code: "token_mismatch",
      what: "another token",
      make: async () => {
        const { payload, requirements } = await bench.payment({ extra: { assetTransferMethod: "permit2" } });
        const permit = payload.payload["permit2Authorization"] as object;
        const permitted = { token: STRANGER, amount: PRICE.toString() };
        return { payload: withPayload(payload, { permit2Authorization: { ...permit, permitted } }), requirements };
      },
    },
    { code: "nonce_mismatch", what: "another salt", make: () => altered({ salt: `0x${"01".repeat(32)}` }) },
    {
      code: "nonce_mismatch",
      what: "another receiver",
      make: () => changed({}, { payTo: STRANGER }),
    },
    {
      code: "nonce_mismatch",
      what: "a void of another receiver's payment",
      make: async () => {
        const sent = await held({ type: "void" });
        return { ...sent, requirements: { ...sent.requirements, payTo: STRANGER } };
      },
    },
    {
      code: "insufficient_balance",
      what: "a payer without tokens",
      make: async () => {
        const requirements = await bench.offer();
        return { payload: await bench.sign(await bench.payer(PRICE - 1n), requirements), requirements };
      },
    },
    {
      code: "simulation_failed",
      what: "a hold that is too long for its operator",
      make: async () => {
        const time = Number(await bench.now());
        return offered({ extra: { captureDeadline: time + 20 * 86_400 } });
      },
    },
    {
      code: "verification_failed",
      what: "a chain that does not answer",
      only: "settle",
      make: async () => {
        const request = () => Promise.reject(new Error("no chain"));
        const client = { ...bench.base.publicClient, request } as never;
        return { ...(await bench.payment()), at: await bench.serve({ client }) };
      },
    },
    {
      code: "transaction_reverted",
      what: "a payer that spends its tokens meanwhile",
      only: "settle",
      make: async () => {
        const signed = await bench.payment();
        return { ...signed, at: await overtaken(() => drain(signed.payer.address)) };
      },
    },
    {
      code: "amount_overflow",
      what: "more than 120 bits",
      make: async () => {
        const amount = (2n ** 120n).toString();
        const requirements = await bench.offer();
        // The stock client makes no hash of such an amount, so only the signature of another one is changed.
        const { payload } = await signWide(amount, requirements);
        return { payload, requirements: { ...requirements, amount } };
      },
    },
    {
      code: "payment_already_collected",
      what: "the same payment again",
      make: async () => {
        const { payload, requirements } = await bench.payment();
        expect((await bench.facilitator.settle(payload, requirements)).success).to.equal(true);
        return { payload, requirements };
      },
    },
    {
      code: "token_collection_failed",
      what: "a token that takes a fee",
      make: async () => {
        const { base } = bench;
        const asset = await deploy(base, "FeeOnTransferToken", []);
        const payer = await bench.payer(0n);
        const abi = parseAbi(["function mint(address to, uint256 amount)"]);
        await mined(
          base.publicClient,
          await base.wallets.deployer.writeContract({
            address: asset,
            abi,
            functionName: "mint",
            args: [payer.address, 2n * PRICE],
          }),
        );
        await approveToken(payer.address, asset);
        const extra = { assetTransferMethod: "permit2" };
        const requirements = await bench.offer({ ...delegated, requirements: { asset }, extra });
        const payload = await bench.sign(payer, requirements);
        return { payload, requirements, at: await bench.serve({ minimumAmounts: { [asset]: 1n } }) };
      },
    },
    {
      code: "fee_bps_out_of_range",
      what: "a charge above the greatest fee",
      make: () => charged({ feeAmount: PRICE / 10n, feeReceiver: STRANGER }, { ...delegated, extra: FEES }),
    },
    {
      code: "zero_fee_receiver",
      what: "a charge with a fee for nobody",
      make: () => charged({ feeAmount: PRICE / 100n }, { ...delegated, extra: FEES }),
    },
    {
      code: "fee_receiver",
      what: "a charge with a fee for another",
      make: () => charged({ feeAmount: PRICE / 100n, feeReceiver: USDC }, { ...delegated, extra: FEES }),
    },
    {
      code: "insufficient_authorization",
      what: "a capture of more than is held",
      make: () => held({ type: "capture", amount: PRICE + 1n }),
    },
    {
      code: "insufficient_authorization",
      what: "the same by an account",
      make: () => heldByAccount({ type: "capture", amount: PRICE + 1n }),
    },
    {
      code: "zero_authorization",
      what: "a void of nothing",
      make: async () => {
        const sent = await held({ type: "void" });
        const capture = await makeLifecycle(sent.signed, {
          by: bench.seller,
          type: "capture",
          amount: PRICE,
          capturable: PRICE,
        });
        expect((await bench.facilitator.settle(capture, sent.requirements)).success).to.equal(true);
        return sent;
      },
    },
    {
      code: "refund_exceeds_capture",
      what: "a refund of more than was captured",
      make: async () => heldByAccount({ type: "refund", amount: 1n }, await sponsor()),
    },
  ];

  async function signWide(amount: string, requirements: PaymentRequirements) {
    const payer = await bench.payer(0n);
    const payload = await bench.sign(payer, requirements);
    const old = payload.payload["authorization"] as Record<string, string>;
    const authorization = { ...old, value: amount };
    const types = {
      ReceiveWithAuthorization: [
        { name: "from", type: "address" },
        { name: "to", type: "address" },
        { name: "value", type: "uint256" },
        { name: "validAfter", type: "uint256" },
        { name: "validBefore", type: "uint256" },
        { name: "nonce", type: "bytes32" },
      ],
    };
    const { name, version } = requirements.extra as { name: string; version: string };
    const domain = { name, version, chainId: 8453, verifyingContract: USDC };
    const data = { domain, types, primaryType: "ReceiveWithAuthorization", message: authorization };
    const signature = await payer.account.signTypedData(data as never);
    return { payload: withPayload(payload, { authorization, signature }) };
  }

  async function approveToken(owner: Address, token: Address): Promise<void> {
    const { testClient, publicClient } = bench.base;
    await testClient.setBalance({ address: owner, value: 10n ** 18n });
    await testClient.impersonateAccount({ address: owner });
    const wallet = bench.base.walletOf({ address: owner, type: "json-rpc" } as never);
    const call = { address: token, abi: erc20Abi, functionName: "approve", args: [PERMIT2, maxUint256] } as const;
    await mined(publicClient, await wallet.writeContract(call));
  }

  for (const { code, what, only, make } of CASES) {
    it(`${code}: ${what}`, async () => {
      const { payload, requirements, at = bench.facilitator } = await make();
      const wanted = `${ERROR_CODE_PREFIX}${code}`;
      if (only !== "settle") {
        const verified = await at.verify(payload, requirements);
        expect([verified.isValid, verified.invalidReason], verified.invalidMessage).to.deep.equal([false, wanted]);
      }
      const transactions = await bench.sent(async () => {
        const settled = await at.settle(payload, requirements);
        expect([settled.success, settled.errorReason], settled.errorMessage).to.deep.equal([false, wanted]);
      });
      // What is refused moves nothing.
      expect(transactions).to.equal(code === "transaction_reverted" ? 1 : 0);
    });
  }

  it("are each provoked, or the table of codes says why not", () => {
    const page = readFileSync(new URL("../../../docs/x402/auth-capture.md", import.meta.url), "utf8");
    const rows = new Map(
      [...page.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)].map(([, code, text]) => [code, text ?? ""] as const),
    );
    const provoked = new Set<string>(CASES.map(({ code }) => code));
    for (const code of ERROR_CODES) {
      expect(rows.has(code), `${code} has no row`).to.equal(true);
      const isUnreachable = rows.get(code)?.startsWith("Never given:") ?? false;
      expect(provoked.has(code), code).to.equal(!isUnreachable);
    }
  });
});
