import { isAddressEqual, type Address, type Hex } from "viem";
import { verifyHash } from "viem/actions";
import { withChecksums } from "../../core/checksums.ts";
import {
  eip3009Types,
  hashSignable,
  PERMIT2_ADDRESS,
  permit2TransferTypes,
  type SignableTypedData,
} from "../../core/funding.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { recoverKey, unwrapSignature } from "../../core/signature.ts";
import { includesAddress, type Desk } from "./desk.ts";
import { refuse } from "./refusals.ts";
import type { CollectPayload, PaymentTerms } from "./types.ts";

/** Whose signature is asked about. */
export interface SignedDigest {
  readonly signer: Address;
  /** 32 bytes. */
  readonly digest: Hex;
  readonly signature: Hex;
}

/** Says whether an account signed: by its key, by ERC-1271, or by ERC-6492 where its wallet is not deployed yet. */
export async function isSignedBy(client: ReadClient, { signer, digest, signature }: SignedDigest): Promise<boolean> {
  const key = await recoverKey(digest, signature);
  if (key !== undefined && isAddressEqual(key, signer)) return true;
  return verifyHash(client, { address: withChecksums(signer), hash: digest, signature });
}

/** Refuses a payment that its payer did not sign, or whose wallet would be deployed by a factory that nobody knows. */
export async function checkPayerSignature(desk: Desk, terms: PaymentTerms, payload: CollectPayload): Promise<void> {
  const { deployment } = unwrapSignature(payload.signature);
  if (deployment !== undefined && !includesAddress(desk.chain.walletFactories, deployment.factory)) {
    refuse("erc6492_factory_not_allowed", { detail: `It is ${deployment.factory}.` });
  }
  if (!(await isSignedByPayer(desk.client, terms, payload))) refuse("signature");
}

/** Whether a payment is signed by its payer. */
export function isSignedByPayer(client: ReadClient, terms: PaymentTerms, payload: CollectPayload): Promise<boolean> {
  const { digest } = hashSignable(withChecksums(toTypedData(terms, payload)));
  const { payer: signer, signature } = payload;
  return isSignedBy(client, { signer, digest, signature });
}

/** What the payer signed, as it stands in the payload; whether that is the payment is another question. */
function toTypedData(terms: PaymentTerms, payload: CollectPayload): SignableTypedData {
  const { chainId, token, tokenDomain } = terms;
  const { payer: from, tokenCollector, maxAmount, validAfter, validBefore, nonce } = payload;
  if (payload.method === "eip3009") {
    return {
      domain: { ...tokenDomain, chainId: Number(chainId), verifyingContract: token },
      types: eip3009Types,
      primaryType: "ReceiveWithAuthorization",
      message: { from, to: tokenCollector, value: maxAmount, validAfter, validBefore, nonce },
    };
  }
  return {
    domain: { name: "Permit2", chainId: Number(chainId), verifyingContract: PERMIT2_ADDRESS },
    types: permit2TransferTypes,
    primaryType: "PermitTransferFrom",
    message: {
      permitted: { token: payload.token ?? token, amount: maxAmount },
      spender: tokenCollector,
      nonce: BigInt(nonce),
      deadline: validBefore,
    },
  };
}
