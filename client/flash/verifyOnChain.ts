import type { Address } from "viem";
import type { ReadClient } from "../core/readClient.ts";
import { verifyDigestOnChain, type RefusedMessage, type VerifiedMessage } from "../core/verifyOnChain.ts";
import { hashMessage } from "./hash.ts";
import { flashDomain, type FlashPrimaryType } from "./typedData.ts";
import type { VerifyMessageParameters } from "./verify.ts";

export type { RefusedMessage, VerifiedMessage } from "../core/verifyOnChain.ts";

/** What an owner signs that need not be a key: every message but those of an escrow's signer. */
export type OwnedPrimaryType = Exclude<FlashPrimaryType, "Payment" | "Tab">;

/** A signed message of FlashSettlement. */
export interface VerifyMessageOnChainParameters<name extends OwnedPrimaryType> extends VerifyMessageParameters<name> {
  /** Address of Multicall3 where it is not at its usual one; needed for wallets that are not deployed yet. */
  readonly multicall?: Address;
}

/**
 * Checks a message's signature, whoever signed: its owner's key (without a request), the owner's contract wallet (ERC-1271), or a wallet
 * that is yet to be deployed (ERC-6492). For openings by allowance, extensions, closes, releases, settlers and withdrawals; payments
 * and tabs are signed by a key alone.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param client - any viem client of the message's chain.
 * @param parameters - {@link VerifyMessageOnChainParameters}.
 * @returns {@link VerifiedMessage} or {@link RefusedMessage}. Deadline, epoch, nonce and terms are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const opening = { primaryType: "OpenEscrow", message: terms, owner: terms.client, signature } as const;
 * const result = await verifyMessageOnChain(publicClient, { ...opening, chainId: 8453, settlement });
 */
export async function verifyMessageOnChain<name extends OwnedPrimaryType>(
  client: ReadClient,
  parameters: VerifyMessageOnChainParameters<name>,
): Promise<VerifiedMessage | RefusedMessage> {
  const { primaryType, message } = parameters;
  const { digest } = hashMessage(primaryType, message, flashDomain(parameters));
  return verifyDigestOnChain(client, { ...parameters, digest });
}
