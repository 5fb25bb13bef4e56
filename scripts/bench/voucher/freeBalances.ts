import { AMOUNT, EXPIRY } from "./bench.ts";
import type { Operation } from "./operation.ts";

/** Free balances. */
export const freeBalanceOperations: readonly Operation[] = [
  {
    id: "voucher.depositFree",
    prepare: ({ buyer, usdc }) => [buyer, "depositFree", [usdc, AMOUNT]],
  },
  {
    id: "voucher.allocate",
    goal: 55_000,
    prepare: ({ buyer, freshSeller, usdc }) => [buyer, "allocate", [freshSeller, usdc, AMOUNT]],
  },
  {
    id: "voucher.allocateWithAuthorization",
    goal: 63_000,
    async prepare({ relayer, buyer, freshSeller, usdc, sign }) {
      const terms = { buyer: buyer.address, seller: freshSeller, asset: usdc };
      const message = { ...terms, amount: AMOUNT, nonce: 0n, expiry: EXPIRY };
      return [relayer, "allocateWithAuthorization", [message, await sign(buyer, "AllocateAuthorization", message)]];
    },
  },
  {
    id: "voucher.withdrawFree",
    prepare: ({ buyer, usdc }) => [buyer, "withdrawFree", [usdc, AMOUNT]],
  },
  {
    id: "voucher.withdrawFreeWithAuthorization",
    async prepare({ relayer, buyer, usdc, sign }) {
      const message = { buyer: buyer.address, asset: usdc, amount: AMOUNT, nonce: 0n, expiry: EXPIRY };
      const signature = await sign(buyer, "WithdrawFreeAuthorization", message);
      return [relayer, "withdrawFreeWithAuthorization", [message, signature]];
    },
  },
  {
    id: "voucher.advanceFreeNonce",
    prepare: ({ buyer, usdc }) => [buyer, "advanceFreeNonce", [usdc, 1n]],
  },
];
