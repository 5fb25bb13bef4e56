import type { Address } from "viem";
import { largest } from "../../core/amounts.ts";
import type { TypedDataSigner } from "../../voucher/index.ts";
import type { DepositPolicy } from "./buyerDeposits.ts";
import type { BuyerEvent, BuyerLimits, BuyerOptions, PaymentTerms } from "./buyerTypes.ts";
import { DeferredConfigurationError, VoucherLifetimeError } from "./errors.ts";
import { createEscrowTrust } from "./escrowTrust.ts";

const DAY = 86_400n;
const DEFAULT_VOUCHER_LIFETIME = 7n * DAY;
const DEFAULT_MAX_VOUCHER_LIFETIME = 90n * DAY;
const DEFAULT_SESSION = 30n * DAY;
/** Lanes a buyer uses at one seller; as many as a seller allows by default. */
const DEFAULT_MAX_LANES = 32;
/** Seconds by which a voucher or a session outlasts what the seller demands, for clocks that differ and requests that take long. */
export const LIFETIME_SLACK = 3600n;

/** A session signer that the buyer authorizes with a payment. */
export interface SessionPolicy {
  /** Lower case. */
  readonly signer: Address;
  /** Seconds. */
  readonly validFor: bigint;
  /** The buyer's key. */
  readonly owner: TypedDataSigner;
}

/** The options of a buyer, made definite. */
export interface BuyerContext {
  /** Lower case. */
  readonly address: Address;
  /** Signs vouchers. */
  readonly voucherSigner: TypedDataSigner;
  /** The buyer and its session signers, lower case: what they signed is ours. */
  readonly ownKeys: readonly Address[];
  /** Present when the buyer deposits: its key, and how. */
  readonly deposits: { readonly owner: TypedDataSigner; readonly policy: DepositPolicy } | undefined;
  /** Present when a payment may authorize the session signer. */
  readonly session: SessionPolicy | undefined;
  readonly maxLanes: number;
  limitsFor(terms: PaymentTerms): BuyerLimits;
  /** @throws {UntrustedEscrowError} the offer names an escrow that the buyer does not trust. */
  requireTrusted(escrow: Address): void;
  readonly wasDepositUsed: BuyerOptions["wasDepositUsed"];
  /** Seconds a voucher for these terms lasts. @throws {VoucherLifetimeError} the seller demands more than the buyer allows. */
  lifetimeFor(terms: PaymentTerms): bigint;
  /** Unix seconds. */
  now(): bigint;
  emit(event: BuyerEvent): void;
}

/**
 * Makes the options of a buyer definite.
 *
 * @throws {DeferredConfigurationError} no escrow is trusted, no key signs vouchers, or the session signer is the buyer.
 */
export function createBuyerContext(options: BuyerOptions): BuyerContext {
  const { buyer, session, limits, deposit = {} } = options;
  const address = toLower(buyer.address);
  const owner = ownerOf(options);
  const sessionAddress = session && toLower(session.signer.address);
  if (sessionAddress === address) {
    throw new DeferredConfigurationError("The session signer is the buyer itself.", "Leave `session` out.");
  }
  const voucherSigner = session?.signer ?? owner;
  if (voucherSigner === undefined) {
    throw new DeferredConfigurationError("No key signs vouchers.", "Give `buyer` a `signTypedData`, or set `session`.");
  }
  const former = session?.formerSigners ?? [];
  return {
    address,
    voucherSigner,
    ownKeys: [address, ...(sessionAddress === undefined ? [] : [sessionAddress]), ...former.map(toLower)],
    deposits: owner === undefined || deposit === false ? undefined : { owner, policy: deposit },
    session: sessionPolicyOf(options, owner),
    maxLanes: options.maxLanes ?? DEFAULT_MAX_LANES,
    limitsFor: ({ asset, chainId }) => (typeof limits === "function" ? limits(asset, chainId) : limits) ?? {},
    requireTrusted: createEscrowTrust(options.escrows),
    wasDepositUsed: options.wasDepositUsed,
    lifetimeFor({ offer }) {
      const demanded = offer.minVoucherLifetime ?? 0n;
      const limit = options.maxVoucherLifetime ?? DEFAULT_MAX_VOUCHER_LIFETIME;
      if (demanded > limit) throw new VoucherLifetimeError(demanded, limit);
      return largest(options.voucherLifetime ?? DEFAULT_VOUCHER_LIFETIME, demanded + LIFETIME_SLACK);
    },
    now: options.now ?? (() => BigInt(Math.floor(Date.now() / 1000))),
    emit: options.onEvent ?? (() => undefined),
  };
}

function sessionPolicyOf({ session }: BuyerOptions, owner: TypedDataSigner | undefined): SessionPolicy | undefined {
  const validFor = session?.validFor ?? DEFAULT_SESSION;
  if (session === undefined || validFor === false || owner === undefined) return undefined;
  return { signer: toLower(session.signer.address), validFor, owner };
}

function ownerOf({ buyer }: BuyerOptions): TypedDataSigner | undefined {
  // A viem account's method needs no `this`, that of a class instance does.
  return buyer.signTypedData === undefined ? undefined : { signTypedData: buyer.signTypedData.bind(buyer) };
}

function toLower(address: Address): Address {
  return address.toLowerCase() as Address;
}
