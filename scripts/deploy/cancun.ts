import { concat, numberToHex, type Hex } from "viem";
import type { Provider } from "../../test/base/provider.ts";
import { RpcError } from "../chains/node.ts";
import { NotCancunError } from "./errors.ts";

const ANSWER = 0x2a;

/** Stores a number transiently, loads it, copies it in memory and returns the copy: it fails before Cancun. */
const PROBE: Hex = concat([
  numberToHex(0x60), // PUSH1
  numberToHex(ANSWER),
  "0x5f5d", // TSTORE at 0
  "0x5f5c", // TLOAD from 0
  "0x5f52", // MSTORE at 0
  "0x60205f60205e", // MCOPY of 32 bytes from 0 to 32
  "0x60206020f3", // RETURN of 32 bytes from 32
]);

/**
 * Asks a chain to run Cancun's new instructions, without a transaction.
 *
 * @throws {NotCancunError} it does not.
 */
export async function requireCancun(provider: Provider, chain: string): Promise<void> {
  let answer: unknown;
  try {
    answer = await provider.request({ method: "eth_call", params: [{ data: PROBE }, "latest"] });
  } catch (error) {
    if (error instanceof RpcError) throw new NotCancunError(chain, error);
    throw error;
  }
  if (answer !== numberToHex(ANSWER, { size: 32 })) throw new NotCancunError(chain);
}
