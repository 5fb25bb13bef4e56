import { parseAbi, type Address, type ContractFunctionName, type ContractFunctionReturnType, type Hex } from "viem";
import { multicall } from "viem/actions";
import { flashSettlementAbi } from "../abi/index.ts";
import { withChecksums } from "../core/checksums.ts";
import { MULTICALL3_ADDRESS } from "../core/multicall.ts";
import {
  blockOf,
  readView,
  toEip712Domain,
  type BlockParameters,
  type Eip712Domain,
  type Eip712DomainTuple,
} from "../core/read.ts";
import type { ReadClient } from "../core/readClient.ts";
import { decodeFlashError } from "./errors.ts";
import { escrowId, type EscrowParties, type TransactionContent } from "./hash.ts";
import type { Escrow, Payment, Tab } from "./types.ts";

type Abi = typeof flashSettlementAbi;
type ViewName = ContractFunctionName<Abi, "view">;

/** What every read takes. */
export interface ReadParameters extends BlockParameters {
  /** Address of FlashSettlement. */
  readonly settlement: Address;
}

/** What {@link getEscrow} takes. */
export interface GetEscrowParameters extends ReadParameters, EscrowParties {}

/** What {@link getEscrowBalance} takes. */
export interface GetEscrowBalanceParameters extends ReadParameters {
  /** Client of the escrow. */
  readonly client: Address;
  /** Server of the escrow. */
  readonly server: Address;
}

/** What {@link getCredit} takes. */
export interface GetCreditParameters extends ReadParameters {
  /** Owner of the credit. */
  readonly account: Address;
  /** ERC-20 contract. */
  readonly token: Address;
}

/** What {@link getNonceWord} takes. */
export interface GetNonceWordParameters extends ReadParameters, EscrowParties {
  /** Epoch of the escrow. */
  readonly epoch: bigint;
  /** Upper 56 bits of the nonces: `nonce >> 8`. */
  readonly word: bigint;
}

/** What {@link getAccountNonceWord} takes. */
export interface GetAccountNonceWordParameters extends ReadParameters {
  /** Owner of the nonces. */
  readonly account: Address;
  /** Upper 248 bits of the nonces: `nonce >> 8`. */
  readonly word: bigint;
}

/** What {@link getTabSettled} takes. */
export interface GetTabSettledParameters extends ReadParameters, EscrowParties {
  /** Epoch of the escrow. */
  readonly epoch: bigint;
  /** Lane of tabs. */
  readonly lane: bigint;
}

/** What {@link isTransactionUsed} takes. */
export interface IsTransactionUsedParameters extends ReadParameters, EscrowParties, TransactionContent {}

/** What {@link getSettler} takes. */
export interface GetSettlerParameters extends ReadParameters {
  /** Whose payments the settler may consume. */
  readonly server: Address;
  /** Who may consume the server's payments. */
  readonly settler: Address;
}

/** Right of a settler. */
export interface SettlerState {
  /** Last second of its right, unix seconds, inclusive; zero when it has none. */
  readonly validUntil: bigint;
  /** How often it was set: the sequence of the next authorization. */
  readonly sequence: bigint;
}

/** What {@link getPaymentDigest} takes. */
export interface GetPaymentDigestParameters extends ReadParameters {
  readonly payment: Payment;
}

/** What {@link getTabDigest} takes. */
export interface GetTabDigestParameters extends ReadParameters {
  readonly tab: Tab;
}

/** What to read of one escrow. */
export interface EscrowReading extends EscrowParties {
  /** Epoch of the words, lanes and transactions; they are read of no other. */
  readonly epoch: bigint;
  /** Words of payments' nonces to read, `nonce >> 8`. */
  readonly nonceWords?: readonly bigint[];
  /** Lanes to read. */
  readonly lanes?: readonly bigint[];
  /** Contents of signed transactions to look for. */
  readonly transactions?: readonly Omit<TransactionContent, "epoch">[];
}

/** What {@link getChainState} takes. */
export interface GetChainStateParameters extends ReadParameters {
  readonly escrows: readonly EscrowReading[];
  /** Nonces of signed releases and withdrawals to look for. */
  readonly accountNonces?: readonly { readonly account: Address; readonly nonce: bigint }[];
  /** Address of Multicall3 where it is not at its usual one. */
  readonly multicall?: Address;
}

/** One escrow at the block of the read. Every list is in the order in which it was asked for. */
export interface EscrowReadResult {
  readonly escrow: Escrow;
  /** Words of nonces that were asked for; a set bit is a used nonce. */
  readonly nonceWords: readonly { readonly word: bigint; readonly bits: bigint }[];
  /** Lanes that were asked for, with their settled totals, token base units. */
  readonly lanes: readonly { readonly lane: bigint; readonly settled: bigint }[];
  /** True for each transaction that was settled, by whichever way. */
  readonly isTransactionUsed: readonly boolean[];
}

/** Many escrows at one block. */
export interface ChainState {
  /** Time of the block of the read, unix seconds. */
  readonly timestamp: bigint;
  readonly escrows: readonly EscrowReadResult[];
  /** True for each asked nonce that was used or cancelled. */
  readonly isAccountNonceUsed: readonly boolean[];
}

/** Multicall3 tells the time of the block in which it answers. */
const clockAbi = parseAbi(["function getCurrentBlockTimestamp() view returns (uint256)"]);

/** Flags of an escrow, as the contract packs them. */
const FLAGS = { open: 1, closedByClient: 2, closedByServer: 4 } as const;

/**
 * Reads the EIP-712 domain of the contract. Calls `FlashSettlement.eip712Domain` (ERC-5267).
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link ReadParameters}.
 * @returns {@link Eip712Domain}.
 *
 * @example
 * const { name, version } = await getEip712Domain(publicClient, { settlement });
 */
export async function getEip712Domain(client: ReadClient, parameters: ReadParameters): Promise<Eip712Domain> {
  return toEip712Domain(await read<Eip712DomainTuple>(client, parameters, "eip712Domain", []));
}

/**
 * Reads an escrow: balance, settled total, end, terms, epoch and state, as they were at one block. Calls `FlashSettlement.escrowOf`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetEscrowParameters}.
 * @returns {@link Escrow}; one that was never opened is all zero. Amounts in token base units, times in unix seconds.
 *
 * @example
 * const { balance, epoch, isOpen } = await getEscrow(publicClient, { settlement, client, server, token });
 */
export async function getEscrow(client: ReadClient, parameters: GetEscrowParameters): Promise<Escrow> {
  const { client: payer, server, token } = parameters;
  return toEscrow(await read<RawEscrow>(client, parameters, "escrowOf", [payer, server, token]));
}

/**
 * Reads the balance of the escrow in the pair's token, the one that `openEscrow` named last. Calls `FlashSettlement.escrowBalance`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetEscrowBalanceParameters}.
 * @returns Token base units.
 *
 * @example
 * const balance = await getEscrowBalance(publicClient, { settlement, client, server });
 */
export async function getEscrowBalance(client: ReadClient, parameters: GetEscrowBalanceParameters): Promise<bigint> {
  return read(client, parameters, "escrowBalance", [parameters.client, parameters.server]);
}

/**
 * Reads what an account can withdraw. Calls `FlashSettlement.creditOf`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetCreditParameters}.
 * @returns Token base units.
 *
 * @example
 * const credit = await getCredit(publicClient, { settlement, account: server, token });
 */
export async function getCredit(client: ReadClient, parameters: GetCreditParameters): Promise<bigint> {
  return read(client, parameters, "creditOf", [parameters.account, parameters.token]);
}

/**
 * Reads which of 256 payments of an epoch were used. Calls `FlashSettlement.nonceWord`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetNonceWordParameters}.
 * @returns Bit `nonce % 256` for each nonce.
 *
 * @example
 * const bits = await getNonceWord(publicClient, { settlement, client, server, token, epoch, word: nonce >> 8n });
 */
export async function getNonceWord(client: ReadClient, parameters: GetNonceWordParameters): Promise<bigint> {
  return read(client, parameters, "nonceWord", [escrowId(parameters), parameters.epoch, parameters.word]);
}

/**
 * Reads which of 256 nonces of an account's signed releases and withdrawals were used or cancelled. Calls
 * `FlashSettlement.accountNonceWord`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetAccountNonceWordParameters}.
 * @returns Bit `nonce % 256` for each nonce.
 *
 * @example
 * const bits = await getAccountNonceWord(publicClient, { settlement, account: server, word: nonce >> 8n });
 */
export async function getAccountNonceWord(
  client: ReadClient,
  parameters: GetAccountNonceWordParameters,
): Promise<bigint> {
  return read(client, parameters, "accountNonceWord", [parameters.account, parameters.word]);
}

/**
 * Reads what a lane has paid. Calls `FlashSettlement.tabSettled`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetTabSettledParameters}.
 * @returns Token base units.
 *
 * @example
 * const settled = await getTabSettled(publicClient, { settlement, client, server, token, epoch, lane: 17n });
 */
export async function getTabSettled(client: ReadClient, parameters: GetTabSettledParameters): Promise<bigint> {
  return read(client, parameters, "tabSettled", [escrowId(parameters), parameters.epoch, parameters.lane]);
}

/**
 * Says whether the content of a signed transaction was settled, by whichever way. Calls `FlashSettlement.isTransactionUsed`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsTransactionUsedParameters}; amounts in token base units, times in unix seconds.
 * @returns True when it was.
 *
 * @example
 * const isUsed = await isTransactionUsed(publicClient, { settlement, client, server, token, ...content });
 */
export async function isTransactionUsed(client: ReadClient, parameters: IsTransactionUsedParameters): Promise<boolean> {
  const { amount, nonce, deadline, epoch } = parameters;
  return read(client, parameters, "isTransactionUsed", [escrowId(parameters), amount, nonce, deadline, epoch]);
}

/**
 * Reads the right of a settler. Calls `FlashSettlement.settlerOf`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetSettlerParameters}.
 * @returns {@link SettlerState}.
 *
 * @example
 * const { validUntil, sequence } = await getSettler(publicClient, { settlement, server, settler });
 */
export async function getSettler(client: ReadClient, parameters: GetSettlerParameters): Promise<SettlerState> {
  const { server, settler } = parameters;
  return toSettler(await read<RawSettler>(client, parameters, "settlerOf", [server, settler]));
}

/**
 * Reads the EIP-712 digest of a payment. Calls `FlashSettlement.paymentDigest`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetPaymentDigestParameters}.
 * @returns 32 bytes; equal to the digest of `hashPayment`.
 *
 * @example
 * const digest = await getPaymentDigest(publicClient, { settlement, payment });
 */
export async function getPaymentDigest(client: ReadClient, parameters: GetPaymentDigestParameters): Promise<Hex> {
  return read(client, parameters, "paymentDigest", [parameters.payment]);
}

/**
 * Reads the EIP-712 digest of a tab. Calls `FlashSettlement.tabDigest`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetTabDigestParameters}.
 * @returns 32 bytes; equal to the digest of `hashTab`.
 *
 * @example
 * const digest = await getTabDigest(publicClient, { settlement, tab });
 */
export async function getTabDigest(client: ReadClient, parameters: GetTabDigestParameters): Promise<Hex> {
  return read(client, parameters, "tabDigest", [parameters.tab]);
}

/**
 * Reads many escrows, with what a server has to know of each, in one call at one block: balances, settled totals, nonces and lanes belong
 * together, and the block's time belongs to them. Two reads of their own could show a settled payment twice.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client of a chain with Multicall3.
 * @param parameters - {@link GetChainStateParameters}.
 * @returns {@link ChainState}; amounts in token base units, times in unix seconds.
 *
 * @example
 * const { timestamp, escrows } = await getChainState(publicClient, {
 *   settlement,
 *   blockNumber,
 *   escrows: [{ client, server, token, epoch: 0n, nonceWords: [0n], lanes: [17n] }],
 * });
 */
export async function getChainState(client: ReadClient, parameters: GetChainStateParameters): Promise<ChainState> {
  const { escrows, accountNonces = [], multicall: address = MULTICALL3_ADDRESS } = parameters;
  const contracts = [
    { abi: clockAbi, address, functionName: "getCurrentBlockTimestamp" },
    ...escrows.flatMap((reading) => callsOf(parameters.settlement, reading)),
    ...accountNonces.map(({ account, nonce }) =>
      viewCall(parameters.settlement, "accountNonceWord", [account, nonce >> 8n]),
    ),
  ];
  const values = await readTogether(client, parameters, contracts, address);
  const next = <value>(): value => values.shift() as value;
  return {
    timestamp: next<bigint>(),
    escrows: escrows.map(({ nonceWords = [], lanes = [], transactions = [] }) => ({
      escrow: toEscrow(next<RawEscrow>()),
      nonceWords: nonceWords.map((word) => ({ word, bits: next<bigint>() })),
      lanes: lanes.map((lane) => ({ lane, settled: next<bigint>() })),
      isTransactionUsed: transactions.map(() => next<boolean>()),
    })),
    isAccountNonceUsed: accountNonces.map(({ nonce }) => ((next<bigint>() >> (nonce % 256n)) & 1n) === 1n),
  };
}

type RawEscrow = ReturnTypeOf<"escrowOf">;
type RawSettler = ReturnTypeOf<"settlerOf">;
type ReturnTypeOf<name extends ViewName> = ContractFunctionReturnType<Abi, "view", name>;

/** An escrow as the contract answers it, with names for its flags. */
function toEscrow({ balance, settled, unlockAt, signer, closeDelay, epoch, flags }: RawEscrow): Escrow {
  return {
    balance,
    settled,
    unlockAt: BigInt(unlockAt),
    signer,
    closeDelay: BigInt(closeDelay),
    epoch: BigInt(epoch),
    isOpen: (flags & FLAGS.open) !== 0,
    isClosedByClient: (flags & FLAGS.closedByClient) !== 0,
    isClosedByServer: (flags & FLAGS.closedByServer) !== 0,
  };
}

function toSettler([validUntil, sequence]: RawSettler): SettlerState {
  return { validUntil: BigInt(validUntil), sequence };
}

/** Every call for one escrow, in the order in which {@link getChainState} takes its values. */
function callsOf(settlement: Address, reading: EscrowReading) {
  const { client, server, token, epoch, nonceWords = [], lanes = [], transactions = [] } = reading;
  const id = escrowId(reading);
  return [
    viewCall(settlement, "escrowOf", [client, server, token]),
    ...nonceWords.map((word) => viewCall(settlement, "nonceWord", [id, epoch, word])),
    ...lanes.map((lane) => viewCall(settlement, "tabSettled", [id, epoch, lane])),
    ...transactions.map(({ amount, nonce, deadline }) =>
      viewCall(settlement, "isTransactionUsed", [id, amount, nonce, deadline, epoch]),
    ),
  ];
}

function viewCall(settlement: Address, functionName: ViewName, args: readonly unknown[]) {
  return { abi: flashSettlementAbi, address: withChecksums(settlement), functionName, args: withChecksums(args) };
}

async function readTogether(
  client: ReadClient,
  block: BlockParameters,
  contracts: readonly object[],
  multicallAddress: Address,
): Promise<unknown[]> {
  const request = { contracts, multicallAddress, allowFailure: false, batchSize: 0, ...blockOf(block) };
  try {
    // viem relates each result to its call, whose names stay open here.
    return [...((await multicall(client, request as never)) as readonly unknown[])];
  } catch (error) {
    throw decodeFlashError(error) ?? error;
  }
}

async function read<value>(
  client: ReadClient,
  { settlement, ...block }: ReadParameters,
  functionName: ViewName,
  args: readonly unknown[],
): Promise<value> {
  return (await readView(client, viewCall(settlement, functionName, args), block, decodeFlashError)) as value;
}
