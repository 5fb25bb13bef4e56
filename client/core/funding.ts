import { hashStruct, hashTypedData, type Address, type Hex, type TypedDataDomain } from "viem";
import { withChecksums } from "./checksums.ts";
import type { TypedDataSigner } from "./signer.ts";
import type { MessageHash } from "./structHash.ts";
import { encodeWord, type Member } from "./word.ts";

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

/** EIP-712 types of Permit2's `PermitWitnessTransferFrom` with a message of this project as witness, signed under Permit2's domain. */
export function permit2WitnessTypes<name extends string>(witnessType: name, members: readonly Member[]) {
  return {
    PermitWitnessTransferFrom: [
      { name: "permitted", type: "TokenPermissions" },
      { name: "spender", type: "address" },
      { name: "nonce", type: "uint256" },
      { name: "deadline", type: "uint256" },
      { name: "witness", type: witnessType },
    ],
    ...permit2TokenTypes,
    [witnessType]: members,
  };
}

/** EIP-712 types of Permit2's `PermitTransferFrom`, without a witness, signed under Permit2's domain. */
export const permit2TransferTypes = {
  PermitTransferFrom: [
    { name: "permitted", type: "TokenPermissions" },
    { name: "spender", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
  ...permit2TokenTypes,
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
  /** `name` of the token's EIP-712 domain. */
  readonly name: string;
  /** `version` of the token's EIP-712 domain. */
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

/** Typed data for viem's `signTypedData`. */
export interface SignableTypedData {
  /** EIP-712 domain of the contract that takes the signature. */
  readonly domain: TypedDataDomain;
  /** Members of each type, in the order in which they are hashed. */
  readonly types: Readonly<Record<string, readonly Member[]>>;
  /** Name of the message. */
  readonly primaryType: string;
  /** Its members. */
  readonly message: Record<string, unknown>;
}

/** Tokens that a contract pulls because their owner signed for it. */
export interface TokenPull {
  readonly chainId: number | bigint;
  /** Contract that pulls, and receives. */
  readonly spender: Address;
  /** Holder of the tokens, and signer. */
  readonly owner: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly amount: bigint;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
  /** Hash that says what the tokens are for; it is the nonce. */
  readonly structHash: Hex;
}

/** Builds an ERC-3009 `ReceiveWithAuthorization`. Its times are exclusive, so `validBefore` is one second after the deadline. */
export function receiveTypedData(pull: TokenPull, token: TokenDomain): SignableTypedData {
  return withChecksums({
    domain: { ...token, chainId: Number(pull.chainId), verifyingContract: pull.asset },
    types: eip3009Types,
    primaryType: "ReceiveWithAuthorization",
    message: {
      from: pull.owner,
      to: pull.spender,
      value: pull.amount,
      validAfter: 0n,
      validBefore: pull.deadline + 1n,
      nonce: pull.structHash,
    },
  });
}

/** Builds a Permit2 `PermitWitnessTransferFrom` whose witness says what the tokens are for. */
export function permit2TypedData(
  pull: TokenPull,
  types: ReturnType<typeof permit2WitnessTypes>,
  witness: object,
): SignableTypedData {
  return withChecksums({
    domain: permit2Domain(pull),
    types,
    primaryType: "PermitWitnessTransferFrom",
    // viem wants messages as records; an interface is none to the compiler.
    message: { ...permit2Message(pull), witness: { ...witness } },
  });
}

/** Builds a Permit2 `PermitTransferFrom`; its nonce alone says what the tokens are for. */
export function permit2TransferTypedData(pull: TokenPull): SignableTypedData {
  return withChecksums({
    domain: permit2Domain(pull),
    types: permit2TransferTypes,
    primaryType: "PermitTransferFrom",
    message: permit2Message(pull),
  });
}

function permit2Domain({ chainId }: TokenPull) {
  return { name: "Permit2", chainId: Number(chainId), verifyingContract: PERMIT2_ADDRESS };
}

function permit2Message({ asset, amount, spender, structHash, deadline }: TokenPull) {
  return { permitted: { token: asset, amount }, spender, nonce: BigInt(structHash), deadline };
}

/** A permit, and between whom it stands. */
export interface PermitParties {
  readonly chainId: number | bigint;
  readonly owner: Address;
  readonly spender: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  readonly permit: Permit;
}

/**
 * Builds an ERC-2612 `Permit`.
 *
 * @throws {InvalidMessageError} a member does not fit its type.
 */
export function erc2612TypedData({ chainId, asset, permit, ...parties }: PermitParties, token: TokenDomain) {
  const { value, nonce, deadline } = permit;
  const { owner, spender } = parties;
  const message = { owner, spender, value, nonce, deadline };
  for (const member of eip2612Types.Permit) encodeWord("Permit", member, message[member.name]);
  const domain = { ...token, chainId: Number(chainId), verifyingContract: asset };
  return withChecksums({ domain, types: eip2612Types, primaryType: "Permit", message } satisfies SignableTypedData);
}

/** Struct hash and digest of typed data of another contract. */
export function hashSignable(typedData: SignableTypedData): MessageHash {
  const { types, primaryType, message } = typedData;
  return {
    structHash: hashStruct({ types: types as Record<string, Member[]>, primaryType, data: message }),
    digest: hashTypedData(typedData),
  };
}

/** Signs typed data of another contract. A signer of the x402 SDK takes plain records. */
export function signSignable(signer: TypedDataSigner, { domain, ...rest }: SignableTypedData): Promise<Hex> {
  return signer.signTypedData({ ...rest, domain: { ...domain } });
}
