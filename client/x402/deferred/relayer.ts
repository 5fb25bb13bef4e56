import type { Address, Hash } from "viem";
import type { EscrowId } from "../../seller/voucher/types.ts";
import type { SignedVoucher, WalletDeployment } from "../../voucher/index.ts";
import type { AssetAmounts, AssetFacts } from "../core/assets.ts";
import type { DeferredCode } from "./codes.ts";
import type { Deposit, DepositMethod, SignedSignerAuthorization } from "./types.ts";

/** What a payment brings besides its voucher. */
export interface RelayRequest {
  /** Whose account it is for. */
  readonly account: { readonly buyer: Address; readonly seller: Address; readonly asset: Address };
  readonly deposit?: Deposit;
  readonly signerAuthorization?: SignedSignerAuthorization;
  /** The buyer's wallet, not deployed yet, as its ERC-6492 signatures say. Never without a deposit. */
  readonly deployment?: PendingDeployment;
}

/** A wallet that is not there yet, and what it must answer for once it is. */
export interface PendingDeployment extends WalletDeployment {
  readonly voucher: SignedVoucher;
  /** The voucher's session signer, when the payment brings it along. */
  readonly signerAuthorization?: SignedSignerAuthorization;
}

/** How relaying ended. */
export type RelayResult =
  | {
      readonly isRelayed: true;
      /** Transaction of the deposit; absent when it was executed before. */
      readonly transaction?: Hash;
      /** Block in which everything is mined; absent when nothing had to be sent. */
      readonly block?: bigint;
    }
  | { readonly isRelayed: false; readonly code: DeferredCode };

/** What relaying would do. */
export interface RelayTrial {
  /** Why it would be refused; absent when it would not. */
  readonly code?: DeferredCode;
  /** Whether the deposit was executed before. */
  readonly isDepositDone?: boolean;
  /** Whether the signer is authorized for as long, or longer. */
  readonly isSignerDone?: boolean;
}

/** Sends what buyers have signed, and pays the gas. */
export interface Relayer {
  readonly escrow: EscrowId;
  readonly methods: readonly DepositMethod[];
  /** Least deposit that is sent, by asset. Deposits in other assets are not sent. */
  readonly minimumDeposits: AssetAmounts;
  /** Who sends: an address or a URL, for buyers to know. */
  readonly name: string;
  /**
   * Sends what a payment brings and waits until it is mined. What was sent before is not sent again; copies that come together are sent
   * once. Whether the parts belong to a voucher, and are worth their gas, is the caller's to check.
   *
   * @throws viem's errors when the chain does not answer: then nobody knows whether it was sent.
   */
  relay(request: RelayRequest): Promise<RelayResult>;
  /** Says what {@link relay} would do, and sends nothing. */
  simulate(request: RelayRequest): Promise<RelayTrial>;
  /** Reads what a buyer has to know of an asset before it signs a deposit. */
  readAsset(buyer: Address, asset: Address): Promise<AssetFacts>;
}
