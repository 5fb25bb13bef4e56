import { erc20Abi, parseAbi, type Address, type Hash } from "viem";
import { readContract } from "viem/actions";
import type { EscrowId } from "../../seller/voucher/types.ts";
import type { ReadClient, SignedVoucher, WalletDeployment } from "../../voucher/index.ts";
import type { DeferredCode } from "./codes.ts";
import type { Deposit, DepositMethod, SignedSignerAuthorization } from "./types.ts";

const eip2612StateAbi = parseAbi(["function nonces(address owner) view returns (uint256)"]);

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

/** Token base units by asset; addresses in any case. */
export type AssetAmounts = Readonly<Record<Address, bigint>>;

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

/** What the chain says about a buyer's tokens. */
export interface AssetFacts {
  /** Allowance of the buyer to the escrow, token base units. */
  readonly assetAllowance: bigint;
  /** ERC-2612 nonce; undefined when the token has none. */
  readonly assetPermitNonce?: bigint;
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
  readAsset(buyer: Address, asset: Address): Promise<AssetFacts>;
}

/** Finds the amount of an asset. */
export function amountOf(amounts: AssetAmounts, asset: Address): bigint | undefined {
  const wanted = asset.toLowerCase();
  return Object.entries(amounts).find(([address]) => address.toLowerCase() === wanted)?.[1];
}

/** Whose allowance to which escrow. */
export interface ReadAssetFactsParameters {
  readonly escrow: Address;
  readonly buyer: Address;
  readonly asset: Address;
}

/** Reads what the chain says about a buyer's tokens. */
export async function readAssetFacts(
  client: ReadClient,
  { escrow, buyer, asset }: ReadAssetFactsParameters,
): Promise<AssetFacts> {
  const [allowance, nonce] = await Promise.allSettled([
    readContract(client, { address: asset, abi: erc20Abi, functionName: "allowance", args: [buyer, escrow] }),
    readContract(client, { address: asset, abi: eip2612StateAbi, functionName: "nonces", args: [buyer] }),
  ]);
  if (allowance.status === "rejected") throw allowance.reason;
  // A token without permits has no such nonce.
  return { assetAllowance: allowance.value, ...(nonce.status === "fulfilled" && { assetPermitNonce: nonce.value }) };
}
