import type { Address, Hex } from "viem";
import {
  hashSignable,
  permit2TransferTypedData,
  receiveTypedData,
  type SignableTypedData,
  type TokenDomain,
} from "../core/funding.ts";
import type { MessageHash } from "../core/structHash.ts";
import { getEscrowDeployment } from "./addresses.ts";
import { payerAgnosticHash } from "./hash.ts";
import type { PaymentReference } from "./types.ts";

/** How the payer consents to a payment by one signature. */
export type PaymentMethod =
  | {
      readonly method: "Eip3009";
      /** EIP-712 name and version of the token. */
      readonly tokenDomain: TokenDomain;
    }
  | {
      /** The payer's tokens are approved to Permit2. */
      readonly method: "Permit2";
    };

/** A payment and how its payer consents. */
export interface PaymentAuthorizationReference extends PaymentReference {
  readonly payment: PaymentMethod;
}

/** What `authorize` and `charge` take beside the payment. */
export interface CollectorCall {
  /** Canonical contract that fetches the payer's tokens. */
  readonly tokenCollector: Address;
  /** What it needs: the payer's raw signature; empty for a pre-approval. */
  readonly collectorData: Hex;
}

/**
 * Builds what a payer signs: the token's `ReceiveWithAuthorization` or Permit2's `PermitTransferFrom`, whose nonce is the hash of the
 * payment. It commits to every member of it, the operator and so its terms included.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param reference - {@link PaymentAuthorizationReference}; amounts in token base units, times in unix seconds.
 * @returns Typed data for viem's `signTypedData`, for `maxAmount` until `preApprovalExpiry`.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const payment = { method: "Eip3009", tokenDomain: { name: "USD Coin", version: "2" } } as const;
 * const typedData = paymentTypedData({ chainId: 8453, escrow, paymentInfo, payment });
 */
export function paymentTypedData({ payment, ...reference }: PaymentAuthorizationReference): SignableTypedData {
  const { chainId, escrow, paymentInfo } = reference;
  const { payer: owner, token: asset, maxAmount: amount, preApprovalExpiry } = paymentInfo;
  const pull = { chainId, spender: getPaymentCollector(escrow, payment.method), owner, asset, amount };
  const structHash = payerAgnosticHash(reference);
  return payment.method === "Eip3009"
    ? receiveTypedData({ ...pull, structHash, deadline: preApprovalExpiry - 1n }, payment.tokenDomain)
    : permit2TransferTypedData({ ...pull, structHash, deadline: preApprovalExpiry });
}

/**
 * Hashes what a payer signs. See {@link paymentTypedData}.
 *
 * @param reference - {@link PaymentAuthorizationReference}.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashPaymentAuthorization({ chainId: 8453, escrow, paymentInfo, payment });
 */
export function hashPaymentAuthorization(reference: PaymentAuthorizationReference): MessageHash {
  return hashSignable(paymentTypedData(reference));
}

/**
 * Names the canonical collector that fetches a payer's tokens.
 *
 * - Source: contracts/interfaces/external/ITokenCollector.sol
 *
 * @param escrow - Address of the canonical escrow, of either generation.
 * @param method - How the payer consents.
 * @returns Address of the collector.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 *
 * @example
 * const tokenCollector = getPaymentCollector(escrow, "Permit2");
 */
export function getPaymentCollector(
  escrow: Address,
  method: "Eip3009" | "Permit2" | "PreApproval" | "SpendPermission",
): Address {
  const deployment = getEscrowDeployment(escrow);
  const collectors = {
    Eip3009: deployment.eip3009Collector,
    Permit2: deployment.permit2Collector,
    PreApproval: deployment.preApprovalCollector,
    SpendPermission: deployment.spendPermissionCollector,
  };
  return collectors[method];
}

/**
 * Makes what `authorize` and `charge` take for a payment that its payer has approved by `preApprove`.
 *
 * - Source: contracts/interfaces/external/IPreApprovalPaymentCollector.sol
 *
 * @param escrow - Address of the canonical escrow, of either generation.
 * @returns {@link CollectorCall} without data.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 *
 * @example
 * const hash = await authorize(relayer, { escrow, paymentInfo, ...byPreApproval(escrow) });
 */
export function byPreApproval(escrow: Address): CollectorCall {
  return { tokenCollector: getPaymentCollector(escrow, "PreApproval"), collectorData: "0x" };
}
