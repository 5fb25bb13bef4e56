/**
 * Writes `test/vectors/*.json`: EIP-712 hashes of every message the contracts check, and raw transactions, which TypeScript and Solidity
 * must both reproduce. They come from viem's general implementation, not from this project's own, and do not change from run to run.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { authCaptureVectors } from "./vectors/authCapture.ts";
import { flashVectors } from "./vectors/flash.ts";
import { flashTransactionVectors } from "./vectors/flashTransactions.ts";
import { refusedTransactionVectors } from "./vectors/mutatedTransactions.ts";
import { voucherVectors } from "./vectors/voucher.ts";

await write("voucher.json", await voucherVectors());
await write("flash.json", await flashVectors());
await write("auth-capture.json", await authCaptureVectors());
await write("flash-transactions.json", {
  ...(await flashTransactionVectors()),
  ...(await refusedTransactionVectors()),
});

async function write(name: string, vectors: unknown): Promise<void> {
  const path = fileURLToPath(new URL(`../test/vectors/${name}`, import.meta.url));
  const json = JSON.stringify(vectors, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  await writeFile(path, await format(json, { ...(await resolveConfig(path)), filepath: path }));
}
