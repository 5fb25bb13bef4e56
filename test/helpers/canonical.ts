import { isAddressEqual, type Address } from "viem";
import { canonical, type ContractName } from "../../deployments/index.ts";

/** Gives back the address of a deployment that is where it is on every chain. */
export function requireCanonical(name: ContractName, address: string): Address {
  const expected = canonical[name];
  if (isAddressEqual(address as Address, expected)) return expected;
  throw new Error(`${name} is at ${address}, not at ${expected}. If its code has changed, run \`npm run generate\`.`);
}
