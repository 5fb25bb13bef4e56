import {
  domainSeparator,
  encodeAbiParameters,
  hashTypedData,
  keccak256,
  stringToBytes,
  type Address,
  type Hex,
} from "viem";
import { flashTypes, type FlashDomain, type FlashMessages, type FlashPrimaryType } from "./typedData.ts";

/** What names an escrow inside of its contract. */
export interface EscrowParties {
  readonly client: Address;
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
}

/** What a signed transaction pays: the arguments of `settleNumberedPayment` beside server and token. */
export interface TransactionContent {
  /** Token base units. */
  readonly amount: bigint;
  readonly nonce: bigint;
  /** Unix seconds, inclusive; zero for as long as the epoch lasts. */
  readonly deadline: bigint;
  readonly epoch: bigint;
}

/**
 * Computes the EIP-712 domain separator of a FlashSettlement.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param domain - Made by `flashDomain`.
 * @returns 32 bytes.
 */
export function flashDomainSeparator(domain: FlashDomain): Hex {
  return domainSeparator({ domain: withLowerCase(domain) });
}

/**
 * Computes the EIP-712 type hash of a message.
 *
 * @param primaryType - Name of the message.
 * @returns 32 bytes.
 */
export function flashTypeHash(primaryType: FlashPrimaryType): Hex {
  const members = flashTypes[primaryType].map(({ name, type }) => `${type} ${name}`).join(",");
  return keccak256(stringToBytes(`${primaryType}(${members})`));
}

/**
 * Hashes a message FlashSettlement checks: what a key signs.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param primaryType - Name of the message.
 * @param message - Its members; amounts in token base units, times in unix seconds. Addresses in any case.
 * @param domain - Made by `flashDomain`.
 * @returns EIP-712 digest, 32 bytes.
 *
 * @example
 * const digest = hashFlashMessage("Payment", payment, flashDomain({ chainId: 8453, settlement }));
 */
export function hashFlashMessage<name extends FlashPrimaryType>(
  primaryType: name,
  message: FlashMessages[name],
  domain: FlashDomain,
): Hex {
  return hashTypedData({
    domain: withLowerCase(domain),
    types: flashTypes as Record<string, readonly { name: string; type: string }[]>,
    primaryType: primaryType as string,
    message: withLowerCase(message as unknown as Record<string, unknown>),
  });
}

/**
 * Computes the id of an escrow, as FlashSettlement keys and logs it.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param parties - Client, server and token, in any case.
 * @returns 32 bytes.
 */
export function escrowId({ client, server, token }: EscrowParties): Hex {
  const address = { type: "address" } as const;
  return keccak256(encodeAbiParameters([address, address, address], [lower(client), lower(server), lower(token)]));
}

/**
 * Computes the key under which FlashSettlement remembers that a signed transaction was settled. It names the whole content, so two
 * transactions with one nonce are two payments.
 *
 * - Source: contracts/flash/FlashTransactions.sol
 *
 * @param parties - Client, server and token.
 * @param content - What is paid.
 * @returns 32 bytes: what `isTransactionUsed` is asked with.
 */
export function transactionKey(parties: EscrowParties, { amount, nonce, deadline, epoch }: TransactionContent): Hex {
  const types = [{ type: "bytes32" }, { type: "uint256" }, { type: "uint64" }, { type: "uint40" }, { type: "uint32" }];
  return keccak256(encodeAbiParameters(types, [escrowId(parties), amount, nonce, Number(deadline), Number(epoch)]));
}

/** viem refuses addresses whose capitals are no checksum, and the wire carries any. */
function withLowerCase<value extends object>(value: value): value {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      typeof member === "string" && member.startsWith("0x") ? member.toLowerCase() : member,
    ]),
  ) as value;
}

function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}
