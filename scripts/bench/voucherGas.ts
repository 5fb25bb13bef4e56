import type { GasRow } from "./gasRows.ts";
import { collectionOperations } from "./voucher/collections.ts";
import { depositOperations } from "./voucher/deposits.ts";
import { freeBalanceOperations } from "./voucher/freeBalances.ts";
import { measureOperation } from "./voucher/operation.ts";
import { startVoucherBench } from "./voucher/prepare.ts";
import { sellerOperations } from "./voucher/sellers.ts";
import { signerOperations } from "./voucher/signers.ts";
import { withdrawalOperations } from "./voucher/withdrawals.ts";

const OPERATIONS = [
  ...depositOperations,
  ...freeBalanceOperations,
  ...withdrawalOperations,
  ...collectionOperations,
  ...sellerOperations,
  ...signerOperations,
];

/** Measures every verb of VoucherEscrow, each on the same prepared chain. */
export async function measureVoucherGas(report: (id: string) => void): Promise<GasRow[]> {
  const bench = await startVoucherBench();
  const { base } = bench;
  try {
    const snapshot = await base.networkHelpers.takeSnapshot();
    const rows: GasRow[] = [];
    for (const operation of OPERATIONS) {
      const { id, n = 1 } = operation;
      report(n === 1 ? id : `${id} n=${n}`);
      rows.push(await measureOperation(bench, operation));
      await snapshot.restore();
    }
    return rows;
  } finally {
    await base.close();
  }
}
