import { concat, isAddressEqual, keccak256, parseAbi, type Address, type Hex } from "viem";
import { getCode, readContract } from "viem/actions";
import { PERMIT2_ADDRESS } from "../../core/funding.ts";
import { noncePosition } from "../../core/nonces.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { recoverKey } from "../../core/signature.ts";

/** What the chain knows of signatures that pull tokens once: by ERC-3009 and by Permit2. */

const tokenStateAbi = parseAbi([
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
]);
const permit2StateAbi = parseAbi(["function nonceBitmap(address owner, uint256 word) view returns (uint256)"]);

/** Names a pull. */
export interface PullId {
  readonly method: "eip3009" | "permit2";
  readonly owner: Address;
  readonly asset: Address;
  /** Nonce at the token or at Permit2, 32 bytes. */
  readonly nonce: Hex;
}

/** A message that a token checks. */
export interface TokenMessage {
  readonly asset: Address;
  readonly owner: Address;
  readonly signature: Hex;
  readonly structHash: Hex;
}

/** Whether a pull was executed or cancelled, by default as the latest block shows it. */
export async function isPullUsed(
  client: ReadClient,
  { method, owner, asset, nonce }: PullId,
  at: { readonly blockNumber?: bigint } = {},
): Promise<boolean> {
  if (method === "eip3009") {
    const call = { address: asset, abi: tokenStateAbi, functionName: "authorizationState" } as const;
    return readContract(client, { ...call, args: [owner, nonce], ...at });
  }
  const { word, mask } = noncePosition(nonce);
  const call = { address: PERMIT2_ADDRESS, abi: permit2StateAbi, functionName: "nonceBitmap" } as const;
  return ((await readContract(client, { ...call, args: [owner, word], ...at })) & mask) !== 0n;
}

/** Whether the owner's key signed a message of a token. Asks the token for its domain: names and versions may be anybody's. */
export async function isSignedForToken(client: ReadClient, message: TokenMessage): Promise<boolean> {
  const { asset, owner, signature, structHash } = message;
  const call = { address: asset, abi: tokenStateAbi, functionName: "DOMAIN_SEPARATOR" } as const;
  const separator = await readContract(client, call);
  const key = await recoverKey(keccak256(concat(["0x1901", separator, structHash])), signature);
  return key !== undefined && isAddressEqual(key, owner);
}

/** Whether an address is a contract. */
export async function hasCode(client: ReadClient, address: Address): Promise<boolean> {
  const code = await getCode(client, { address });
  return code !== undefined && code !== "0x";
}
