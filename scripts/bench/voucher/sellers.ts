import { pad } from "viem";
import { DEFAULT_LANE } from "../../../client/voucher/index.ts";
import { AMOUNT, EXPIRY } from "./bench.ts";
import { FIRST_TOTAL } from "./collections.ts";
import { BATCH_SETTLEMENT, type Operation } from "./operation.ts";

/** What sellers do besides collecting. */
export const sellerOperations: readonly Operation[] = [
  {
    id: "voucher.setPayout",
    prepare: ({ seller }) => [seller, "setPayout", [true]],
  },
  {
    id: "voucher.setPayoutWithAuthorization",
    async prepare({ relayer, seller, sign }) {
      const message = { seller: seller.address, toFreeBalance: true, nonce: 0n, expiry: EXPIRY };
      return [relayer, "setPayoutWithAuthorization", [message, await sign(seller, "PayoutAuthorization", message)]];
    },
  },
  {
    id: "voucher.release",
    ...{ peer: `${BATCH_SETTLEMENT} refund`, peerGas: 67_722 },
    prepare: ({ seller, buyer, usdc }) => [seller, "release", [buyer.address, usdc, DEFAULT_LANE, FIRST_TOTAL, AMOUNT]],
  },
  {
    id: "voucher.releaseWithAuthorization",
    ...{ peer: `${BATCH_SETTLEMENT} refundWithSignature`, peerGas: 78_138 },
    async prepare({ relayer, buyer, seller, usdc, sign, transact }) {
      const account = { buyer: buyer.address, seller: seller.address, asset: usdc };
      const terms = { ...account, id: DEFAULT_LANE, collectedAtLeast: FIRST_TOTAL, amount: AMOUNT, expiry: EXPIRY };
      const argsOf = async (nonce: `0x${string}`) => {
        const message = { ...terms, nonce: pad(nonce, { size: 32 }) };
        return [message, await sign(seller, "ReleaseAuthorization", message)];
      };
      // The first nonce of a word of 256 pays for the word.
      await transact([relayer, "releaseWithAuthorization", await argsOf("0x01")]);
      return [relayer, "releaseWithAuthorization", await argsOf("0x02")];
    },
  },
];
