import { decodeFunctionResult, encodeFunctionData, isAddressEqual, type Address, type Hex } from "viem";
import { getBlock, readContract } from "viem/actions";
import { multicall3Abi, voucherEscrowAbi } from "../abi/index.ts";
import { withChecksums } from "../core/checksums.ts";
import { MULTICALL3_ADDRESS } from "../core/multicall.ts";
import type { ReadClient } from "../core/readClient.ts";
import { getSigner } from "./reads/parties.ts";
import { isVoucherSignatureValid } from "./reads/vouchers.ts";
import { unwrapSignature, type WalletDeployment } from "../core/signature.ts";
import type { EscrowReference } from "./typedData.ts";
import type { SignedVoucher, Voucher } from "./types.ts";
import { isFor, recoverVoucherKey } from "./verify.ts";

/** A signed voucher, and the escrow at which it must be collectable. */
export interface VerifyVoucherOnChainParameters extends SignedVoucher, EscrowReference {
  /** Address of Multicall3 where it is not at its usual one; needed for wallets that are not deployed yet. */
  readonly multicall?: Address;
}

/** A voucher whose signature counts. */
export interface VerifiedVoucher {
  readonly isValid: true;
  /** The signature as the contract takes it: store and collect with this one. */
  readonly signature: Hex;
  /** Whether it may be a compact row of a batch. */
  readonly signedBy: "key" | "contract";
  /** How to deploy the buyer's wallet; until that is done, the voucher cannot be collected. */
  readonly deployment: WalletDeployment | undefined;
}

/** A voucher whose signature does not count. */
export interface RefusedVoucher {
  readonly isValid: false;
}

/**
 * Checks a voucher's signature, whoever signed: the buyer's key (without a request), a signer it authorized, its contract wallet
 * (ERC-1271), or a wallet that is yet to be deployed (ERC-6492).
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol, `isVoucherSignatureValid`
 *
 * @param client - any viem client of the voucher's chain.
 * @param parameters - {@link VerifyVoucherOnChainParameters}.
 * @returns {@link VerifiedVoucher} or {@link RefusedVoucher}. Expiry, amounts and parties are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const result = await verifyVoucherOnChain(publicClient, { voucher, signature, chainId: 8453, escrow });
 * if (result.isValid) await store(voucher, result.signature);
 */
export async function verifyVoucherOnChain(
  client: ReadClient,
  parameters: VerifyVoucherOnChainParameters,
): Promise<VerifiedVoucher | RefusedVoucher> {
  const { voucher, escrow } = parameters;
  const { signature, deployment } = unwrapSignature(parameters.signature);
  const key = await recoverVoucherKey({ ...parameters, signature });
  if (!isFor(voucher, parameters)) return { isValid: false };
  if (key !== undefined && isAddressEqual(key, voucher.buyer)) {
    return { isValid: true, signature, signedBy: "key", deployment: undefined };
  }
  if (await isVoucherSignatureValid(client, { escrow, voucher, signature })) {
    const signedBy = await findSignedBy(client, escrow, voucher.buyer, key);
    return { isValid: true, signature, signedBy, deployment: undefined };
  }
  if (deployment === undefined) return { isValid: false };
  const { multicall = MULTICALL3_ADDRESS } = parameters;
  const isValid = await isValidOnceDeployed(client, { escrow, voucher, signature, deployment, multicall });
  return isValid ? { isValid, signature, signedBy: "contract", deployment } : { isValid };
}

/** A recovered key means nothing by itself: any 65 bytes recover to some key. */
async function findSignedBy(
  client: ReadClient,
  escrow: Address,
  buyer: Address,
  key: Address | undefined,
): Promise<"key" | "contract"> {
  if (key === undefined) return "contract";
  const [{ validUntil }, { timestamp }] = await Promise.all([
    getSigner(client, { escrow, buyer, signer: key }),
    getBlock(client),
  ]);
  return timestamp <= validUntil ? "key" : "contract";
}

interface Undeployed {
  readonly escrow: Address;
  readonly voucher: Voucher;
  readonly signature: Hex;
  readonly deployment: WalletDeployment;
  readonly multicall: Address;
}

/** Deploys the wallet and asks the escrow in one simulated call, so that the answer is the one a collection will get. */
async function isValidOnceDeployed(client: ReadClient, undeployed: Undeployed): Promise<boolean> {
  const { escrow, voucher, signature, deployment, multicall } = undeployed;
  const view = { abi: voucherEscrowAbi, functionName: "isVoucherSignatureValid" } as const;
  const results = await readContract(client, {
    abi: multicall3Abi,
    address: multicall,
    functionName: "aggregate3",
    args: [
      [
        { target: deployment.factory, allowFailure: true, callData: deployment.factoryData },
        {
          target: withChecksums(escrow),
          allowFailure: true,
          callData: encodeFunctionData({ ...view, args: [withChecksums(voucher), signature] }),
        },
      ],
    ],
  });
  const answer = results.at(-1);
  return answer?.success === true && decodeFunctionResult({ ...view, data: answer.returnData });
}
