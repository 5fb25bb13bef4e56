import type { Hex } from "viem";

/** Whatever signs EIP-712 typed data: a viem account, a viem wallet client with an account, or a signer of the x402 SDK. */
export interface TypedDataSigner {
  /** Signs EIP-712 data, as viem's accounts do. */
  signTypedData(typedData: {
    /** EIP-712 domain of the contract that takes the signature. */
    readonly domain: Record<string, unknown>;
    /** Members of each type. */
    readonly types: Record<string, unknown>;
    /** Name of the message. */
    readonly primaryType: string;
    /** Its members. */
    readonly message: Record<string, unknown>;
  }): Promise<Hex>;
}
