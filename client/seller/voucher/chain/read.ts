import type { Address, Hex } from "viem";
import { multicall, readContract } from "viem/actions";
import { voucherEscrowAbi } from "../../../abi/index.ts";
import type { ReadClient } from "../../../core/readClient.ts";
import { NONCE_KINDS } from "../../../voucher/types.ts";
import type { BlockReference } from "../../core/types.ts";
import { DEFAULT_LANE } from "../keys.ts";
import type { AccountId, EscrowId } from "../types.ts";
import type { ChainUpdate, SignerUpdate } from "../store/types.ts";
import { ask } from "../../core/rpc.ts";

/** One account to read. */
export interface AccountReading {
  readonly account: AccountId;
  /** Lanes besides the default lane. */
  readonly lanes: readonly Hex[];
  /** Nonces of live releases. */
  readonly releases: readonly Hex[];
}

/** One session signer to read. */
export interface SignerReading {
  readonly buyer: Address;
  readonly signer: Address;
}

/** What to read, and how. */
export interface ReadParameters {
  readonly escrow: EscrowId;
  readonly block: BlockReference;
  readonly accounts: readonly AccountReading[];
  readonly signers: readonly SignerReading[];
  /** Multicall3; without it every value is a request of its own. */
  readonly multicallAddress: Address | undefined;
  /** Most values of one request. */
  readonly batchSize: number;
}

interface Call {
  readonly address: Address;
  readonly abi: typeof voucherEscrowAbi;
  readonly functionName: "getAccount" | "getVoucherCollected" | "isNonceUsed" | "getSigner";
  readonly args: readonly unknown[];
}

const RELEASE_KIND = NONCE_KINDS.indexOf("Release");

/**
 * Reads accounts and signers as they were at one block, so that balances and collected totals belong together.
 *
 * @throws {ChainUnavailableError} the node does not answer.
 */
export async function readState(
  client: ReadClient,
  parameters: ReadParameters,
): Promise<{ readonly accounts: readonly ChainUpdate[]; readonly signers: readonly SignerUpdate[] }> {
  const { escrow, block } = parameters;
  const values = await readValues(client, parameters, callsOf(parameters));
  const next = (): unknown => values.shift();
  const accounts = parameters.accounts.map(({ account, lanes, releases }): ChainUpdate => {
    const { balance, thawingAmount, thawEndTime } = next() as {
      balance: bigint;
      thawingAmount: bigint;
      thawEndTime: bigint;
    };
    return {
      account,
      block,
      balance,
      thawing: thawingAmount,
      thawEndTime,
      lanes: [DEFAULT_LANE, ...lanes].map((id) => ({ id, collected: next() as bigint })),
      endedReleases: releases.filter(() => next() as boolean),
    };
  });
  const signers = parameters.signers.map(({ buyer, signer }): SignerUpdate => {
    const [validUntil, isRevoked] = next() as readonly [bigint, boolean];
    return { ...escrow, buyer, signer, validUntil, isRevoked, block };
  });
  return { accounts, signers };
}

/** Every call in the order in which {@link readState} takes its values. */
function callsOf({ escrow, accounts, signers }: ReadParameters): readonly Call[] {
  const call = (functionName: Call["functionName"], ...args: readonly unknown[]): Call => ({
    address: escrow.escrow,
    abi: voucherEscrowAbi,
    functionName,
    args,
  });
  return [
    ...accounts.flatMap(({ account: { buyer, seller, asset }, lanes, releases }) => [
      call("getAccount", buyer, seller, asset),
      ...[DEFAULT_LANE, ...lanes].map((id) => call("getVoucherCollected", buyer, seller, asset, id)),
      ...releases.map((nonce) => call("isNonceUsed", RELEASE_KIND, seller, nonce)),
    ]),
    ...signers.map(({ buyer, signer }) => call("getSigner", buyer, signer)),
  ];
}

async function readValues(
  client: ReadClient,
  { block, multicallAddress, batchSize }: ReadParameters,
  calls: readonly Call[],
): Promise<unknown[]> {
  const values: unknown[] = [];
  const blockNumber = block.number;
  for (let start = 0; start < calls.length; start += batchSize) {
    const contracts = calls.slice(start, start + batchSize);
    const what = `${contracts.length} values at block ${blockNumber}`;
    const batch = await ask(what, () =>
      multicallAddress === undefined
        ? Promise.all(contracts.map((call) => readContract(client, { ...call, blockNumber } as never)))
        : multicall(client, { contracts, multicallAddress, blockNumber, allowFailure: false, batchSize: 0 } as never),
    );
    values.push(...(batch as readonly unknown[]));
  }
  return values;
}
