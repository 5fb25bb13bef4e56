import { keccak256, size } from "viem";
import { readDeployableContracts } from "./artifacts.ts";
import { writeSnapshot } from "./snapshot.ts";

// The initcode decides the address on every chain, so any change of compiler, settings or source shows here.
const hashes = readDeployableContracts().map(({ name, initcode }) => [
  name,
  { initcodeHash: keccak256(initcode), initcodeBytes: size(initcode) },
]);
writeSnapshot("initcode.json", Object.fromEntries(hashes));
