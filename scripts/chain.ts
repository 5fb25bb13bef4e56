import { parseArgs } from "node:util";
import Table from "cli-table3";
import { type Address, formatEther, formatUnits } from "viem";
import { allModule } from "../ignition/modules/all.ts";
import { BASE_CHAIN_ID } from "../test/base/addresses.ts";
import { PortInUseError } from "../test/base/errors.ts";
import { httpProvider } from "../test/base/provider.ts";
import { serveBase, SERVED_USDC, SERVED_WEI, type BaseServer } from "../test/base/serve.ts";
import { actors, MNEMONIC, PREFUNDED, testAccount, testKey } from "../test/helpers/actors.ts";
import { deployInMemory } from "./deploy-in-memory.ts";
import { authCaptureExampleLines, exampleLines, flashExampleLines } from "./example.ts";

const USAGE = `Usage: npm run chain [-- --port <number>]

Runs a local Base with the canonical contracts and this project's own until Ctrl-C.

  --port <number>   TCP port on 127.0.0.1 (default 8545; 0 takes any free one)`;

const TABLE_STYLE = { compact: true, head: [], border: [] };

async function main(): Promise<void> {
  const { port: text, help } = readOptions();
  if (help) return console.log(USAGE);
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`--port ${text} is not a port`);

  const stopped = nextStopSignal();
  const server = await serveBase({ port });
  try {
    await Promise.race([stopped, deployAndPrint(server).then(() => stopped)]);
  } finally {
    await server.close();
  }
  console.log("Stopped.");
  // A deployment that Ctrl-C interrupted ends with this process.
  process.exit();
}

async function deployAndPrint(server: BaseServer): Promise<void> {
  console.log("Deploying the contracts (they are compiled first when they have changed) ...");
  const provider = httpProvider(server.url);
  const deployed = await deployInMemory(provider, allModule);
  print([...server.placements, ...deployed]);
  const addressOf = (wanted: string): Address => {
    const found = deployed.find(({ name }) => name === wanted);
    if (found === undefined) throw new Error(`Ignition deployed no ${wanted}`);
    return found.address as Address;
  };
  const rpcUrl = server.url;
  const examples = {
    vouchers: exampleLines({ rpcUrl, escrow: addressOf("VoucherEscrow") }),
    flash: flashExampleLines({ rpcUrl, settlement: addressOf("FlashSettlement") }),
    "auth-capture": authCaptureExampleLines({ rpcUrl, factory: addressOf("TermsOperatorFactory") }),
  };
  for (const [name, { seller, buyer }] of Object.entries(examples)) {
    console.log(`\nThe example of ${name}, each in a terminal of its own:\n\n${seller}\n\n${buyer}`);
  }
  console.log(`\nThe local Base listens at ${server.url} (chain id ${BASE_CHAIN_ID}). Ctrl-C stops it.`);
}

function readOptions(): { port: string; help: boolean } {
  try {
    const options = { port: { type: "string", default: "8545" }, help: { type: "boolean", default: false } } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function print(placed: { name: string; address: string }[]): void {
  const contracts = new Table({ head: ["Contract", "Address"], style: TABLE_STYLE });
  for (const { name, address } of placed) contracts.push([name, address]);

  const names = new Map(Object.entries(actors).map(([name, { address }]) => [address, name]));
  const accounts = new Table({ head: ["#", "Name in tests", "Address", "Private key"], style: TABLE_STYLE });
  for (let place = 0; place < PREFUNDED; place++) {
    const { address } = testAccount(place);
    accounts.push([place, names.get(address) ?? "", address, testKey(place)]);
  }

  console.log(contracts.toString());
  console.log(accounts.toString());
  console.log(
    `Each account has got ${formatEther(SERVED_WEI)} ETH and ${formatUnits(SERVED_USDC, 6)} USDC; the deployer has paid the deployment's gas.`,
  );
  console.log(`Mnemonic: ${MNEMONIC}`);
  console.log("These keys are public: never send anything of value to them.");
}

function nextStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
}

class UsageError extends Error {
  override readonly name = "UsageError";
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof PortInUseError)) throw error;
  console.error(error.message);
  console.error(USAGE);
  process.exitCode = 1;
}
