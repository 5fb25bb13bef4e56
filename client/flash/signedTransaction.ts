import {
  keccak256,
  maxUint256,
  parseTransaction,
  recoverAddress,
  serializeTransaction,
  toFunctionSelector,
  type Address,
  type Hex,
  type TransactionSerializedEIP1559,
} from "viem";
import { BaseError } from "../errors.ts";
import type { SettlementReference } from "./typedData.ts";

/** What a signed transaction lacks to be a payment. */
export type SignedTransactionFault =
  | "encoding"
  | "type"
  | "chainId"
  | "target"
  | "value"
  | "data"
  | "accessList"
  | "signature"
  | "server"
  | "token"
  | "amount"
  | "signer";

const SENTENCES: Readonly<Record<SignedTransactionFault, string>> = {
  encoding: "It is not one canonically encoded transaction.",
  type: "It is not a type-2 transaction (EIP-1559).",
  chainId: "It is for another chain.",
  target: "It calls another contract.",
  value: "It carries value.",
  data: "It is no call of the payment function with clean arguments.",
  accessList: "It carries an access list.",
  signature: "It has no signature that the contract accepts.",
  server: "It pays somebody else.",
  token: "It pays in another token.",
  amount: "It pays too little.",
  signer: "Its signer is not the key that the escrow names.",
};

/** A signed transaction is not a payment that FlashSettlement accepts as evidence. */
export class InvalidSignedTransactionError extends BaseError {
  override readonly name = "InvalidSignedTransactionError";
  readonly fault: SignedTransactionFault;

  constructor(fault: SignedTransactionFault, cause?: unknown) {
    super(`The signed transaction cannot be settled. ${SENTENCES[fault]}`, {
      cause,
      metaMessages: [
        "Sign a type-2 transaction that calls FlashSettlement's `settleNumberedPayment` and does no more.",
      ],
    });
    this.fault = fault;
  }
}

/** What a signed transaction says. Whoever signed it is the client. */
export interface SignedTransactionPayment {
  /** Receiver, lower case. */
  readonly server: Address;
  /** ERC-20 contract, lower case. */
  readonly token: Address;
  /** Token base units. */
  readonly amount: bigint;
  /** Nonce of the payment, not of the transaction. */
  readonly nonce: bigint;
  /** Last second at which it can be settled, unix seconds, inclusive; zero for as long as the epoch lasts. */
  readonly deadline: bigint;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
  /** What was signed, 32 bytes. */
  readonly digest: Hex;
  /** `r, s, v` with `v` 27 or 28, 65 bytes. */
  readonly signature: Hex;
}

/** What the original form of a payment says: it names neither nonce, deadline nor epoch. */
export type OriginalTransactionPayment = Omit<SignedTransactionPayment, "nonce" | "deadline" | "epoch">;

const NUMBERED_SELECTOR = toFunctionSelector("settleNumberedPayment(address,address,uint256,uint64,uint40,uint32)");
const ORIGINAL_SELECTOR = toFunctionSelector("settlePayment(address,address,uint256)");
/** Far above what fees and a nonce need; a longer text is not even parsed. */
const MAX_LENGTH = 2 + 2 * 1_024;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * Reads a signed transaction without asking the chain, and as strictly as `FlashSettlement.settleSignedTransaction`: the canonical
 * encoding of a type-2 transaction that calls `settleNumberedPayment` of this contract on this chain, without value and access list.
 *
 * - Source: contracts/libraries/SignedTransaction.sol
 *
 * @param rawTransaction - From the type byte on.
 * @param reference - Chain id and address of the contract.
 * @returns What it pays, and what is needed to recover who signed it.
 * @throws {InvalidSignedTransactionError} it is something else.
 *
 * @example
 * const payment = parseSignedTransaction("0x02f9…", { chainId: 8453, settlement });
 */
export function parseSignedTransaction(rawTransaction: Hex, reference: SettlementReference): SignedTransactionPayment {
  const { data, digest, signature } = parseCall(rawTransaction, reference);
  const [server, token, amount, nonce, deadline, epoch] = decode(data, NUMBERED_SELECTOR, [160, 160, 256, 64, 40, 32]);
  return { server: toAddress(server), token: toAddress(token), amount, nonce, deadline, epoch, digest, signature };
}

/**
 * Reads a signed transaction of the original form, a call of `settlePayment`, without asking the chain. It is no evidence: it names no
 * nonce, so the contract does not settle it in the client's stead. A server broadcasts it and waits for its receipt before it serves.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol, `settlePayment`
 *
 * @param rawTransaction - From the type byte on.
 * @param reference - Chain id and address of the contract.
 * @returns What it pays, and what is needed to recover who signed it.
 * @throws {InvalidSignedTransactionError} it is something else.
 *
 * @example
 * const { server, amount } = parseOriginalTransaction("0x02f9…", { chainId: 8453, settlement });
 */
export function parseOriginalTransaction(
  rawTransaction: Hex,
  reference: SettlementReference,
): OriginalTransactionPayment {
  const { data, digest, signature } = parseCall(rawTransaction, reference);
  const [server, token, amount] = decode(data, ORIGINAL_SELECTOR, [160, 160, 256]);
  return { server: toAddress(server), token: toAddress(token), amount, digest, signature };
}

/**
 * Recovers who signed a transaction that {@link parseSignedTransaction} read: the client that pays.
 *
 * - Source: contracts/libraries/SignedTransaction.sol
 *
 * @param payment - What was read.
 * @returns Address, lower case.
 * @throws {InvalidSignedTransactionError} nobody can have signed it.
 *
 * @example
 * const client = await recoverSignedTransaction(parseSignedTransaction(rawTransaction, { chainId: 8453, settlement }));
 */
export async function recoverSignedTransaction({
  digest,
  signature,
}: Pick<SignedTransactionPayment, "digest" | "signature">): Promise<Address> {
  try {
    return (await recoverAddress({ hash: digest, signature })).toLowerCase() as Address;
  } catch (error) {
    throw new InvalidSignedTransactionError("signature", error);
  }
}

/** A call of this contract on this chain and nothing else, and what its signer signed. */
function parseCall(rawTransaction: Hex, reference: SettlementReference) {
  const { unsigned, r, s, yParity } = parseCanonical(rawTransaction);
  if (unsigned.chainId !== Number(reference.chainId)) throw new InvalidSignedTransactionError("chainId");
  if (unsigned.to?.toLowerCase() !== reference.settlement.toLowerCase())
    throw new InvalidSignedTransactionError("target");
  if ((unsigned.value ?? 0n) !== 0n) throw new InvalidSignedTransactionError("value");
  if ((unsigned.accessList ?? []).length !== 0) throw new InvalidSignedTransactionError("accessList");
  const digest = keccak256(serializeTransaction({ ...unsigned, type: "eip1559" }));
  const signature: Hex = `0x${digits(r)}${digits(s)}${yParity === 0 ? "1b" : "1c"}`;
  return { data: unsigned.data ?? "0x", digest, signature };
}

/** One content has one encoding: what is written anew from what was read must be what was read. */
function parseCanonical(rawTransaction: Hex) {
  const isText = typeof rawTransaction === "string" && rawTransaction.length <= MAX_LENGTH;
  if (!isText || !/^0x([0-9a-f]{2})+$/i.test(rawTransaction)) throw new InvalidSignedTransactionError("encoding");
  const raw = rawTransaction.toLowerCase() as TransactionSerializedEIP1559;
  if (!raw.startsWith("0x02")) throw new InvalidSignedTransactionError("type");
  const { r, s, yParity, ...unsigned } = readFields(raw);
  if (r === undefined || s === undefined || (yParity !== 0 && yParity !== 1)) {
    throw new InvalidSignedTransactionError("signature");
  }
  // viem bounds every other number.
  if ((unsigned.gas ?? 0n) > maxUint256) throw new InvalidSignedTransactionError("encoding");
  const isSignature = BigInt(r) > 0n && BigInt(r) < ORDER && BigInt(s) > 0n && BigInt(s) <= ORDER / 2n;
  if (!isSignature) throw new InvalidSignedTransactionError("signature");
  if (writeFields({ ...unsigned, type: "eip1559" }, { r, s, yParity }) !== raw) {
    throw new InvalidSignedTransactionError("encoding");
  }
  return { unsigned, r, s, yParity };
}

function readFields(raw: TransactionSerializedEIP1559) {
  try {
    return parseTransaction(raw);
  } catch (error) {
    throw new InvalidSignedTransactionError("encoding", error);
  }
}

function writeFields(...fields: Parameters<typeof serializeTransaction>): Hex {
  try {
    return serializeTransaction(...fields);
  } catch (error) {
    throw new InvalidSignedTransactionError("encoding", error);
  }
}

/** Splits the data of a call with one word an argument; every argument must have its clean high bits. */
function decode<const widths extends readonly number[]>(
  data: Hex,
  selector: Hex,
  widths: widths,
): { readonly [index in keyof widths]: bigint } {
  const isCall = data.startsWith(selector) && data.length === selector.length + 64 * widths.length;
  if (!isCall) throw new InvalidSignedTransactionError("data");
  const words = widths.map((width, index) => {
    const start = selector.length + 64 * index;
    const value = BigInt(`0x${data.slice(start, start + 64)}`);
    if (value >> BigInt(width) !== 0n) throw new InvalidSignedTransactionError("data");
    return value;
  });
  // One word for each width.
  return words as { readonly [index in keyof widths]: bigint };
}

function toAddress(word: bigint): Address {
  return `0x${word.toString(16).padStart(40, "0")}`;
}

function digits(word: Hex): string {
  return word.slice(2).padStart(64, "0");
}
