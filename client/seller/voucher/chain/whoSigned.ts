import type { Address, Hex } from "viem";
import { multicall, readContract } from "viem/actions";
import { voucherEscrowAbi } from "../../../abi/voucherEscrow.ts";
import type { ReadClient } from "../../../core/readClient.ts";
import type { Voucher } from "../../../voucher/types.ts";
import type { SignedBy } from "./types.ts";
import { ask } from "../../core/rpc.ts";

/** What {@link readWhoSigned} takes. */
export interface WhoSignedParameters {
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
  readonly voucher: Voucher;
  readonly signature: Hex;
  /** Key that the signature recovers to; undefined when there is none. */
  readonly key: Address | undefined;
  /** Multicall3; without it every value is a request of its own. */
  readonly multicallAddress: Address | undefined;
}

/**
 * Asks the escrow who signed a voucher that the buyer's own key did not sign.
 *
 * The escrow takes a session signer and a contract wallet alike, but a session ends. So whoever was ever authorized is no wallet, and
 * both answers are of one block: a key that is authorized in between must not pass for one.
 *
 * @throws {ChainUnavailableError} the node does not answer.
 */
export async function readWhoSigned(client: ReadClient, parameters: WhoSignedParameters): Promise<SignedBy> {
  const { escrow, voucher, signature, key, multicallAddress } = parameters;
  const contract = { address: escrow, abi: voucherEscrowAbi } as const;
  const isValid = { ...contract, functionName: "isVoucherSignatureValid", args: [voucher, signature] } as const;
  return ask("who signed a voucher", async () => {
    if (key === undefined) return (await readContract(client, isValid)) ? "wallet" : "nobody";
    const session = { ...contract, functionName: "getSigner", args: [voucher.buyer, key] } as const;
    if (multicallAddress === undefined) {
      const accepted = await readContract(client, isValid);
      // Second: what made the first answer true is still there, since an authorization is never undone.
      return whoOf(await readContract(client, session), accepted);
    }
    const contracts = [session, isValid] as const;
    return whoOf(...(await multicall(client, { contracts, multicallAddress, allowFailure: false, batchSize: 0 })));
  });
}

function whoOf([validUntil]: readonly [bigint, boolean], isAccepted: boolean): SignedBy {
  if (validUntil > 0n) return "session";
  return isAccepted ? "wallet" : "nobody";
}
