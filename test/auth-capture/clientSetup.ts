import { erc20Abi, maxUint256, zeroAddress, type Address, type Hash, type TransactionReceipt } from "viem";
import {
  ESCROW_DEPLOYMENTS,
  authorize,
  capture,
  charge,
  deployOperator,
  getStatus,
  hashPaymentInfo,
  makeTerms,
  predictOperator,
  signCapture,
  signPayment,
  type CollectorCall,
  type Generation,
  type PaymentInfo,
  type PaymentMethod,
  type PaymentStatus,
  type Terms,
} from "x402-escrow/auth-capture";
import { PERMIT2, USDC } from "../base/addresses.ts";
import { actors, testAccount } from "../helpers/actors.ts";
import { deployAuthCapture } from "../helpers/authCapture.ts";
import { connectBase, type Base } from "../helpers/base.ts";
import { mined } from "../helpers/mined.ts";

/** What each party holds at the start: a thousand USDC, in token base units. */
export const FUNDS = 1_000_000_000n;
/** What a payment is for unless a test says otherwise. */
export const AMOUNT = 5_000_000n;
export const HOUR = 3_600n;
export const DAY = 86_400n;
export const TOKEN_DOMAIN = { name: "USD Coin", version: "2" } as const;
export const CHAIN_ID = 8453;
export const EIP3009 = { method: "Eip3009", tokenDomain: TOKEN_DOMAIN } as const satisfies PaymentMethod;

export const payer = actors.buyer;
export const receiver = actors.seller;
export const authorizer = actors.signer;
export const arbiter = actors.otherSeller;
export const stranger = actors.stranger;
/** An operator that is an account, as the scheme's delegated facilitators are. */
export const delegate = actors.otherBuyer;
export const feeReceiver = testAccount(9);

const fee = { feeBps: 100n, feeReceiver: feeReceiver.address };
const disputes = { arbiter: arbiter.address, releaseLead: 2n * DAY, disputeWindow: DAY };

/** The terms that tests use, by kind; a fee is one percent. */
export const TERMS = {
  charge: makeTerms({ authorizer: authorizer.address, ...fee, flags: 1n }),
  hold: makeTerms({ authorizer: authorizer.address, maxHold: 10n * DAY }),
  feeHold: makeTerms({ authorizer: authorizer.address, maxHold: 10n * DAY, ...fee }),
  arbitrated: makeTerms({ authorizer: authorizer.address, maxHold: 10n * DAY, ...disputes }),
  toReceiver: makeTerms({ authorizer: authorizer.address, maxHold: 10n * DAY, ...disputes, ruleLead: DAY, flags: 2n }),
} as const;

/** A payment that can be collected, and everything about it that tests repeat. */
export interface OpenPayment {
  readonly generation: Generation;
  readonly escrow: Address;
  readonly terms: Terms;
  readonly paymentInfo: PaymentInfo;
  readonly paymentInfoHash: Hash;
  /** What signing functions take. */
  readonly here: { readonly chainId: number; readonly escrow: Address; readonly paymentInfo: PaymentInfo };
  /** What actions take. */
  readonly at: { readonly escrow: Address; readonly paymentInfo: PaymentInfo };
}

/** The local Base with our contracts, funded parties, and what tests of the client layer repeat. */
export interface AuthCaptureSetup {
  readonly base: Base;
  readonly factory: Address;
  refundCollector(generation: Generation): Address;
  /** Time of the latest block, unix seconds. */
  now(): Promise<bigint>;
  /** Waits until a transaction is mined; fails when it reverted. */
  done(hash: Promise<Hash>): Promise<TransactionReceipt>;
  /** Makes a payment for the operator of these terms, which is deployed. */
  payment(generation: Generation, terms: Terms, changes?: Partial<PaymentInfo>): Promise<OpenPayment>;
  /** Makes a payment whose operator is an account. */
  delegated(generation: Generation, changes?: Partial<PaymentInfo>): Promise<OpenPayment>;
  sign(payment: OpenPayment, method?: PaymentMethod): Promise<CollectorCall>;
  /** Makes a payment and has it authorized. */
  held(generation: Generation, terms: Terms, changes?: Partial<PaymentInfo>): Promise<OpenPayment>;
  /** Makes a payment, and has it authorized and captured in part. */
  captured(generation: Generation, terms: Terms, amount: bigint): Promise<OpenPayment>;
  charged(generation: Generation): Promise<OpenPayment>;
  status(payment: OpenPayment): Promise<PaymentStatus>;
  balanceOf(owner: Address): Promise<bigint>;
  approve(account: typeof payer, spender: Address): Promise<void>;
  passUntil(timestamp: bigint): Promise<void>;
}

async function startAuthCapture(): Promise<AuthCaptureSetup> {
  const base = await connectBase();
  const contracts = await deployAuthCapture(base);
  const factory = contracts.termsOperatorFactory;
  const { publicClient, wallets } = base;
  const done = async (hash: Promise<Hash>): Promise<TransactionReceipt> => mined(publicClient, await hash);
  const approve = async (account: typeof payer, spender: Address): Promise<void> => {
    const call = { abi: erc20Abi, address: USDC, functionName: "approve", args: [spender, maxUint256] } as const;
    await done(base.walletOf(account).writeContract(call));
  };
  for (const account of [payer, receiver, delegate, stranger]) {
    await base.fundUsdc(account.address, FUNDS);
    await approve(account, PERMIT2);
  }
  const now = async (): Promise<bigint> => (await publicClient.getBlock()).timestamp;

  const paymentFor = async (
    generation: Generation,
    operator: Address,
    terms: Terms,
    changes: Partial<PaymentInfo>,
  ): Promise<OpenPayment> => {
    const { escrow } = ESCROW_DEPLOYMENTS[generation];
    const start = await now();
    const paymentInfo: PaymentInfo = {
      operator,
      payer: payer.address,
      receiver: receiver.address,
      token: USDC,
      maxAmount: AMOUNT,
      preApprovalExpiry: start + HOUR,
      authorizationExpiry: start + 5n * DAY,
      refundExpiry: start + 20n * DAY,
      minFeeBps: terms.feeBps,
      maxFeeBps: terms.feeBps,
      feeReceiver: terms.feeReceiver,
      salt: 1n,
      ...changes,
    };
    const at = { escrow, paymentInfo };
    const here = { chainId: CHAIN_ID, ...at };
    return { generation, escrow, terms, paymentInfo, paymentInfoHash: hashPaymentInfo(here), here, at };
  };

  const setup: AuthCaptureSetup = {
    base,
    factory,
    refundCollector: (generation) =>
      generation === "v1.1" ? contracts.signedRefundCollector : contracts.signedRefundCollectorV1_0,
    now,
    done,
    async payment(generation, terms, changes = {}) {
      const { escrow } = ESCROW_DEPLOYMENTS[generation];
      await done(deployOperator(wallets.relayer, { factory, terms, escrow }));
      return paymentFor(generation, predictOperator({ factory, terms, escrow }), terms, changes);
    },
    delegated: (generation, changes = {}) =>
      paymentFor(generation, delegate.address, TERMS.hold, { maxFeeBps: 100n, feeReceiver: zeroAddress, ...changes }),
    sign: (payment, method = EIP3009) => signPayment(payer, { ...payment.here, payment: method }),
    async held(generation, terms, changes = {}) {
      const payment = await setup.payment(generation, terms, changes);
      await done(authorize(wallets.relayer, { ...payment.at, ...(await setup.sign(payment)) }));
      return payment;
    },
    async captured(generation, terms, amount) {
      const payment = await setup.held(generation, terms);
      const balances = { capturable: AMOUNT, refundable: 0n };
      const signature = await signCapture(authorizer, { ...payment.here, terms, amount, ...balances });
      await done(capture(wallets.relayer, { ...payment.at, amount, signature }));
      return payment;
    },
    async charged(generation) {
      const payment = await setup.payment(generation, TERMS.charge);
      await done(charge(wallets.relayer, { ...payment.at, terms: TERMS.charge, ...(await setup.sign(payment)) }));
      return payment;
    },
    status: ({ here, terms }) => getStatus(publicClient, { ...here, terms }),
    balanceOf: (owner) =>
      publicClient.readContract({ abi: erc20Abi, address: USDC, functionName: "balanceOf", args: [owner] }),
    approve,
    async passUntil(timestamp) {
      await base.networkHelpers.time.increaseTo(timestamp);
    },
  };
  return setup;
}

/** Gives every test of a `describe` the same chain, as it was at the start. */
export function useAuthCapture(): AuthCaptureSetup {
  let setup: AuthCaptureSetup | undefined;
  let restore: () => Promise<void>;

  before(async () => {
    setup = await startAuthCapture();
    ({ restore } = await setup.base.networkHelpers.takeSnapshot());
  });

  afterEach(async () => restore());

  after(async () => setup?.base.close());

  return new Proxy({} as AuthCaptureSetup, {
    get(_, name) {
      if (setup === undefined) throw new Error("The chain starts before the first test, not while tests are declared");
      return Reflect.get(setup, name) as unknown;
    },
  });
}
