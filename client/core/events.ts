import {
  isAddressEqual,
  parseEventLogs,
  type Abi,
  type Address,
  type BlockNumber,
  type BlockTag,
  type ContractEventArgs,
  type ContractEventName,
  type GetContractEventsReturnType,
  type Log,
  type ParseEventLogsReturnType,
  type WatchContractEventOnLogsFn,
  type WatchContractEventReturnType,
} from "viem";
import { getContractEvents, watchContractEvent } from "viem/actions";
import type { ReadClient } from "./readClient.ts";

/** A contract whose events count. A log of another contract is left out, whatever it claims. */
export interface EventSource<abi extends Abi> {
  readonly abi: abi;
  readonly address: Address;
}

/** A range of blocks. */
export interface BlockRange {
  /** First block, inclusive. */
  readonly fromBlock: BlockNumber | BlockTag;
  /** Last block, inclusive; the latest when absent. */
  readonly toBlock?: BlockNumber | BlockTag;
}

/** One kind of event, and values of its indexed members. */
export interface EventFilter<abi extends Abi, name extends ContractEventName<abi>> {
  readonly eventName: name;
  /** Values of indexed members to match. */
  readonly args?: ContractEventArgs<abi, name>;
}

/** How to watch one kind of event. */
export interface EventWatch<abi extends Abi, name extends ContractEventName<abi>> {
  /** Called with new logs, oldest first. */
  readonly onLogs: WatchContractEventOnLogsFn<abi, name, true>;
  /** Called when a request fails; watching goes on. */
  readonly onError: (error: Error) => void;
  /** First block to report, inclusive; the next one when absent. */
  readonly fromBlock?: BlockNumber;
  /** Milliseconds between requests; the client's own when absent. */
  readonly pollingInterval?: number;
}

/** Decodes a contract's events, of one kind if a name is given. */
export function parseEvents<const abi extends Abi, name extends ContractEventName<abi>>(
  { abi, address }: EventSource<abi>,
  logs: readonly Log[],
  eventName: name | undefined,
): ParseEventLogsReturnType<abi, name, true> {
  const own = logs.filter((log) => isAddressEqual(log.address, address));
  const options = eventName === undefined ? {} : { eventName };
  return parseEventLogs({ abi, logs: own, ...options } as never) as unknown as ParseEventLogsReturnType<
    abi,
    name,
    true
  >;
}

/** Reads a contract's events from a range of blocks, oldest first. */
export async function getEvents<const abi extends Abi, name extends ContractEventName<abi>>(
  client: ReadClient,
  source: EventSource<abi>,
  { eventName, args, fromBlock, toBlock = "latest" }: EventFilter<abi, name> & BlockRange,
): Promise<GetContractEventsReturnType<abi, name, true>> {
  const request = { ...source, eventName, ...(args === undefined ? {} : { args }), fromBlock, toBlock, strict: true };
  // viem relates the filter to the name by types that stay open here.
  return (await getContractEvents(client, request as never)) as unknown as GetContractEventsReturnType<abi, name, true>;
}

/** Watches a contract for one event, by polling. Returns the function that ends the watch. */
export function watchEvent<const abi extends Abi, name extends ContractEventName<abi>>(
  client: ReadClient,
  source: EventSource<abi>,
  watch: EventFilter<abi, name> & EventWatch<abi, name>,
): WatchContractEventReturnType {
  // As in getEvents: the filter's types stay open.
  return watchContractEvent(client, { ...watch, ...source, strict: true, poll: true } as never);
}
