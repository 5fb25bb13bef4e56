import { keccak256, parseEventLogs, toHex, type Abi, type Address, type Hex, type PrivateKeyAccount } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { voucherEscrowAbi } from "../../../client/abi/index.ts";
import { signMessage, type VoucherMessages, type VoucherPrimaryType } from "../../../client/voucher/index.ts";
import { USDC } from "../../../test/base/addresses.ts";
import type { Base } from "../../../test/helpers/base.ts";

// Fixed keys, times and nonces make every row exact.
export const START = 1_900_000_000n;
export const DAY = 86_400n;
export const EXPIRY = START + 30n * DAY;
export const CHAIN_ID = 8453;
/** Token base units. */
export const AMOUNT = 1_000_000n;
export const OTHER_LANE = keccak256(toHex("lane"));
const GAS_LIMIT = 16_000_000n;
const MOST_ROWS = 100;

const accountOf = (name: string): PrivateKeyAccount => privateKeyToAccount(keccak256(toHex(name)));

/** Who sends, which function of the escrow, with what. */
export type Call = readonly [account: PrivateKeyAccount, functionName: string, args: readonly unknown[]];

/** The chain that is measured on, and who acts there. */
export interface VoucherBench {
  readonly base: Base;
  readonly escrow: Address;
  readonly usdc: Address;
  readonly relayer: PrivateKeyAccount;
  readonly buyer: PrivateKeyAccount;
  readonly seller: PrivateKeyAccount;
  /** Buyers of a batch. */
  readonly buyers: readonly PrivateKeyAccount[];
  /** Sellers of one buyer's accounts. */
  readonly manySellers: readonly Address[];
  /** Has no account yet. */
  readonly freshSeller: Address;
  readonly sessionKey: Address;
  /** Sends a transaction that must succeed, and in which nothing may be skipped: what is skipped is cheap. */
  transact(call: Call): Promise<{ readonly gasUsed: bigint }>;
  sign<name extends VoucherPrimaryType>(
    account: PrivateKeyAccount,
    primaryType: name,
    message: VoucherMessages[name],
  ): Promise<Hex>;
}

/** Makes the bench of a chain with the escrow on it. */
export function createVoucherBench(base: Base, escrow: Address): VoucherBench {
  const { relayer, buyer, seller } = base.actors;
  return {
    ...{ base, escrow, relayer, buyer, seller },
    usdc: USDC,
    buyers: Array.from({ length: MOST_ROWS }, (_, index) => accountOf(`buyer ${index}`)),
    manySellers: Array.from({ length: 10 }, (_, index) => accountOf(`seller ${index}`).address),
    freshSeller: accountOf("fresh seller").address,
    sessionKey: accountOf("session key").address,
    sign: (account, primaryType, message) => signMessage(account, primaryType, { message, chainId: CHAIN_ID, escrow }),
    async transact([account, functionName, args]) {
      const call = { address: escrow, abi: voucherEscrowAbi as Abi, functionName, args, gas: GAS_LIMIT };
      const hash = await base.walletOf(account).writeContract(call);
      const { status, logs, gasUsed } = await base.publicClient.getTransactionReceipt({ hash });
      if (status !== "success") throw new Error(`${functionName} reverted`);
      const skipped = parseEventLogs({ abi: voucherEscrowAbi, logs, eventName: [...SKIPS] });
      if (skipped.length > 0) throw new Error(`${functionName}: ${skipped.length} items had no effect`);
      return { gasUsed };
    },
  };
}

const SKIPS = ["VoucherSkipped", "GroupFailed", "FlushSkipped"] as const;
