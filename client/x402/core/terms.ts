import type { PaymentRequired, PaymentRequirements } from "@x402/core/types";
import type { Address } from "viem";
import { UnreadableOfferError } from "./errors.ts";
import { chainIdOfNetwork, chainIdOfNetworkV1, networkOfChainId } from "./network.ts";

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const AMOUNT = /^[1-9][0-9]{0,77}$/;

/** What an offer of every scheme says outside its `extra`. */
export interface CommonTerms {
  readonly chainId: bigint;
  /** Lower case. */
  readonly payTo: Address;
  /** Lower case. */
  readonly asset: Address;
  /** Token base units. */
  readonly price: bigint;
  /** Seconds the seller may take to answer. */
  readonly timeout?: bigint;
}

/**
 * Reads what every offer says.
 *
 * @throws {UnreadableOfferError} a field is not what x402 says.
 */
export function readCommonTerms(requirements: PaymentRequirements): CommonTerms {
  const { network, payTo, asset, amount, maxTimeoutSeconds } = requirements;
  const chainId = chainIdOfNetwork(network);
  if (chainId === undefined) throw new UnreadableOfferError(`network "${network}" is no \`eip155:<chain id>\`.`);
  if (!AMOUNT.test(amount)) throw new UnreadableOfferError(`the amount "${amount}" is no positive decimal integer.`);
  return {
    chainId,
    payTo: toAddress(payTo, "payTo"),
    asset: toAddress(asset, "asset"),
    price: BigInt(amount),
    ...(Number.isSafeInteger(maxTimeoutSeconds) && maxTimeoutSeconds > 0 && { timeout: BigInt(maxTimeoutSeconds) }),
  };
}

function toAddress(value: string, name: string): Address {
  if (!ADDRESS.test(value)) throw new UnreadableOfferError(`\`${name}\` "${value}" is no address.`);
  return value.toLowerCase() as Address;
}

/**
 * Writes an offer of x402 version 1 as one of version 2: the same under older names.
 *
 * @throws {UnreadableOfferError} its network is none of version 1.
 */
export function toRequirementsV2(requirements: PaymentRequirements): PaymentRequirements {
  const { network } = requirements;
  const chainId = chainIdOfNetworkV1(network);
  if (chainId === undefined) throw new UnreadableOfferError(`network "${network}" is none of x402 version 1.`);
  const { maxAmountRequired } = requirements as unknown as { maxAmountRequired?: unknown };
  return { ...requirements, network: networkOfChainId(chainId), amount: String(maxAmountRequired) };
}

/** Finds `extra` of the offer in a new 402 that has the terms of an earlier one; undefined when there is none. */
export function extraOfSameOffer(paymentRequired: PaymentRequired, requirements: PaymentRequirements): unknown {
  // The SDK decodes a 402 and checks none of its fields.
  const accepts: unknown = paymentRequired.accepts;
  if (!Array.isArray(accepts)) return undefined;
  const isSame = (accept: PaymentRequirements | null) =>
    accept?.scheme === requirements.scheme &&
    accept.network === requirements.network &&
    accept.asset === requirements.asset &&
    accept.payTo === requirements.payTo &&
    accept.amount === requirements.amount;
  return accepts.find(isSame)?.extra;
}
