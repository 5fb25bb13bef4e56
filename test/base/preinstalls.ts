import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Hex } from "viem";
import { LocalBaseError } from "./errors.ts";

const SOURCE = "@eth-optimism/contracts-bedrock/src/libraries/Preinstalls.sol";

let text: string | undefined;

/** Runtime code that the OP Stack publishes as a `bytes internal constant <name> = hex"..."`. */
export function preinstallCode(name: string): Hex {
  text ??= readFileSync(fileURLToPath(import.meta.resolve(SOURCE)), "utf8");
  const digits = new RegExp(`bytes internal constant ${name} =\\s+hex"([0-9a-f]+)"`).exec(text)?.[1];
  if (digits === undefined) throw new LocalBaseError(`${SOURCE} holds no constant ${name}`);
  return `0x${digits}`;
}
