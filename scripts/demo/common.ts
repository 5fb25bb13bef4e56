import { keccak256, toHex, type PrivateKeyAccount } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** Chain id of Base, and its CAIP-2 name. */
export const CHAIN_ID = 8453;
export const NETWORK = "eip155:8453";

/** An account of the demo. Its key follows from its name and is as public as every development key. */
export function demoAccount(name: string): PrivateKeyAccount {
  return privateKeyToAccount(keccak256(toHex(`x402-escrow demo ${name}`)));
}
