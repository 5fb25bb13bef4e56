import { isAddressEqual, type Address } from "viem";
import { UnknownEscrowAddressError } from "./refusals.ts";

/** Generations of the canonical escrow: they differ in how a fee is submitted. */
export const GENERATIONS = ["v1.1", "v1.0"] as const;

/** A generation of the canonical escrow. v1.1 takes an absolute fee amount, v1.0 basis points. */
export type Generation = (typeof GENERATIONS)[number];

/** Where one generation of the canonical escrow and its parts stand, on every chain that has them. */
export interface EscrowDeployment {
  readonly generation: Generation;
  /** AuthCaptureEscrow. */
  readonly escrow: Address;
  /** What every token store is a clone of. */
  readonly tokenStoreImplementation: Address;
  /** Pulls by ERC-3009. */
  readonly eip3009Collector: Address;
  /** Pulls by Permit2. */
  readonly permit2Collector: Address;
  /** Pulls by an allowance that the payer has tied to one payment. */
  readonly preApprovalCollector: Address;
  /** Pulls by a spend permission. */
  readonly spendPermissionCollector: Address;
  /** Pulls refunds from the operator itself; only operators that are accounts use it. */
  readonly operatorRefundCollector: Address;
}

/**
 * The canonical contracts of both generations. The only place that holds their addresses.
 *
 * - Source: the repository base/commerce-payments. Base and Base Sepolia have them; elsewhere look for code first.
 */
export const ESCROW_DEPLOYMENTS: Readonly<Record<Generation, EscrowDeployment>> = {
  "v1.1": {
    generation: "v1.1",
    escrow: "0xf96815976523E00e65Be8f34cA5e64b4f41EB19c",
    tokenStoreImplementation: "0xe4be44B1505d29ae640748b4cce530ece6DcD450",
    eip3009Collector: "0x8612dfdc421f80336cd14E8EF9cb1E765dB5ab88",
    permit2Collector: "0xD69831Aed5bfe262067ec4c751f4F830EcdD446e",
    preApprovalCollector: "0xF1F9C408C787B2bC6CAEB91e5BbEc434a5c8d2Ea",
    spendPermissionCollector: "0xB508c1C0a13849693DC175307667653C5977a408",
    operatorRefundCollector: "0x7a03443724d14798c4AB4622F1DAAcA761Fea486",
  },
  "v1.0": {
    generation: "v1.0",
    escrow: "0xBdEA0D1bcC5966192B070Fdf62aB4EF5b4420cff",
    tokenStoreImplementation: "0xEd411C46508C2acf1D387754Df9cc98D0ef80D08",
    eip3009Collector: "0x0E3dF9510de65469C4518D7843919c0b8C7A7757",
    permit2Collector: "0x992476B9Ee81d52a5BdA0622C333938D0Af0aB26",
    preApprovalCollector: "0x1b77ABd71FCD21fbe2398AE821Aa27D1E6B94bC6",
    spendPermissionCollector: "0x8d9F34934dc9619e5DC3Df27D0A40b4A744E7eAa",
    operatorRefundCollector: "0x934907bffd0901b6A21e398B9C53A4A38F02fa5d",
  },
};

/**
 * Finds the generation of an escrow and the contracts that belong to it.
 *
 * - Source: the repository base/commerce-payments
 *
 * @param escrow - Address of the escrow, in any case.
 * @returns {@link EscrowDeployment}.
 * @throws {UnknownEscrowAddressError} it is neither generation's.
 *
 * @example
 * const { generation, eip3009Collector } = getEscrowDeployment(escrow);
 */
export function getEscrowDeployment(escrow: Address): EscrowDeployment {
  const known = Object.values(ESCROW_DEPLOYMENTS).find((deployment) => isAddressEqual(deployment.escrow, escrow));
  if (known === undefined) throw new UnknownEscrowAddressError(escrow);
  return known;
}
