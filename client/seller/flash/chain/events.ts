import { decodeEventLog, getAbiItem, numberToHex, toEventSelector, type Address, type Hex } from "viem";
import { flashSettlementAbi } from "../../../abi/index.ts";
import type { ReadClient } from "../../../core/readClient.ts";
import { ask } from "../../core/rpc.ts";

/** Which events to look for. */
export interface EventFilter {
  /** Address of FlashSettlement. */
  readonly settlement: Address;
  /** Ids of the escrows to look for. */
  readonly ids: ReadonlySet<Hex>;
  readonly fromBlock: bigint;
  /** Inclusive. */
  readonly toBlock: bigint;
  /** Most blocks of one request. */
  readonly maxRange: bigint;
}

/** What events say of the escrows that were looked for. */
export interface FoundEvents {
  /** Ids of the escrows that changed. */
  readonly touched: ReadonlySet<Hex>;
  /** Settlements in which a wallet failed and the escrow paid (R10). */
  readonly fallbacks: readonly { readonly id: Hex; readonly epoch: bigint }[];
}

interface RawLog {
  readonly data: Hex;
  readonly topics: [Hex, ...Hex[]];
}

/** Everything that changes an escrow names its id first. */
const ESCROW_EVENTS: readonly Hex[] = flashSettlementAbi.flatMap((item) =>
  item.type === "event" && (item.inputs as readonly { readonly name: string }[])[0]?.name === "id"
    ? [toEventSelector(item)]
    : [],
);

/** With more escrows than this the node is asked for the events of all, and what is not ours is left out here. */
const MAX_IDS = 500;

const PAYMENTS_SETTLED = toEventSelector(getAbiItem({ abi: flashSettlementAbi, name: "PaymentsSettled" }));

/** Finds which escrows events touched, in ranges the node answers. */
export async function findEvents(client: ReadClient, filter: EventFilter): Promise<FoundEvents> {
  const touched = new Set<Hex>();
  const fallbacks: { readonly id: Hex; readonly epoch: bigint }[] = [];
  if (filter.ids.size === 0) return { touched, fallbacks };
  for (let from = filter.fromBlock; from <= filter.toBlock; from += filter.maxRange) {
    const last = from + filter.maxRange - 1n;
    for (const log of await readLogs(client, filter, from, last < filter.toBlock ? last : filter.toBlock)) {
      const id = log.topics[1];
      if (id === undefined || !filter.ids.has(id)) continue;
      touched.add(id);
      const epoch = fallbackOf(log);
      if (epoch !== undefined) fallbacks.push({ id, epoch });
    }
  }
  return { touched, fallbacks };
}

/** The epoch in which an escrow paid for its client's wallet, if the event says that it did. */
function fallbackOf({ data, topics }: RawLog): bigint | undefined {
  if (topics[0] !== PAYMENTS_SETTLED) return undefined;
  const { args } = decodeEventLog({ abi: flashSettlementAbi, eventName: "PaymentsSettled", data, topics });
  return args.fromEscrow > 0n ? BigInt(args.epoch) : undefined;
}

function readLogs(
  client: ReadClient,
  { settlement, ids }: EventFilter,
  fromBlock: bigint,
  toBlock: bigint,
): Promise<readonly RawLog[]> {
  const request = {
    method: "eth_getLogs",
    params: [
      {
        address: settlement,
        topics: ids.size > MAX_IDS ? [ESCROW_EVENTS] : [ESCROW_EVENTS, [...ids]],
        fromBlock: numberToHex(fromBlock),
        toBlock: numberToHex(toBlock),
      },
    ],
  };
  return ask(
    `events of blocks ${fromBlock} to ${toBlock}`,
    async () => (await client.request(request as never)) as unknown as readonly RawLog[],
  );
}
