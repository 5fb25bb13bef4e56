import { domainSeparator, maxUint256, type Address } from "viem";
import type { Permit } from "../../client/core/funding.ts";
import { depositEip3009TypedData, depositPermit2TypedData, permitTypedData } from "../../client/voucher/funding.ts";
import { voucherDomain, voucherTypes, type VoucherPrimaryType } from "../../client/voucher/typedData.ts";
import type { DepositAuthorization } from "../../client/voucher/types.ts";
import { casesOf, FAR, filled, hashedAddress, hashesOf, owner, typeHashOf, vectorsOf, type Message } from "./cases.ts";

const PRIMARY_TYPES = Object.keys(voucherTypes) as VoucherPrimaryType[];
const USDC: Address = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
const TOKEN = { name: "USD Coin", version: "2" } as const;

/** The first is the one messages are signed for; the others show that chain and contract are bound. */
const ESCROWS = [
  { chainId: 8453, escrow: hashedAddress("x402-escrow vectors: escrow") },
  { chainId: 1, escrow: hashedAddress("x402-escrow vectors: other escrow") },
  { chainId: Number.MAX_SAFE_INTEGER, escrow: filled("f", 20) },
] as const;

const PERMITS: readonly Permit[] = [
  { value: 0n, nonce: 0n, deadline: 0n },
  { value: 1_000_000n, nonce: 7n, deadline: 4_102_444_800n },
  { value: maxUint256, nonce: maxUint256, deadline: maxUint256 },
];

/** EIP-712 hashes of every message VoucherEscrow checks, and of those that fund it. */
export async function voucherVectors(): Promise<unknown> {
  const cases = (name: VoucherPrimaryType) => casesOf(voucherTypes, name, { expiry: FAR, ...boundMembers(name) });
  const domains = ESCROWS.map((escrow) => ({ ...voucherDomain(escrow) }));
  const deposits = cases("DepositAuthorization").map(({ name, message }) => ({
    name,
    // The cases have exactly the members of their type.
    authorization: message as unknown as DepositAuthorization,
  }));
  const messages = PRIMARY_TYPES.map(
    async (name) => [name, await vectorsOf(voucherTypes, name, cases(name), domains)] as const,
  );
  return {
    owner: owner.address,
    domains: ESCROWS.map((reference) => ({
      ...reference,
      separator: domainSeparator({ domain: voucherDomain(reference) }),
    })),
    typeHashes: Object.fromEntries(PRIMARY_TYPES.map((name) => [name, typeHashOf(voucherTypes, name)])),
    messages: Object.fromEntries(await Promise.all(messages)),
    token: { address: USDC, ...TOKEN },
    eip3009: deposits.map((deposit) => ({
      ...deposit,
      ...hashesOf(depositEip3009TypedData({ ...ESCROWS[0], authorization: deposit.authorization, token: TOKEN })),
    })),
    permit2: deposits.map((deposit) => ({
      ...deposit,
      ...hashesOf(depositPermit2TypedData({ ...ESCROWS[0], authorization: deposit.authorization })),
    })),
    permit: PERMITS.map((permit) => ({
      permit,
      ...hashesOf(permitTypedData({ ...ESCROWS[0], buyer: owner.address, asset: USDC, permit, token: TOKEN })),
    })),
  };
}

/** What a message needs besides its expiry for a signature of `owner` to count. */
function boundMembers(primaryType: VoucherPrimaryType): Message {
  if (primaryType === "Voucher") return { buyer: owner.address, escrow: ESCROWS[0].escrow, chainId: 8453n };
  const isSellers = primaryType === "ReleaseAuthorization" || primaryType === "PayoutAuthorization";
  return { [isSellers ? "seller" : "buyer"]: owner.address };
}
