import type {
  Address,
  BlockNumber,
  BlockTag,
  Chain,
  Client,
  ContractFunctionArgs,
  ContractFunctionName,
  ContractFunctionReturnType,
  Hex,
  Transport,
} from "viem";
import { readContract } from "viem/actions";
import { voucherEscrowAbi } from "../abi/index.ts";
import { withChecksums } from "./checksums.ts";
import { decodeVoucherError } from "./errors.ts";
import {
  NONCE_KINDS,
  type DepositAuthorization,
  type EscrowAccount,
  type FlushAllAuthorization,
  type FlushAuthorization,
  type NonceKind,
  type Voucher,
} from "./types.ts";

type Abi = typeof voucherEscrowAbi;

/** A viem client that reads: any client will do. */
export type ReadClient = Client<Transport, Chain | undefined>;

/** What every read takes. */
export interface ReadParameters {
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
  /** Block whose state is read; the latest when both this and `blockTag` are absent. */
  readonly blockNumber?: BlockNumber;
  /** Instead of `blockNumber`, for example `"finalized"`. */
  readonly blockTag?: BlockTag;
}

/** What a voucher is worth. */
export interface OutstandingAndCollectable {
  /** Uncollected part, token base units. */
  readonly outstanding: bigint;
  /** The smaller of `outstanding` and the balance, token base units. */
  readonly collectable: bigint;
}

/** What a buyer needs to know before it pays. */
export interface AccountData {
  /** Balance less the outstanding vouchers, token base units. */
  readonly balance: bigint;
  /** Allowance of the buyer to the escrow, token base units; zero when the token has none. */
  readonly assetAllowance: bigint;
  /** ERC-2612 nonce of the buyer; zero when the token has none. */
  readonly assetPermitNonce: bigint;
}

/** What is needed to accept a voucher. */
export interface VerificationData {
  /** Uncollected part of the voucher, token base units. */
  readonly voucherOutstanding: bigint;
  /** What a collection would pay now, token base units. */
  readonly voucherCollectable: bigint;
  /** Balance of the account, token base units. */
  readonly balance: bigint;
  /** Balance less effective thawing, token base units. */
  readonly availableBalance: bigint;
  /** Allowance of the buyer to the escrow, token base units; zero when the token has none. */
  readonly assetAllowance: bigint;
  /** ERC-2612 nonce of the buyer; zero when the token has none. */
  readonly assetPermitNonce: bigint;
  /** True when the deposit nonce was used or cancelled. */
  readonly isDepositNonceUsed: boolean;
}

/** A free balance. */
export interface FreeAccount {
  /** Token base units. */
  readonly balance: bigint;
  /** One above the highest nonce used or cancelled. */
  readonly nextNonce: bigint;
  /** Bit `i` is set when nonce `nextNonce - 1 - i` was used or cancelled; older ones are unusable. */
  readonly seen: bigint;
}

/** A signer of a buyer. */
export interface SignerState {
  /** Last second at which its vouchers can be collected, unix seconds; zero when it never could sign. */
  readonly validUntil: bigint;
  /** True when it was revoked for good. */
  readonly isRevoked: boolean;
}

/** How a seller is paid. */
export interface PayoutState {
  /** True when earnings are kept as free balance. */
  readonly toFreeBalance: boolean;
  /** Nonce of the next payout authorization. */
  readonly nonce: bigint;
}

/** An EIP-712 domain as ERC-5267 describes it. */
export interface Eip712Domain {
  /** One byte; its bits say which members the domain has. */
  readonly fields: Hex;
  readonly name: string;
  readonly version: string;
  readonly chainId: bigint;
  readonly verifyingContract: Address;
  /** 32 bytes. */
  readonly salt: Hex;
  readonly extensions: readonly bigint[];
}

/** What {@link getTypeHash} takes. */
export interface GetTypeHashParameters extends ReadParameters {
  readonly primaryType: keyof typeof TYPE_HASH_VIEWS;
}

const TYPE_HASH_VIEWS = {
  Voucher: "VOUCHER_TYPEHASH",
  DepositAuthorization: "DEPOSIT_AUTHORIZATION_TYPEHASH",
  FlushAuthorization: "FLUSH_AUTHORIZATION_TYPEHASH",
  FlushAllAuthorization: "FLUSH_ALL_AUTHORIZATION_TYPEHASH",
} as const;

/**
 * Reads the EIP-712 domain of the escrow. Calls `VoucherEscrow.eip712Domain` (ERC-5267).
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link ReadParameters}.
 * @returns {@link Eip712Domain}.
 *
 * @example
 * const { name, version } = await getEip712Domain(publicClient, { escrow });
 */
export async function getEip712Domain(client: ReadClient, parameters: ReadParameters): Promise<Eip712Domain> {
  const domain = await read(client, parameters, "eip712Domain", []);
  const [fields, name, version, chainId, verifyingContract, salt, extensions] = domain;
  return { fields, name, version, chainId, verifyingContract, salt, extensions };
}

/**
 * Reads the EIP-712 type hash of a message. Calls `VoucherEscrow.VOUCHER_TYPEHASH` and its like.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetTypeHashParameters}.
 * @returns 32 bytes; equal to `voucherTypeHash` of the same message.
 *
 * @example
 * const typeHash = await getTypeHash(publicClient, { escrow, primaryType: "Voucher" });
 */
export async function getTypeHash(client: ReadClient, parameters: GetTypeHashParameters): Promise<Hex> {
  return read(client, parameters, TYPE_HASH_VIEWS[parameters.primaryType], []);
}

/**
 * Reads how long a thaw takes and how long a revoked signer's vouchers count. Calls `VoucherEscrow.THAWING_PERIOD`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link ReadParameters}.
 * @returns Seconds.
 *
 * @example
 * const seconds = await getThawingPeriod(publicClient, { escrow });
 */
export async function getThawingPeriod(client: ReadClient, parameters: ReadParameters): Promise<bigint> {
  return read(client, parameters, "THAWING_PERIOD", []);
}

/**
 * Reads the EIP-712 domain separator of the escrow on its chain. Calls `VoucherEscrow.DOMAIN_SEPARATOR`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link ReadParameters}.
 * @returns 32 bytes; equal to `voucherDomainSeparator` of the same escrow and chain.
 *
 * @example
 * const separator = await getDomainSeparator(publicClient, { escrow });
 */
export async function getDomainSeparator(client: ReadClient, parameters: ReadParameters): Promise<Hex> {
  return read(client, parameters, "DOMAIN_SEPARATOR", []);
}

/** What {@link getAccount} takes. */
export interface GetAccountParameters extends ReadParameters {
  readonly buyer: Address;
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
}

/**
 * Reads an account. Calls `VoucherEscrow.getAccount`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetAccountParameters}.
 * @returns Amounts in token base units, time in unix seconds.
 *
 * @example
 * const { balance, thawingAmount } = await getAccount(publicClient, { escrow, buyer, seller, asset });
 */
export async function getAccount(client: ReadClient, parameters: GetAccountParameters): Promise<EscrowAccount> {
  const { buyer, seller, asset } = parameters;
  return read(client, parameters, "getAccount", [buyer, seller, asset]);
}

/** What {@link getVoucherCollected} takes. */
export interface GetVoucherCollectedParameters extends ReadParameters {
  readonly buyer: Address;
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Lane, 32 bytes; zero is the default lane. */
  readonly id: Hex;
}

/**
 * Reads the collected total of a lane. Calls `VoucherEscrow.getVoucherCollected`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetVoucherCollectedParameters}.
 * @returns Token base units.
 *
 * @example
 * const total = await getVoucherCollected(publicClient, { escrow, buyer, seller, asset, id: DEFAULT_LANE });
 */
export async function getVoucherCollected(
  client: ReadClient,
  parameters: GetVoucherCollectedParameters,
): Promise<bigint> {
  const { buyer, seller, asset, id } = parameters;
  return read(client, parameters, "getVoucherCollected", [buyer, seller, asset, id]);
}

/** What {@link getOutstandingAndCollectableAmount} takes. */
export interface GetOutstandingAndCollectableAmountParameters extends ReadParameters {
  readonly voucher: Voucher;
}

/**
 * Reads what a voucher is still worth and what a collection would pay now. Ignores expiry and signature. Calls `VoucherEscrow.getOutstandingAndCollectableAmount`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetOutstandingAndCollectableAmountParameters}.
 * @returns Token base units.
 *
 * @example
 * const { collectable } = await getOutstandingAndCollectableAmount(publicClient, { escrow, voucher });
 */
export async function getOutstandingAndCollectableAmount(
  client: ReadClient,
  parameters: GetOutstandingAndCollectableAmountParameters,
): Promise<OutstandingAndCollectable> {
  const { voucher } = parameters;
  const [outstanding, collectable] = await read(client, parameters, "getOutstandingAndCollectableAmount", [voucher]);
  return { outstanding, collectable };
}

/** What {@link getAccountData} takes. */
export interface GetAccountDataParameters extends ReadParameters {
  readonly buyer: Address;
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Lanes with uncollected vouchers, 32 bytes each. */
  readonly voucherIds: readonly Hex[];
  /** Their latest ceilings, token base units, one a lane. */
  readonly valueAggregates: readonly bigint[];
}

/**
 * Reads what a buyer needs to know before it pays. Calls `VoucherEscrow.getAccountData`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetAccountDataParameters}.
 * @returns {@link AccountData}.
 * @throws {LengthMismatchError} the lists have different lengths.
 *
 * @example
 * const { balance, assetPermitNonce } = await getAccountData(publicClient, {
 *   ...{ escrow, buyer, seller, asset },
 *   voucherIds: [DEFAULT_LANE],
 *   valueAggregates: [latest.valueAggregate],
 * });
 */
export async function getAccountData(client: ReadClient, parameters: GetAccountDataParameters): Promise<AccountData> {
  const { buyer, seller, asset, voucherIds, valueAggregates } = parameters;
  const [balance, assetAllowance, assetPermitNonce] = await read(client, parameters, "getAccountData", [
    buyer,
    seller,
    asset,
    voucherIds,
    valueAggregates,
  ]);
  return { balance, assetAllowance, assetPermitNonce };
}

/** What {@link getVerificationData} takes. */
export interface GetVerificationDataParameters extends ReadParameters {
  readonly voucher: Voucher;
  /** Nonce of a deposit authorization, 32 bytes; zero when there is none. */
  readonly depositNonce: Hex;
}

/**
 * Reads what is needed to accept a voucher, in one request. Calls `VoucherEscrow.getVerificationData`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetVerificationDataParameters}.
 * @returns {@link VerificationData}.
 *
 * @example
 * const { availableBalance } = await getVerificationData(publicClient, { escrow, voucher, depositNonce: zeroHash });
 */
export async function getVerificationData(
  client: ReadClient,
  parameters: GetVerificationDataParameters,
): Promise<VerificationData> {
  const { voucher, depositNonce } = parameters;
  const data = await read(client, parameters, "getVerificationData", [voucher, depositNonce]);
  const [voucherOutstanding, voucherCollectable, balance, availableBalance, ...rest] = data;
  const [assetAllowance, assetPermitNonce, isDepositNonceUsed] = rest;
  return {
    voucherOutstanding,
    voucherCollectable,
    balance,
    availableBalance,
    assetAllowance,
    assetPermitNonce,
    isDepositNonceUsed,
  };
}

/** What {@link isVoucherSignatureValid} takes. */
export interface IsVoucherSignatureValidParameters extends ReadParameters {
  readonly voucher: Voucher;
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/**
 * Asks whether a voucher's signature is the buyer's or a valid signer's. Ignores everything else. Calls `VoucherEscrow.isVoucherSignatureValid`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsVoucherSignatureValidParameters}.
 * @returns True when it is.
 *
 * @example
 * const isValid = await isVoucherSignatureValid(publicClient, { escrow, voucher, signature });
 */
export async function isVoucherSignatureValid(
  client: ReadClient,
  parameters: IsVoucherSignatureValidParameters,
): Promise<boolean> {
  const { voucher, signature } = parameters;
  return read(client, parameters, "isVoucherSignatureValid", [voucher, signature]);
}

/** What {@link isDepositAuthorizationValid} takes. */
export interface IsDepositAuthorizationValidParameters extends ReadParameters {
  readonly authorization: DepositAuthorization;
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/**
 * Asks whether signature, expiry and nonce of an authorization for `depositWithAuthorization` are good now. Calls `VoucherEscrow.isDepositAuthorizationValid`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsDepositAuthorizationValidParameters}.
 * @returns True when they are.
 *
 * @example
 * const isValid = await isDepositAuthorizationValid(publicClient, { escrow, authorization, signature });
 */
export async function isDepositAuthorizationValid(
  client: ReadClient,
  parameters: IsDepositAuthorizationValidParameters,
): Promise<boolean> {
  const { authorization, signature } = parameters;
  return read(client, parameters, "isDepositAuthorizationValid", [authorization, signature]);
}

/** What {@link isFlushAuthorizationValid} takes. */
export interface IsFlushAuthorizationValidParameters extends ReadParameters {
  readonly authorization: FlushAuthorization;
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/**
 * Asks whether signature, expiry and nonce of a flush authorization are good now. Calls `VoucherEscrow.isFlushAuthorizationValid`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsFlushAuthorizationValidParameters}.
 * @returns True when they are.
 *
 * @example
 * const isValid = await isFlushAuthorizationValid(publicClient, { escrow, authorization, signature });
 */
export async function isFlushAuthorizationValid(
  client: ReadClient,
  parameters: IsFlushAuthorizationValidParameters,
): Promise<boolean> {
  const { authorization, signature } = parameters;
  return read(client, parameters, "isFlushAuthorizationValid", [authorization, signature]);
}

/** What {@link isFlushAllAuthorizationValid} takes. */
export interface IsFlushAllAuthorizationValidParameters extends ReadParameters {
  readonly authorization: FlushAllAuthorization;
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/**
 * Asks whether signature and expiry of a flush-all authorization are good now and its nonce was not cancelled. Calls `VoucherEscrow.isFlushAllAuthorizationValid`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsFlushAllAuthorizationValidParameters}.
 * @returns True when they are.
 *
 * @example
 * const isValid = await isFlushAllAuthorizationValid(publicClient, { escrow, authorization, signature });
 */
export async function isFlushAllAuthorizationValid(
  client: ReadClient,
  parameters: IsFlushAllAuthorizationValidParameters,
): Promise<boolean> {
  const { authorization, signature } = parameters;
  return read(client, parameters, "isFlushAllAuthorizationValid", [authorization, signature]);
}

/** What {@link isDepositAuthorizationNonceUsed} takes. */
export interface IsDepositAuthorizationNonceUsedParameters extends ReadParameters {
  readonly buyer: Address;
  /** 32 bytes. */
  readonly nonce: Hex;
}

/**
 * Asks whether a deposit nonce was used or cancelled. Calls `VoucherEscrow.isDepositAuthorizationNonceUsed`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsDepositAuthorizationNonceUsedParameters}.
 * @returns True when it was.
 *
 * @example
 * const isUsed = await isDepositAuthorizationNonceUsed(publicClient, { escrow, buyer, nonce });
 */
export async function isDepositAuthorizationNonceUsed(
  client: ReadClient,
  parameters: IsDepositAuthorizationNonceUsedParameters,
): Promise<boolean> {
  const { buyer, nonce } = parameters;
  return read(client, parameters, "isDepositAuthorizationNonceUsed", [buyer, nonce]);
}

/** What {@link isFlushAuthorizationNonceUsed} takes. */
export interface IsFlushAuthorizationNonceUsedParameters extends ReadParameters {
  readonly buyer: Address;
  /** 32 bytes. */
  readonly nonce: Hex;
}

/**
 * Asks whether a flush nonce was used or cancelled. Calls `VoucherEscrow.isFlushAuthorizationNonceUsed`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsFlushAuthorizationNonceUsedParameters}.
 * @returns True when it was.
 *
 * @example
 * const isUsed = await isFlushAuthorizationNonceUsed(publicClient, { escrow, buyer, nonce });
 */
export async function isFlushAuthorizationNonceUsed(
  client: ReadClient,
  parameters: IsFlushAuthorizationNonceUsedParameters,
): Promise<boolean> {
  const { buyer, nonce } = parameters;
  return read(client, parameters, "isFlushAuthorizationNonceUsed", [buyer, nonce]);
}

/** What {@link isFlushAllAuthorizationNonceUsed} takes. */
export interface IsFlushAllAuthorizationNonceUsedParameters extends ReadParameters {
  readonly buyer: Address;
  /** 32 bytes. */
  readonly nonce: Hex;
}

/**
 * Asks whether a flush-all nonce was cancelled; use never sets it. Calls `VoucherEscrow.isFlushAllAuthorizationNonceUsed`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsFlushAllAuthorizationNonceUsedParameters}.
 * @returns True when it was.
 *
 * @example
 * const isCancelled = await isFlushAllAuthorizationNonceUsed(publicClient, { escrow, buyer, nonce });
 */
export async function isFlushAllAuthorizationNonceUsed(
  client: ReadClient,
  parameters: IsFlushAllAuthorizationNonceUsedParameters,
): Promise<boolean> {
  const { buyer, nonce } = parameters;
  return read(client, parameters, "isFlushAllAuthorizationNonceUsed", [buyer, nonce]);
}

/** What {@link isNonceUsed} takes. */
export interface IsNonceUsedParameters extends ReadParameters {
  /** Bitmap. */
  readonly kind: NonceKind;
  readonly owner: Address;
  /** 32 bytes. */
  readonly nonce: Hex;
}

/**
 * Asks whether a nonce of any bitmap was used or cancelled; for `FlushAll`, whether it was cancelled. Calls `VoucherEscrow.isNonceUsed`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsNonceUsedParameters}.
 * @returns True when it was.
 *
 * @example
 * const isUsed = await isNonceUsed(publicClient, { escrow, kind: "Release", owner: seller, nonce });
 */
export async function isNonceUsed(client: ReadClient, parameters: IsNonceUsedParameters): Promise<boolean> {
  const { kind, owner, nonce } = parameters;
  return read(client, parameters, "isNonceUsed", [NONCE_KINDS.indexOf(kind), owner, nonce]);
}

/** What {@link getFreeAccount} takes. */
export interface GetFreeAccountParameters extends ReadParameters {
  readonly owner: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
}

/**
 * Reads a free balance and the window of its nonces. Calls `VoucherEscrow.getFreeAccount`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetFreeAccountParameters}.
 * @returns {@link FreeAccount}.
 *
 * @example
 * const { balance, nextNonce } = await getFreeAccount(publicClient, { escrow, owner: buyer, asset });
 */
export async function getFreeAccount(client: ReadClient, parameters: GetFreeAccountParameters): Promise<FreeAccount> {
  const { owner, asset } = parameters;
  const [balance, nextNonce, seen] = await read(client, parameters, "getFreeAccount", [owner, asset]);
  return { balance, nextNonce, seen };
}

/** What {@link getSigner} takes. */
export interface GetSignerParameters extends ReadParameters {
  readonly buyer: Address;
  /** The key. */
  readonly signer: Address;
}

/**
 * Reads a signer of a buyer. Calls `VoucherEscrow.getSigner`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetSignerParameters}.
 * @returns {@link SignerState}.
 *
 * @example
 * const { validUntil, isRevoked } = await getSigner(publicClient, { escrow, buyer, signer });
 */
export async function getSigner(client: ReadClient, parameters: GetSignerParameters): Promise<SignerState> {
  const { buyer, signer } = parameters;
  const [validUntil, revoked] = await read(client, parameters, "getSigner", [buyer, signer]);
  return { validUntil, isRevoked: revoked };
}

/** What {@link getPayout} takes. */
export interface GetPayoutParameters extends ReadParameters {
  readonly seller: Address;
}

/**
 * Reads how a seller is paid. Calls `VoucherEscrow.getPayout`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetPayoutParameters}.
 * @returns {@link PayoutState}.
 *
 * @example
 * const { toFreeBalance } = await getPayout(publicClient, { escrow, seller });
 */
export async function getPayout(client: ReadClient, parameters: GetPayoutParameters): Promise<PayoutState> {
  const { seller } = parameters;
  const [toFreeBalance, nonce] = await read(client, parameters, "getPayout", [seller]);
  return { toFreeBalance, nonce };
}

type ViewName = ContractFunctionName<Abi, "view">;

async function read<name extends ViewName>(
  client: ReadClient,
  { escrow, blockNumber, blockTag }: ReadParameters,
  functionName: name,
  args: ContractFunctionArgs<Abi, "view", name>,
): Promise<ContractFunctionReturnType<Abi, "view", name>> {
  const block = blockNumber === undefined ? { blockTag: blockTag ?? "latest" } : { blockNumber };
  const call = { address: withChecksums(escrow), functionName, args: withChecksums(args) };
  const request = { abi: voucherEscrowAbi, ...call, ...block };
  try {
    // viem derives the result from the name, which stays open here.
    return (await readContract(client, request as never)) as ContractFunctionReturnType<Abi, "view", name>;
  } catch (error) {
    throw decodeVoucherError(error) ?? error;
  }
}
