import { isAddressEqual, parseEventLogs, type Address, type Hex, type Log } from "viem";
import { authCaptureEscrowAbi, authCaptureEscrowV1_0Abi, erc20Abi } from "../../abi/index.ts";
import type { EscrowDeployment } from "../../auth-capture/addresses.ts";
import type { PaymentState } from "../../auth-capture/types.ts";
import { parseEvents } from "../../core/events.ts";

/** Net change of balances in one token, by account in lower case. */
export type Movements = ReadonlyMap<Address, bigint>;

/** An event that the escrow must emit about a payment; other members may be anything. */
export interface ExpectedEvent {
  readonly name: "PaymentAuthorized" | "PaymentCharged" | "PaymentCaptured" | "PaymentVoided" | "PaymentRefunded";
  readonly args: Readonly<Record<string, unknown>>;
}

/** What one transaction must do to a payment, all of it and nothing else. */
export interface Effects {
  readonly deployment: EscrowDeployment;
  readonly paymentInfoHash: Hex;
  readonly token: Address;
  readonly events: readonly ExpectedEvent[];
  readonly before: PaymentState;
  readonly after: PaymentState;
  /** Token base units; accounts that must not gain or lose stand in it with zero. */
  readonly movements: Movements;
}

/** Adds up what accounts gain and lose; one account may stand in several places. */
export function makeMovements(parts: readonly (readonly [Address, bigint])[]): Movements {
  const movements = new Map<Address, bigint>();
  for (const [account, amount] of parts) {
    const key = account.toLowerCase() as Address;
    movements.set(key, (movements.get(key) ?? 0n) + amount);
  }
  return movements;
}

/** Says which expected event is missing from logs; undefined when all are there. */
export function findMissingEvent(effects: Effects, logs: readonly Log[]): string | undefined {
  const { deployment, paymentInfoHash, events } = effects;
  const abi = deployment.generation === "v1.0" ? authCaptureEscrowV1_0Abi : authCaptureEscrowAbi;
  // Both generations' events are read alike from here on.
  const emitted = parseEvents({ abi, address: deployment.escrow }, logs, undefined) as readonly EscrowEvent[];
  const own = emitted.filter(({ args }) => args["paymentInfoHash"] === paymentInfoHash);
  const isEmitted = (event: ExpectedEvent) =>
    own.some(({ eventName, args }) => eventName === event.name && includes(args, event.args));
  return events.find((event) => !isEmitted(event))?.name;
}

interface EscrowEvent {
  readonly eventName: string;
  readonly args: Readonly<Record<string, unknown>>;
}

function includes(args: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([name, value]) => isSameValue(args[name], value));
}

function isSameValue(first: unknown, second: unknown): boolean {
  if (typeof first === "string" && typeof second === "string") return first.toLowerCase() === second.toLowerCase();
  // Small integers come as numbers.
  return typeof first === "number" && typeof second === "bigint" ? BigInt(first) === second : first === second;
}

/** Reads what transfers of a token did to the accounts that count. */
export function readMovements({ token, movements }: Effects, logs: readonly Log[]): Movements {
  const own = logs.filter(({ address }) => isAddressEqual(address, token));
  const transfers = parseEventLogs({ abi: erc20Abi, eventName: "Transfer", logs: own });
  const zeros = [...movements.keys()].map((account) => [account, 0n] as const);
  const parts = transfers.flatMap(({ args: { from, to, value } }) => [[from, -value] as const, [to, value] as const]);
  return makeMovements([...zeros, ...parts]);
}

/** Says whose balance changed in another way than it must; undefined when none did. */
export function findWrongMovement({ movements }: Effects, actual: Movements): Address | undefined {
  for (const [account, amount] of movements) {
    if ((actual.get(account) ?? 0n) !== amount) return account;
  }
  return undefined;
}

/** Whether two states are the same. */
export function isSameState(first: PaymentState, second: PaymentState): boolean {
  return (
    first.collected === second.collected &&
    first.capturable === second.capturable &&
    first.refundable === second.refundable
  );
}

/** Whether a payment stands as it must, or has moved on from there: each move lowers the sum of both amounts, or what is held alone. */
export function hasReached(actual: PaymentState, wanted: PaymentState): boolean {
  const [sum, wantedSum] = [actual.capturable + actual.refundable, wanted.capturable + wanted.refundable];
  const hasMoved = sum < wantedSum || (sum === wantedSum && actual.capturable < wanted.capturable);
  return isSameState(actual, wanted) || (actual.collected && hasMoved);
}
