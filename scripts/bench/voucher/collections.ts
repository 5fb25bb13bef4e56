import { keccak256, toHex, type Hex } from "viem";
import { OTHER_LANE } from "./bench.ts";
import { compactGroup, signedVoucher, wideGroup } from "./messages.ts";
import { BATCH_SETTLEMENT, EDGE_AND_NODE, type Operation } from "./operation.ts";

/** Every lane has paid this once, token base units. */
export const FIRST_TOTAL = 1_000n;
const TOTAL = 2n * FIRST_TOTAL;

/** Collections: the buyers' second vouchers. */
export const collectionOperations: readonly Operation[] = [
  { ...collectOne("voucher.collect"), peer: `${EDGE_AND_NODE} collect`, peerGas: 88_143 },
  { ...collectOne("voucher.collectOtherLane", OTHER_LANE), peer: `${EDGE_AND_NODE} collect`, peerGas: 88_143 },
  {
    ...collectOne("voucher.collectNewLane", keccak256(toHex("new lane"))),
    ...{ peer: `${EDGE_AND_NODE} collect, new id`, peerGas: 105_243 },
  },
  {
    id: "voucher.collectMany",
    n: 10,
    ...{ peer: `${EDGE_AND_NODE} collectMany`, peerGas: 361_836 },
    async prepare(bench) {
      const buyers = bench.buyers.slice(0, 10);
      const vouchers = await Promise.all(buyers.map((buyer) => signedVoucher(bench, buyer, TOTAL)));
      return [bench.relayer, "collectMany", [vouchers]];
    },
  },
  { ...collectBatch(1), peerGas: 48_369 + 56_840 },
  { ...collectBatch(10), peerGas: 238_464 + 56_840 },
  { ...collectBatch(100), peerGas: 2_197_156, goal: 1_235_000 },
  {
    id: "voucher.collectBatchWide",
    n: 10,
    prepare: async (bench) => [
      bench.relayer,
      "collectBatch",
      [[await wideGroup(bench, bench.buyers.slice(0, 10), TOTAL)]],
    ],
  },
  {
    id: "voucher.collectBatchToFreeBalance",
    n: 100,
    async prepare(bench) {
      await bench.transact([bench.seller, "setPayout", [true]]);
      return [bench.relayer, "collectBatch", [[await compactGroup(bench, bench.buyers, TOTAL)]]];
    },
  },
];

function collectOne(id: string, lane?: Hex): Operation {
  return {
    id,
    async prepare(bench) {
      const { voucher, signature } = await signedVoucher(bench, bench.buyer, TOTAL, lane);
      return [bench.relayer, "collect", [voucher, signature]];
    },
  };
}

function collectBatch(n: number): Operation {
  return {
    id: "voucher.collectBatch",
    n,
    peer: `${BATCH_SETTLEMENT} claim + settle`,
    floor: 46_000 + 9_400 * n,
    prepare: async (bench) => [
      bench.relayer,
      "collectBatch",
      [[await compactGroup(bench, bench.buyers.slice(0, n), TOTAL)]],
    ],
  };
}
