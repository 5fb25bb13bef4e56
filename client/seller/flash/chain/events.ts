import { numberToHex, toEventSelector, type Address, type Hex } from "viem";
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

interface RawLog {
  readonly topics: readonly Hex[];
}

/** Everything that changes an escrow names its id first. */
const ESCROW_EVENTS: readonly Hex[] = flashSettlementAbi.flatMap((item) =>
  item.type === "event" && (item.inputs as readonly { readonly name: string }[])[0]?.name === "id"
    ? [toEventSelector(item)]
    : [],
);

/** With more escrows than this the node is asked for the events of all, and what is not ours is left out here. */
const MAX_IDS = 500;

/** Finds which escrows events touched, in ranges the node answers. */
export async function findTouched(client: ReadClient, filter: EventFilter): Promise<ReadonlySet<Hex>> {
  const touched = new Set<Hex>();
  if (filter.ids.size === 0) return touched;
  for (let from = filter.fromBlock; from <= filter.toBlock; from += filter.maxRange) {
    const last = from + filter.maxRange - 1n;
    for (const { topics } of await readLogs(client, filter, from, last < filter.toBlock ? last : filter.toBlock)) {
      const id = topics[1];
      if (id !== undefined && filter.ids.has(id)) touched.add(id);
    }
  }
  return touched;
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
