import { AMOUNT, DAY, EXPIRY, OTHER_LANE, type VoucherBench } from "./bench.ts";
import { EDGE_AND_NODE, passTime, type Operation } from "./operation.ts";

/** Nonce of the flushes. */
const NONCE = OTHER_LANE;

/** The way home of what was not spent. */
export const withdrawalOperations: readonly Operation[] = [
  {
    id: "voucher.thaw",
    ...{ peer: `${EDGE_AND_NODE} thaw`, peerGas: 73_767 },
    prepare: (bench) => [bench.buyer, "thaw", thawed(bench)],
  },
  {
    id: "voucher.cancelThaw",
    async prepare(bench) {
      const { buyer, seller, usdc } = bench;
      await bench.transact([buyer, "thaw", thawed(bench)]);
      return [buyer, "cancelThaw", [seller.address, usdc]];
    },
  },
  {
    id: "voucher.withdraw",
    ...{ peer: `${EDGE_AND_NODE} withdraw`, peerGas: 60_946 },
    async prepare(bench) {
      const { buyer, seller, usdc } = bench;
      await bench.transact([buyer, "thaw", thawed(bench)]);
      await passTime(bench, DAY);
      return [buyer, "withdraw", [seller.address, usdc]];
    },
  },
  {
    id: "voucher.flushWithAuthorization",
    async prepare({ relayer, buyer, seller, usdc, sign }) {
      const message = { buyer: buyer.address, seller: seller.address, asset: usdc, nonce: NONCE, expiry: EXPIRY };
      return [relayer, "flushWithAuthorization", [message, await sign(buyer, "FlushAuthorization", message)]];
    },
  },
  {
    id: "voucher.flushAllWithAuthorization",
    n: 10,
    async prepare({ relayer, buyer, manySellers, usdc, sign }) {
      const message = { buyer: buyer.address, nonce: NONCE, expiry: EXPIRY };
      const accounts = manySellers.map((seller) => ({ seller, asset: usdc }));
      const signature = await sign(buyer, "FlushAllAuthorization", message);
      return [relayer, "flushAllWithAuthorization", [message, accounts, signature]];
    },
  },
];

function thawed({ seller, usdc }: VoucherBench): readonly unknown[] {
  return [seller.address, usdc, AMOUNT];
}
