import { EXPIRY } from "./bench.ts";
import type { Operation } from "./operation.ts";

/** Session signers and nonces. */
export const signerOperations: readonly Operation[] = [
  {
    id: "voucher.authorizeSigner",
    prepare: ({ buyer, sessionKey }) => [buyer, "authorizeSigner", [sessionKey, EXPIRY]],
  },
  {
    id: "voucher.authorizeSignerWithAuthorization",
    async prepare({ relayer, buyer, sessionKey, sign }) {
      const message = { buyer: buyer.address, signer: sessionKey, validUntil: EXPIRY, expiry: EXPIRY };
      const signature = await sign(buyer, "SignerAuthorization", message);
      return [relayer, "authorizeSignerWithAuthorization", [message, signature]];
    },
  },
  {
    id: "voucher.revokeSigner",
    async prepare({ buyer, sessionKey, transact }) {
      await transact([buyer, "authorizeSigner", [sessionKey, EXPIRY]]);
      return [buyer, "revokeSigner", [sessionKey]];
    },
  },
  {
    id: "voucher.revokeSignerWithAuthorization",
    async prepare({ relayer, buyer, sessionKey, sign, transact }) {
      await transact([buyer, "authorizeSigner", [sessionKey, EXPIRY]]);
      const message = { buyer: buyer.address, signer: sessionKey, expiry: EXPIRY };
      return [relayer, "revokeSignerWithAuthorization", [message, await sign(buyer, "SignerRevocation", message)]];
    },
  },
  {
    id: "voucher.invalidateNonces",
    prepare: ({ buyer }) => [buyer, "invalidateNonces", [0, 1n, 1n]],
  },
];
