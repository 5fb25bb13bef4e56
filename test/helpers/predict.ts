import { getContractAddress, isAddressEqual, keccak256, type Address, type Hex } from "viem";
import { artifacts, config } from "hardhat";
import { CREATEX } from "../base/addresses.ts";

/** Where a production module puts a contract on every chain that has CreateX. */
export async function predictAddress(contractName: string): Promise<Address> {
  const { bytecode } = await artifacts.readArtifact(contractName);
  const salt = config.ignition.strategyConfig?.create2?.salt;
  if (salt === undefined) throw new Error("hardhat.config.ts names no salt for CREATE2");
  return getContractAddress({
    opcode: "CREATE2",
    from: CREATEX,
    salt: keccak256(salt as Hex),
    bytecode: bytecode as Hex,
  });
}

/** Gives back the address of a deployment that is where it should be. */
export async function requirePredicted(contractName: string, address: string): Promise<Address> {
  const predicted = await predictAddress(contractName);
  if (!isAddressEqual(address as Address, predicted)) {
    throw new Error(`${contractName} is at ${address}, not at ${predicted}`);
  }
  return predicted;
}
