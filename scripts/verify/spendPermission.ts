import { decodeFunctionResult, encodeFunctionData, isAddressEqual, parseAbi } from "viem";
import { COMMERCE, COMMERCE_V1_0 } from "../../test/base/addresses.ts";
import { call, getCode, type Provider } from "../../test/base/provider.ts";
import type { Dependency } from "../chains/dependencies.ts";
import { NodeError } from "../chains/node.ts";

const abi = parseAbi([
  "function authCaptureEscrow() view returns (address)",
  "function collectorType() view returns (uint8)",
]);

/**
 * Looks for the collectors of spend permissions. Nothing here builds them, so they are known by their addresses and answers alone.
 *
 * @throws {NodeError} the node does not answer.
 */
export async function readSpendPermissionCollectors(provider: Provider): Promise<readonly Dependency[]> {
  const dependencies: Dependency[] = [];
  for (const { generation, escrow, spendPermissionCollector: address } of [COMMERCE, COMMERCE_V1_0]) {
    const isAbsent = (await getCode(provider, address)) === "0x";
    dependencies.push({
      name: `SpendPermissionPaymentCollector ${generation.slice(1)}`,
      address,
      state: isAbsent ? "absent" : (await belongsTo(provider, address, escrow)) ? "present" : "other",
      consequence: `payments by spend permission fail on the escrow ${generation}`,
    });
  }
  return dependencies;
}

async function belongsTo(provider: Provider, address: Dependency["address"], escrow: Dependency["address"]) {
  const read = async (functionName: (typeof abi)[number]["name"]) => {
    const data = await call(provider, address, encodeFunctionData({ abi, functionName }));
    return decodeFunctionResult({ abi, functionName, data });
  };
  try {
    const answer = await read("authCaptureEscrow");
    return typeof answer === "string" && isAddressEqual(answer, escrow) && (await read("collectorType")) === 0;
  } catch (error) {
    if (error instanceof NodeError) throw error;
    // What reverts, or answers with something that cannot be read, is another contract.
    return false;
  }
}
