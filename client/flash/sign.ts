import { encodeFunctionData, type Address, type Hex } from "viem";
import { flashSettlementAbi } from "../abi/index.ts";
import { withChecksums } from "../core/checksums.ts";
import { signSignable, type TokenDomain } from "../core/funding.ts";
import type { TypedDataSigner } from "../core/signer.ts";
import {
  fundingEip3009TypedData,
  fundingPermit2TypedData,
  permitTypedData,
  type FundingReference,
  type PermitReference,
  type TokenFundingReference,
} from "./funding.ts";
import { encodeMessage } from "./hash.ts";
import {
  flashDomain,
  flashTypes,
  type FlashMessages,
  type FlashPrimaryType,
  type SettlementReference,
} from "./typedData.ts";
import {
  BY_ALLOWANCE,
  type CloseEscrow,
  type ExtendEscrow,
  type Funding,
  type NumberedPayment,
  type OpenEscrow,
  type Payment,
  type ReleaseEscrow,
  type SettlerAuthorization,
  type Tab,
  type TopUp,
  type WithdrawCredit,
} from "./types.ts";

/** A message of FlashSettlement and the contract it is for. */
export interface SignMessageParameters<name extends FlashPrimaryType> extends SettlementReference {
  /** What is signed. */
  readonly message: FlashMessages[name];
}

/** A payment and the contract it is for. */
export interface SignPaymentParameters extends SettlementReference {
  readonly payment: Payment;
}

/** A tab and the contract it is for. */
export interface SignTabParameters extends SettlementReference {
  readonly tab: Tab;
}

/** What an authorization's owner signs, and for which contract. */
export interface SignAuthorizationParameters<authorization> extends SettlementReference {
  /** What is signed. */
  readonly authorization: authorization;
}

/** How a client brings the tokens by one signature, without an allowance to FlashSettlement. */
export type TokenFundingChoice =
  | {
      readonly method: "Eip3009";
      /** EIP-712 name and version of the token. */
      readonly tokenDomain: TokenDomain;
    }
  | {
      /** The client's tokens are approved to Permit2. */
      readonly method: "Permit2";
    };

/** How a client brings the tokens of an opening. */
export type FundingChoice = { readonly method: "Allowance" } | TokenFundingChoice;

/** The terms of an opening, the contract they are for, and how it is funded. */
export interface SignOpenEscrowParameters extends SettlementReference {
  readonly terms: OpenEscrow;
  readonly funding: FundingChoice;
}

/** What `openEscrowWithTerms` takes. */
export interface SignedOpening {
  readonly terms: OpenEscrow;
  /** The client's over the terms; `0x` unless the allowance funds it. */
  readonly signature: Hex;
  readonly funding: Funding;
}

/** A top-up, the contract it is for, and how it is funded. */
export interface SignTopUpParameters extends SettlementReference {
  readonly authorization: TopUp;
  readonly funding: TokenFundingChoice;
}

/** What `topUpWithAuthorization` takes. */
export interface SignedTopUp {
  readonly authorization: TopUp;
  readonly funding: Funding;
}

/** Whatever signs type-2 transactions: a viem account with a key, for example. */
export interface TransactionSigner {
  /** Signs a transaction, as viem's accounts do. */
  signTransaction(transaction: NumberedPaymentTransaction): Promise<Hex>;
}

/** A type-2 transaction that pays, before it is signed. */
export interface NumberedPaymentTransaction {
  readonly type: "eip1559";
  /** Chain of the contract. */
  readonly chainId: number;
  /** Address of FlashSettlement. */
  readonly to: Address;
  /** Call of `settleNumberedPayment`. */
  readonly data: Hex;
  /** Wei; zero. */
  readonly value: bigint;
  /** Nonce of the client's account. */
  readonly nonce: number;
  /** Gas limit. */
  readonly gas: bigint;
  /** Wei a gas. */
  readonly maxFeePerGas: bigint;
  /** Wei a gas. */
  readonly maxPriorityFeePerGas: bigint;
}

/** What a signed transaction pays, and how it would be mined. */
export interface SignNumberedPaymentParameters extends SettlementReference {
  readonly payment: NumberedPayment;
  /** How the transaction would be mined; the server can settle it even if it never is. */
  readonly transaction: Pick<NumberedPaymentTransaction, "nonce" | "gas" | "maxFeePerGas" | "maxPriorityFeePerGas">;
}

/**
 * Signs any message FlashSettlement checks. The named functions below are the same for one message each.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param signer - {@link TypedDataSigner} of the message's owner.
 * @param primaryType - Name of the message.
 * @param parameters - {@link SignMessageParameters}; amounts in token base units, times in unix seconds.
 * @returns Signature as the signer gives it: 65 bytes from a key.
 * @throws {InvalidMessageError} a member is missing or does not fit its type.
 *
 * @example
 * const signature = await signMessage(account, "Payment", { message: payment, chainId: 8453, settlement });
 */
export async function signMessage<name extends FlashPrimaryType>(
  signer: TypedDataSigner,
  primaryType: name,
  { message, chainId, settlement }: SignMessageParameters<name>,
): Promise<Hex> {
  // Refuses what no contract could check, before a person is asked to sign it.
  encodeMessage(primaryType, message);
  return signSignable(signer, {
    domain: { ...withChecksums(flashDomain({ chainId, settlement })) },
    types: { [primaryType]: flashTypes[primaryType] },
    primaryType,
    message: { ...withChecksums<object>(message) },
  });
}

/**
 * Signs a payment. Whoever holds it may settle it once, with the server's consent; it cannot be cancelled.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param signer - {@link TypedDataSigner} of the escrow's signer.
 * @param parameters - {@link SignPaymentParameters}; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signPayment(account, { chainId: 8453, settlement, payment });
 */
export async function signPayment(
  signer: TypedDataSigner,
  { payment, chainId, settlement }: SignPaymentParameters,
): Promise<Hex> {
  return signMessage(signer, "Payment", { message: payment, chainId, settlement });
}

/**
 * Signs a tab: everything its lane has to pay in this epoch. Anyone may settle it; it cannot be cancelled.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param signer - {@link TypedDataSigner} of the escrow's signer.
 * @param parameters - {@link SignTabParameters}; the total is cumulative, in token base units, times in unix seconds.
 * @returns Signature of 65 bytes.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signTab(account, { chainId: 8453, settlement, tab: { ...tab, total: tab.total + price } });
 */
export async function signTab(signer: TypedDataSigner, { tab, chainId, settlement }: SignTabParameters): Promise<Hex> {
  return signMessage(signer, "Tab", { message: tab, chainId, settlement });
}

/**
 * Signs an opening, by one signature whatever funds it: over the terms for the allowance, over the token's or Permit2's message, which
 * names the terms, otherwise.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param signer - {@link TypedDataSigner} of the client.
 * @param parameters - {@link SignOpenEscrowParameters}; amounts in token base units, times in unix seconds.
 * @returns {@link SignedOpening}: what `openEscrowWithTerms` takes beside the contract's address.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const funding = { method: "Eip3009", tokenDomain: { name: "USD Coin", version: "2" } } as const;
 * const opening = await signOpenEscrow(account, { chainId: 8453, settlement, terms, funding });
 * const hash = await openEscrowWithTerms(relayer, { settlement, ...opening });
 */
export async function signOpenEscrow(
  signer: TypedDataSigner,
  { terms, funding, chainId, settlement }: SignOpenEscrowParameters,
): Promise<SignedOpening> {
  if (funding.method === "Allowance") {
    const signature = await signMessage(signer, "OpenEscrow", { message: terms, chainId, settlement });
    return { terms, signature, funding: BY_ALLOWANCE };
  }
  const reference = { primaryType: "OpenEscrow", message: terms, chainId, settlement } as const;
  return { terms, signature: "0x", funding: await signFunding(signer, reference, funding) };
}

/**
 * Signs a top-up that anyone may relay.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param signer - {@link TypedDataSigner} of the client.
 * @param parameters - {@link SignTopUpParameters}; amounts in token base units, times in unix seconds.
 * @returns {@link SignedTopUp}: what `topUpWithAuthorization` takes beside the contract's address.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const funding = { method: "Permit2" } as const;
 * const signed = await signTopUp(account, { chainId: 8453, settlement, authorization, funding });
 * const hash = await topUpWithAuthorization(relayer, { settlement, ...signed });
 */
export async function signTopUp(
  signer: TypedDataSigner,
  { authorization, funding, chainId, settlement }: SignTopUpParameters,
): Promise<SignedTopUp> {
  const reference = { primaryType: "TopUp", message: authorization, chainId, settlement } as const;
  return { authorization, funding: await signFunding(signer, reference, funding) };
}

/**
 * Signs what `extendEscrowWithAuthorization` takes. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the client.
 * @param parameters - The authorization and its contract; times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signExtendEscrow(account, { chainId: 8453, settlement, authorization });
 */
export async function signExtendEscrow(
  signer: TypedDataSigner,
  { authorization, chainId, settlement }: SignAuthorizationParameters<ExtendEscrow>,
): Promise<Hex> {
  return signMessage(signer, "ExtendEscrow", { message: authorization, chainId, settlement });
}

/**
 * Signs what `closeEscrowWithAuthorization` takes. A server signs it only after it has stopped accepting for good. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the client, or of the server when `byServer` is true.
 * @param parameters - The authorization and its contract; times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signCloseEscrow(account, { chainId: 8453, settlement, authorization });
 */
export async function signCloseEscrow(
  signer: TypedDataSigner,
  { authorization, chainId, settlement }: SignAuthorizationParameters<CloseEscrow>,
): Promise<Hex> {
  return signMessage(signer, "CloseEscrow", { message: authorization, chainId, settlement });
}

/**
 * Signs what `releaseEscrowWithAuthorization` takes. Until it is final or dead, it lowers what the server may accept. See
 * {@link signMessage}.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol, `releaseEscrowWithAuthorization`
 *
 * @param signer - {@link TypedDataSigner} of the server.
 * @param parameters - The authorization and its contract; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signReleaseEscrow(account, { chainId: 8453, settlement, authorization });
 */
export async function signReleaseEscrow(
  signer: TypedDataSigner,
  { authorization, chainId, settlement }: SignAuthorizationParameters<ReleaseEscrow>,
): Promise<Hex> {
  return signMessage(signer, "ReleaseEscrow", { message: authorization, chainId, settlement });
}

/**
 * Signs what `setSettlerWithAuthorization` takes. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the server.
 * @param parameters - The authorization and its contract; times in unix seconds, the sequence from `getSettler`.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signSettlerAuthorization(account, { chainId: 8453, settlement, authorization });
 */
export async function signSettlerAuthorization(
  signer: TypedDataSigner,
  { authorization, chainId, settlement }: SignAuthorizationParameters<SettlerAuthorization>,
): Promise<Hex> {
  return signMessage(signer, "SettlerAuthorization", { message: authorization, chainId, settlement });
}

/**
 * Signs what `withdrawCreditWithAuthorization` takes. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the owner of the credit.
 * @param parameters - The authorization and its contract; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signWithdrawCredit(account, { chainId: 8453, settlement, authorization });
 */
export async function signWithdrawCredit(
  signer: TypedDataSigner,
  { authorization, chainId, settlement }: SignAuthorizationParameters<WithdrawCredit>,
): Promise<Hex> {
  return signMessage(signer, "WithdrawCredit", { message: authorization, chainId, settlement });
}

/**
 * Signs what funds an opening or a top-up by ERC-3009: the token's `ReceiveWithAuthorization`, which names the message by its nonce.
 * {@link signOpenEscrow} and {@link signTopUp} do this and more.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param signer - {@link TypedDataSigner} of the client.
 * @param reference - {@link TokenFundingReference}; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signFundingEip3009(account, { ...reference, tokenDomain: { name: "USD Coin", version: "2" } });
 */
export async function signFundingEip3009(signer: TypedDataSigner, reference: TokenFundingReference): Promise<Hex> {
  return signSignable(signer, fundingEip3009TypedData(reference));
}

/**
 * Signs what funds an opening or a top-up by Permit2: `PermitWitnessTransferFrom` with the message as witness. {@link signOpenEscrow} and
 * {@link signTopUp} do this and more.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param signer - {@link TypedDataSigner} of the client, whose tokens are approved to Permit2.
 * @param reference - {@link FundingReference}; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signFundingPermit2(account, reference);
 */
export async function signFundingPermit2(signer: TypedDataSigner, reference: FundingReference): Promise<Hex> {
  return signSignable(signer, fundingPermit2TypedData(reference));
}

/**
 * Signs an ERC-2612 permit of the client to FlashSettlement, for `openEscrowWithPermit`. Its value is the working allowance from which
 * payments are pulled, too; `proposeAllowance` proposes one.
 *
 * - Source: ERC-2612
 *
 * @param signer - {@link TypedDataSigner} of the client.
 * @param reference - {@link PermitReference}; `value` in token base units, `deadline` in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const permit = { value: proposeAllowance({ amount: terms.amount }), nonce, deadline: terms.deadline };
 * const permitSignature = await signPermit(account, { chainId: 8453, settlement, client, token, permit, tokenDomain });
 */
export async function signPermit(signer: TypedDataSigner, reference: PermitReference): Promise<Hex> {
  return signSignable(signer, permitTypedData(reference));
}

/**
 * Signs a payment as a raw transaction, for wallets that sign transactions but no typed data. The server settles it as evidence even if
 * it never lands; the client pays the gas if it does.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol, `settleNumberedPayment`
 *
 * @param signer - {@link TransactionSigner} of the client, which must be the escrow's signer.
 * @param parameters - {@link SignNumberedPaymentParameters}; amounts in token base units, times in unix seconds, fees in wei.
 * @returns The signed transaction, from the type byte on.
 *
 * @example
 * const transaction = { nonce: 0, gas: 150_000n, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 1n };
 * const raw = await signNumberedPayment(account, { chainId: 8453, settlement, payment, transaction });
 */
export async function signNumberedPayment(
  signer: TransactionSigner,
  parameters: SignNumberedPaymentParameters,
): Promise<Hex> {
  const { chainId, settlement, transaction } = parameters;
  const { server, token, amount, nonce, deadline, epoch } = withChecksums(parameters.payment);
  const data = encodeFunctionData({
    abi: flashSettlementAbi,
    functionName: "settleNumberedPayment",
    args: [server, token, amount, nonce, Number(deadline), Number(epoch)],
  });
  const unsigned = { ...transaction, type: "eip1559", chainId: Number(chainId), data, value: 0n } as const;
  return signer.signTransaction({ ...unsigned, to: withChecksums(settlement) });
}

async function signFunding(
  signer: TypedDataSigner,
  reference: FundingReference,
  choice: TokenFundingChoice,
): Promise<Funding> {
  const signature =
    choice.method === "Eip3009"
      ? await signFundingEip3009(signer, { ...reference, tokenDomain: choice.tokenDomain })
      : await signFundingPermit2(signer, reference);
  return { method: choice.method, signature };
}
