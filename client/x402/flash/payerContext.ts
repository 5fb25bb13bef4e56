import type { Address } from "viem";
import type { TypedDataSigner } from "../../core/signer.ts";
import type { TransactionSigner } from "../../flash/sign.ts";
import { createTrust } from "../core/trust.ts";
import { FlashConfigurationError } from "./errors.ts";
import { UntrustedSettlementError } from "./payerErrors.ts";
import type { OpeningPolicy } from "./payerOpenings.ts";
import type { PayerLimits, PayerOptions, PaymentTerms, TransactionTerms } from "./payerTypes.ts";

const DEFAULT_MAX_WAIT = 30_000;
/** Gas that a payment by transaction takes, with room. Without fees it is never mined: the server brings it home. */
const NEVER_MINED: TransactionTerms = { nonce: 0, gas: 200_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };

/** The options of a payer, made definite. */
export interface PayerContext {
  /** Lower case. */
  readonly address: Address;
  /** Signs payments and tabs, with its address in lower case; undefined when no typed data is signed. */
  readonly itemSigner: (TypedDataSigner & { readonly address: Address }) | undefined;
  /** Present when the client signs transactions and is its escrows' signer. */
  readonly transactionSigner: TransactionSigner | undefined;
  readonly transactionTerms: NonNullable<PayerOptions["transactionTerms"]>;
  /** Present when the payer opens escrows: its key, and how. */
  readonly openings: { readonly owner: TypedDataSigner; readonly policy: OpeningPolicy } | undefined;
  /** Kinds of payments, the preferred one first. */
  readonly kinds: readonly ("tab" | "payment" | "transaction")[];
  limitsFor(terms: PaymentTerms): PayerLimits;
  /** @throws {UntrustedSettlementError} the offer names a contract that the payer does not trust. */
  requireTrusted(settlement: Address): void;
  readonly chain: PayerOptions["chain"] | undefined;
  /** Milliseconds. */
  readonly maxWait: number;
  readonly now: () => bigint;
  readonly emit: NonNullable<PayerOptions["onEvent"]>;
}

/**
 * Makes the options definite.
 *
 * @throws {FlashConfigurationError} no contract is trusted, or no key signs payments.
 */
export function createPayerContext(options: PayerOptions): PayerContext {
  const { client, signer, opening = {}, limits, payBy = "tab" } = options;
  const address = toLower(client.address);
  const owner = typedDataSignerOf(client);
  const key = signer ?? client;
  const typed = typedDataSignerOf(key);
  const itemSigner = typed && { ...typed, address: toLower(key.address) };
  // The contract takes transactions of the escrow's signer only, and their sender is the payer.
  const transactionSigner = signer === undefined ? transactionSignerOf(client) : undefined;
  if (payBy === "transaction" ? transactionSigner === undefined : itemSigner === undefined) {
    throw new FlashConfigurationError(
      "No key signs payments.",
      payBy === "transaction"
        ? "Give `client` a `signTransaction`, and leave `signer` out."
        : "Give `client` a `signTypedData`, or set `signer`.",
    );
  }
  return {
    address,
    itemSigner,
    transactionSigner,
    transactionTerms: options.transactionTerms ?? (async () => NEVER_MINED),
    openings: owner === undefined || opening === false ? undefined : { owner, policy: opening },
    kinds: payBy === "tab" ? ["tab", "payment"] : [payBy],
    limitsFor: ({ token, chainId }) => (typeof limits === "function" ? limits(token, chainId) : limits) ?? {},
    requireTrusted: createSettlementTrust(options.settlements),
    chain: options.chain,
    maxWait: options.maxWait ?? DEFAULT_MAX_WAIT,
    now: options.now ?? (() => BigInt(Math.floor(Date.now() / 1000))),
    emit: options.onEvent ?? (() => undefined),
  };
}

/**
 * Makes the check that an offer names a settlement contract the payer trusts.
 *
 * @param settlements - `settlements` of the options; undefined only where no compiler looked at them.
 * @returns The check. It throws {@link UntrustedSettlementError} for any other contract.
 * @throws {FlashConfigurationError} the list is empty, or has an entry that is no address.
 */
function createSettlementTrust(settlements: readonly Address[] | undefined): (settlement: Address) => void {
  return createTrust({
    contracts: settlements,
    option: "settlements",
    contract: "FlashSettlement",
    misconfigured: (what, next) => new FlashConfigurationError(what, next),
    untrusted: (settlement) => new UntrustedSettlementError(settlement),
  });
}

// A viem account's method needs no `this`, that of a class instance does.
function typedDataSignerOf(key: Partial<TypedDataSigner>): TypedDataSigner | undefined {
  return key.signTypedData === undefined ? undefined : { signTypedData: key.signTypedData.bind(key) };
}

function transactionSignerOf(key: Partial<TransactionSigner>): TransactionSigner | undefined {
  return key.signTransaction === undefined ? undefined : { signTransaction: key.signTransaction.bind(key) };
}

function toLower(address: Address): Address {
  return address.toLowerCase() as Address;
}
