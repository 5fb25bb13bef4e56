import { keccak256, type Address, type Hash, type Hex } from "viem";
import { LocalBaseError } from "./errors.ts";
import { getCode, type Provider } from "./provider.ts";

/** Where a canonical contract on the chain came from. */
export interface Placement {
  readonly name: string;
  readonly address: Address;
  /** `upstream`: it was there already. `placed`: the set-up put it there. */
  readonly source: "upstream" | "placed";
}

/**
 * Makes sure that a contract with a known code hash stands at its address.
 *
 * @param contract - `place` puts the code there; it runs only when the address has no code.
 * @throws {LocalBaseError} the code at the address is not the canonical one.
 */
export async function ensureCode(
  provider: Provider,
  contract: { name: string; address: Address; codeHash: Hash; place: () => Promise<void> },
): Promise<Placement> {
  const { name, address, codeHash, place } = contract;
  const source = (await getCode(provider, address)) === "0x" ? "placed" : "upstream";
  if (source === "placed") await place();
  assertCodeHash(name, address, await getCode(provider, address), codeHash);
  return { name, address, source };
}

function assertCodeHash(name: string, address: Address, code: Hex, expected: Hash): void {
  const actual = keccak256(code);
  if (actual === expected) return;
  throw new LocalBaseError(
    `${name} at ${address} has code hash ${actual}, expected ${expected}: this is not the canonical contract`,
  );
}
