import type { Hex } from "viem";

/** Whatever signs EIP-712 typed data: a viem account, a viem wallet client with an account, or a signer of the x402 SDK. */
export interface TypedDataSigner {
  signTypedData(typedData: {
    readonly domain: Record<string, unknown>;
    readonly types: Record<string, unknown>;
    readonly primaryType: string;
    readonly message: Record<string, unknown>;
  }): Promise<Hex>;
}
