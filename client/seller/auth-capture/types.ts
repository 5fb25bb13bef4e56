import type { Address, Hash, Hex } from "viem";
import type { PaymentReference, Terms } from "../../auth-capture/types.ts";

/**
 * How far a payment is.
 *
 * `open`: checked, and served by nobody: anyone can collect it until its signature ends. `serving`: one request has it. `held`: served, and
 * kept for a capture later. `closing`: an action is signed and on its way to the chain. `closed`: nothing is left to do but refunds, unless
 * the chain undoes what was done.
 */
export type PaymentStage = "open" | "serving" | "held" | "closing" | "closed";

/** An action that the authorizer signed. While it can be carried out, no other one is signed for the payment. */
export interface SignedAction {
  /** What was signed. */
  readonly type: "capture" | "captureAndVoid" | "void" | "refund";
  /** Token base units; 0 for a void. */
  readonly amount: bigint;
  /** Held when it was signed, token base units. */
  readonly capturable: bigint;
  /** Captured and not refunded when it was signed, token base units. */
  readonly refundable: bigint;
  /** The authorizer's. */
  readonly signature: Hex;
  /** Somebody else may have it: it was given away, or was about to be. */
  readonly isReleased: boolean;
  /** Of a refund. */
  readonly tokenCollector?: Address;
  /** Of a refund. */
  readonly collectorData?: Hex;
  /** The transaction that carried it out, once it is mined. */
  readonly transaction?: Hash;
}

/** What a seller keeps of a payment. */
export interface PaymentRecord extends PaymentReference {
  /** Chain of the escrow. */
  readonly chainId: bigint;
  /** 32 bytes, lower case. */
  readonly paymentInfoHash: Hex;
  /** Of the payment's operator. */
  readonly terms: Terms;
  readonly stage: PaymentStage;
  /** When the sweeper looks at it next, unix seconds; whoever works on it puts this off. */
  readonly dueAt: bigint;
  /** Whoever paid was answered. */
  readonly isServed: boolean;
  /** Transaction that collected it, where it is known. */
  readonly collectTransaction?: Hash;
  /** Signed last; the live signature, unless the chain has undone one of {@link PaymentRecord.earlier}. */
  readonly action?: SignedAction;
  /** Signed before it, in their order, and perhaps not final: one of them can come to life again. */
  readonly earlier?: readonly SignedAction[];
  /** When what was done to it counts as final, unix seconds. */
  readonly finalAt?: bigint;
  /** Failures in a row; each makes the pause before the next try longer. */
  readonly failures?: number;
  /** Counts writes; each write must know the one before. */
  readonly version: number;
}

/** Which payments {@link PaymentStore.listDue} gives. */
export interface ListDueParameters {
  /** Unix seconds, inclusive. */
  readonly now: bigint;
  /** Most payments to list. */
  readonly limit: number;
  /** Those that are closed, which wait to become final, instead of all others; false by default. */
  readonly isClosed?: boolean;
}

/** Keeps payments across crashes. Every write is conditional, so that of several writers one is first. */
export interface PaymentStore {
  /** Adds a payment; false when it is known. */
  insert(record: PaymentRecord): Promise<boolean>;
  /** Reads a payment; undefined when the store does not know it. */
  get(paymentInfoHash: Hex): Promise<PaymentRecord | undefined>;
  /** Writes the next version of a payment; false when somebody else has written it since `record.version - 1`. */
  replace(record: PaymentRecord): Promise<boolean>;
  /** Forgets a payment in this version; false when somebody else has written it since. */
  remove(record: PaymentRecord): Promise<boolean>;
  /** Payments that are due, the longest due first: those that are not closed, or those that are. */
  listDue(parameters: ListDueParameters): Promise<readonly PaymentRecord[]>;
  /** All payments of a stage, in no order. */
  list(stage: PaymentStage): Promise<readonly PaymentRecord[]>;
  /** Closes files and connections. */
  close(): Promise<void>;
}

/** A transaction that was mined. */
export interface SentAction {
  /** Undefined when somebody else's did the same. */
  readonly transaction?: Hash;
  /** Block at which its effect can be read; the latest when absent. */
  readonly blockNumber?: bigint;
}

/** Brings signed actions, and those that need no signature, to the chain. */
export interface ActionSender {
  /**
   * Tries a signed action without giving its signature away.
   *
   * @throws the typed error when it would revert.
   */
  check(record: PaymentRecord, action: SignedAction): Promise<void>;
  /**
   * Sends a signed action and waits until it is mined.
   *
   * @throws the typed error when it reverts, {@link ChainUnavailableError} when it is not mined in time.
   */
  send(record: PaymentRecord, action: SignedAction, signal: AbortSignal): Promise<SentAction>;
  /** Sends what anybody may do, and waits until it is mined. */
  push(record: PaymentRecord, action: "releaseDue" | "voidExpired", signal: AbortSignal): Promise<SentAction>;
}
