import type { Address } from "viem";

/** Permit2's address, the same on every chain that has it. */
export const PERMIT2_ADDRESS: Address = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

/** EIP-712 type of ERC-3009's `ReceiveWithAuthorization`, signed under the token's domain. */
export const eip3009Types = {
  ReceiveWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

/** EIP-712 type of what Permit2 moves; the witness type stands beside it. */
export const permit2TokenTypes = {
  TokenPermissions: [
    { name: "token", type: "address" },
    { name: "amount", type: "uint256" },
  ],
} as const;

/** EIP-712 type of ERC-2612's `Permit`, signed under the token's domain. */
export const eip2612Types = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** EIP-712 name and version of a token, as its `eip712Domain()` or its documentation gives them; "USD Coin" and "2" for USDC. */
export interface TokenDomain {
  readonly name: string;
  readonly version: string;
}

/** An ERC-2612 permit of a payer to the contract that pulls the deposit. */
export interface Permit {
  /** Allowance to set, token base units. */
  readonly value: bigint;
  /** The payer's nonce at the token. */
  readonly nonce: bigint;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
}
