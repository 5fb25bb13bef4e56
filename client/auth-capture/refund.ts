import { encodeAbiParameters, isAddressEqual, keccak256, type Address, type Hex } from "viem";
import { withChecksums } from "../core/checksums.ts";
import { hashSignable, permit2TransferTypedData, receiveTypedData, type SignableTypedData } from "../core/funding.ts";
import { createStructHasher, type MessageHash } from "../core/structHash.ts";
import { hashPaymentInfo } from "./hash.ts";
import type { PaymentMethod } from "./payment.ts";
import type { PaymentReference } from "./types.ts";

/** One refund of one payment, and who pays for it. */
export interface SignedRefundReference extends PaymentReference {
  /** Address of the SignedRefundCollector of the escrow. */
  readonly refundCollector: Address;
  /** Whose tokens go back to the payer: the receiver, or a sponsor. */
  readonly funder: Address;
  /** To refund, token base units. */
  readonly amount: bigint;
  /** Tells refunds of one payment apart, 256 bits. */
  readonly salt: bigint;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** A refund, and how its funder consents. */
export interface RefundAuthorizationReference extends SignedRefundReference {
  readonly funding: PaymentMethod;
}

/** A funder's signature, as `refund` takes it. */
export interface SignedRefund {
  /** SignedRefundCollector of the escrow. */
  readonly tokenCollector: Address;
  /** Funder, limits and signature, encoded for the collector. */
  readonly collectorData: Hex;
}

const hasher = /* @__PURE__ */ createStructHasher({
  SignedRefund: [
    { name: "chainId", type: "uint256" },
    { name: "collector", type: "address" },
    { name: "paymentInfoHash", type: "bytes32" },
    { name: "funder", type: "address" },
    { name: "token", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "salt", type: "uint256" },
    { name: "deadline", type: "uint48" },
  ],
});

/** Numbers of the ways to fund a refund, as the contract knows them. */
const METHODS = { Eip3009: 1, Permit2: 2 } as const;

/**
 * Computes the nonce of a funder's signature: the hash of everything about the refund, so that it fits one refund of one payment.
 *
 * - Source: contracts/interfaces/ISignedRefundCollector.sol
 *
 * @param reference - {@link SignedRefundReference}; amounts in token base units, times in unix seconds.
 * @returns 32 bytes; Permit2 takes them as a number.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const nonce = signedRefundNonce({ chainId: 8453, escrow, paymentInfo, refundCollector, funder, amount, salt, deadline });
 */
export function signedRefundNonce(reference: SignedRefundReference): Hex {
  const { chainId, refundCollector, funder, amount, salt, deadline, paymentInfo } = reference;
  const refund = { chainId: BigInt(chainId), collector: refundCollector, funder, token: paymentInfo.token };
  const paymentInfoHash = hashPaymentInfo(reference);
  return keccak256(hasher.encode("SignedRefund", { ...refund, paymentInfoHash, amount, salt, deadline }));
}

/**
 * Computes the type hash of a signed refund. See {@link signedRefundNonce}.
 *
 * - Source: contracts/interfaces/ISignedRefundCollector.sol
 *
 * @returns 32 bytes.
 *
 * @example
 * const typeHash = signedRefundTypeHash();
 */
export function signedRefundTypeHash(): Hex {
  return hasher.typeHash("SignedRefund");
}

/**
 * Builds what the funder of a refund signs: the token's `ReceiveWithAuthorization` or Permit2's `PermitTransferFrom` to the
 * SignedRefundCollector. Sign by `signRefund`, which refuses what could rob the funder.
 *
 * - Source: contracts/interfaces/ISignedRefundCollector.sol
 *
 * @param reference - {@link RefundAuthorizationReference}; amounts in token base units, times in unix seconds.
 * @returns Typed data for viem's `signTypedData`.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const typedData = refundTypedData({ ...refund, funding: { method: "Permit2" } });
 */
export function refundTypedData(reference: RefundAuthorizationReference): SignableTypedData {
  const { chainId, refundCollector: spender, funder: owner, amount, deadline, paymentInfo, funding } = reference;
  const structHash = signedRefundNonce(reference);
  const pull = { chainId, spender, owner, asset: paymentInfo.token, amount, deadline, structHash };
  return funding.method === "Eip3009" ? receiveTypedData(pull, funding.tokenDomain) : permit2TransferTypedData(pull);
}

/**
 * Hashes what the funder of a refund signs. See {@link refundTypedData}.
 *
 * @param reference - {@link RefundAuthorizationReference}.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashRefundAuthorization({ ...refund, funding: { method: "Permit2" } });
 */
export function hashRefundAuthorization(reference: RefundAuthorizationReference): MessageHash {
  return hashSignable(refundTypedData(reference));
}

/**
 * Encodes a funder's signature for the SignedRefundCollector.
 *
 * - Source: contracts/interfaces/ISignedRefundCollector.sol
 *
 * @param reference - {@link RefundAuthorizationReference}, and the funder's signature of it.
 * @returns {@link SignedRefund}: what `refund` takes.
 *
 * @example
 * const signed = encodeSignedRefund({ ...refund, funding: { method: "Permit2" }, signature });
 */
export function encodeSignedRefund(
  reference: Omit<RefundAuthorizationReference, keyof PaymentReference | "amount"> & { readonly signature: Hex },
): SignedRefund {
  const { refundCollector, funding, funder, salt, deadline, signature } = withChecksums(reference);
  const types = [{ type: "uint8" }, { type: "address" }, { type: "uint256" }, { type: "uint48" }, { type: "bytes" }];
  const collectorData = encodeAbiParameters(types, [
    METHODS[funding.method],
    funder,
    salt,
    Number(deadline),
    signature,
  ]);
  return { tokenCollector: refundCollector, collectorData };
}

/** Says whether an account pays for a refund of its own income, rather than sponsoring somebody else's. */
export function isOwnRefund({ funder, paymentInfo }: Pick<SignedRefundReference, "funder" | "paymentInfo">): boolean {
  return isAddressEqual(funder, paymentInfo.receiver);
}
