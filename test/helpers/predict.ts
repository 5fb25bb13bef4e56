import { artifacts, config } from "hardhat";
import { encodeDeployData, getContractAddress, isAddressEqual, keccak256, type Address, type Hex } from "viem";
import { CREATEX } from "../base/addresses.ts";

/**
 * Where a production module puts a contract on every chain that has CreateX.
 *
 * @param args - Arguments of the constructor, the same on every chain.
 */
export async function predictAddress(contractName: string, args: readonly unknown[] = []): Promise<Address> {
  const salt = config.ignition.strategyConfig?.create2?.salt;
  if (salt === undefined) throw new Error("hardhat.config.ts names no salt for CREATE2");
  return getContractAddress({
    opcode: "CREATE2",
    from: CREATEX,
    salt: keccak256(salt as Hex),
    bytecode: await initcodeOf(contractName, args),
  });
}

/** Creation code of a contract with its arguments, which decides its address. */
export async function initcodeOf(contractName: string, args: readonly unknown[] = []): Promise<Hex> {
  const { abi, bytecode } = await artifacts.readArtifact(contractName);
  return encodeDeployData({ abi, bytecode: bytecode as Hex, args });
}

/** Gives back the address of a deployment that is where it should be. */
export async function requirePredicted(
  contractName: string,
  address: string,
  args: readonly unknown[] = [],
): Promise<Address> {
  const predicted = await predictAddress(contractName, args);
  if (!isAddressEqual(address as Address, predicted)) {
    throw new Error(`${contractName} is at ${address}, not at ${predicted}`);
  }
  return predicted;
}
