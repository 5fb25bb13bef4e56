import { domainSeparator, hashStruct, type Address } from "viem";
import { eip3009Types, PERMIT2_ADDRESS, permit2TokenTypes } from "../../client/core/funding.ts";
import { flashDomain, flashTypes, type FlashPrimaryType } from "../../client/flash/typedData.ts";
import {
  casesOf,
  FAR,
  filled,
  hashedAddress,
  hashesOf,
  owner,
  typeHashOf,
  vectorsOf,
  type Case,
  type Message,
  type TypedData,
} from "./cases.ts";

const PRIMARY_TYPES = Object.keys(flashTypes) as FlashPrimaryType[];
const USDC: Address = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
const TOKEN = { name: "USD Coin", version: "2" } as const;

/** The first is the one messages are signed for; the others show that chain and contract are bound. */
export const SETTLEMENTS = [
  { chainId: 8453, settlement: hashedAddress("x402-escrow vectors: settlement") },
  { chainId: 1, settlement: hashedAddress("x402-escrow vectors: other settlement") },
  { chainId: Number.MAX_SAFE_INTEGER, settlement: filled("f", 20) },
] as const;

const AMOUNT = 1_000_000n;

/** What the message of the signed case needs for the contract to carry it out, beside a deadline that lies ahead. */
const SIGNED: Readonly<Record<FlashPrimaryType, Message>> = {
  Payment: { client: owner.address, amount: AMOUNT, epoch: 0n },
  Tab: { client: owner.address, total: AMOUNT, epoch: 0n },
  OpenEscrow: { client: owner.address, amount: AMOUNT, ttlSeconds: 86_400n, closeDelay: 3_600n, epoch: 0n },
  TopUp: { client: owner.address, amount: AMOUNT, epoch: 0n },
  ExtendEscrow: { client: owner.address, epoch: 0n, newUnlockAt: FAR },
  CloseEscrow: { server: owner.address, epoch: 0n, byServer: true },
  ReleaseEscrow: { server: owner.address, epoch: 0n, amount: AMOUNT },
  SettlerAuthorization: { server: owner.address, sequence: 0n },
  WithdrawCredit: { account: owner.address, amount: AMOUNT },
};

/** EIP-712 hashes of every message FlashSettlement checks, and of those that fund it. */
export async function flashVectors(): Promise<unknown> {
  const domains = SETTLEMENTS.map((settlement) => ({ ...flashDomain(settlement) }));
  const messages = PRIMARY_TYPES.map(
    async (name) => [name, await vectorsOf(flashTypes, name, casesFor(name), domains)] as const,
  );
  const funded = ["OpenEscrow", "TopUp"] as const;
  return {
    owner: owner.address,
    domains: SETTLEMENTS.map((reference) => ({
      ...reference,
      separator: domainSeparator({ domain: flashDomain(reference) }),
    })),
    typeHashes: Object.fromEntries(PRIMARY_TYPES.map((name) => [name, typeHashOf(flashTypes, name)])),
    messages: Object.fromEntries(await Promise.all(messages)),
    token: { address: USDC, ...TOKEN },
    eip3009: await fundingVectors(funded, eip3009Of),
    permit2: await fundingVectors(funded, permit2Of),
  };
}

function casesFor(primaryType: FlashPrimaryType): readonly Case[] {
  return casesOf(flashTypes, primaryType, { deadline: FAR, ...SIGNED[primaryType] });
}

async function fundingVectors(
  names: readonly ("OpenEscrow" | "TopUp")[],
  typedDataOf: (primaryType: FlashPrimaryType, message: Message) => TypedData,
) {
  const vectors = names.map(async (primaryType) => {
    // The token signs its own message, so it is the one that tests have.
    const cases = casesFor(primaryType).map(({ name, message }) => ({ name, message: { ...message, token: USDC } }));
    const hashed = cases.map(async ({ name, message }) => {
      const typedData = typedDataOf(primaryType, message);
      const signed = name === "signed" && { signature: await owner.signTypedData(typedData) };
      return { name, message, ...hashesOf(typedData), ...signed };
    });
    return [primaryType, await Promise.all(hashed)] as const;
  });
  return Object.fromEntries(await Promise.all(vectors));
}

/** USDC's message: its nonce is the struct hash of ours. */
function eip3009Of(primaryType: FlashPrimaryType, message: Message): TypedData {
  const own = { [primaryType]: flashTypes[primaryType] };
  return {
    domain: { ...TOKEN, chainId: SETTLEMENTS[0].chainId, verifyingContract: USDC },
    types: eip3009Types,
    primaryType: "ReceiveWithAuthorization",
    message: {
      from: message["client"],
      to: SETTLEMENTS[0].settlement,
      value: message["amount"],
      validAfter: 0n,
      validBefore: BigInt(message["deadline"] ?? 0n) + 1n,
      nonce: hashStruct({ types: own, primaryType, data: message }),
    },
  };
}

/** Permit2's message: its witness is ours, its nonce the witness's struct hash. */
function permit2Of(primaryType: FlashPrimaryType, message: Message): TypedData {
  const own = { [primaryType]: flashTypes[primaryType] };
  return {
    domain: { name: "Permit2", chainId: SETTLEMENTS[0].chainId, verifyingContract: PERMIT2_ADDRESS },
    types: {
      ...own,
      PermitWitnessTransferFrom: [
        { name: "permitted", type: "TokenPermissions" },
        { name: "spender", type: "address" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
        { name: "witness", type: primaryType },
      ],
      ...permit2TokenTypes,
    },
    primaryType: "PermitWitnessTransferFrom",
    message: {
      permitted: { token: USDC, amount: message["amount"] },
      spender: SETTLEMENTS[0].settlement,
      nonce: BigInt(hashStruct({ types: own, primaryType, data: message })),
      deadline: message["deadline"],
      witness: message,
    },
  };
}
