import { readdirSync } from "node:fs";
import hre from "hardhat";
import { encodeDeployData, type Abi, type Address, type Hex } from "viem";
import { call, type Provider } from "./provider.ts";

const FOLDER = "test/base/commerce";

/** The contracts of the local AuthCaptureEscrow that stand at an address of their own. */
export type CommerceContract =
  | "AuthCaptureEscrow"
  | "AuthCaptureEscrowV1_0"
  | "ERC3009PaymentCollector"
  | "OperatorRefundCollector"
  | "Permit2PaymentCollector"
  | "PreApprovalPaymentCollector"
  | "TokenStore";

/** No package ships the canonical bytecode, so this is this project's own; it is made once in a process. */
const made = new Map<string, Promise<Hex>>();

/**
 * Runtime code of a contract of `test/base/commerce/`, compiled first when it never was.
 *
 * @param parameters - of the constructor; they are part of the code.
 */
export async function commerceCode(
  provider: Provider,
  contract: CommerceContract,
  parameters: readonly Address[],
): Promise<Hex> {
  const key = [contract, ...parameters].join();
  const code = made.get(key) ?? makeCode(provider, contract, parameters);
  made.set(key, code);
  return code;
}

async function makeCode(provider: Provider, contract: CommerceContract, args: readonly Address[]): Promise<Hex> {
  const source = `${FOLDER}/${contract}.sol`;
  const name = `${source}:${contract}`;
  if (!(await hre.artifacts.artifactExists(name))) {
    const files = readdirSync(new URL("commerce", import.meta.url)).map((file) => `${FOLDER}/${file}`);
    await hre.tasks.getTask("build").run({ files, quiet: true });
    // What was there before the build is remembered.
    await hre.artifacts.clearCache();
  }
  const artifact = await hre.artifacts.readArtifact(name);
  // What a creation answers is the code that it would leave.
  return call(provider, null, encodeDeployData({ abi: artifact.abi as Abi, bytecode: artifact.bytecode as Hex, args }));
}
