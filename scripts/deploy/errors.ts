import { formatEther, type Address } from "viem";
import { DEPLOYER_VARIABLE } from "../chains/chains.ts";

/** Why nothing was deployed, or not everything; the message says what to do. */
export class DeployError extends Error {
  override readonly name: string = "DeployError";
}

/** The network is not one that lives outside of this process. */
export class NoNetworkError extends DeployError {
  override readonly name = "NoNetworkError";

  constructor(network: string, known: readonly string[]) {
    super(`Name the chain with --network: ${known.join(", ")}. The network ${network} is only in this process.`);
  }
}

/** The generic network was used without a chain id. */
export class NoChainIdError extends DeployError {
  override readonly name = "NoChainIdError";

  constructor(network: string) {
    super(`The configuration has no chain id for ${network}. Set CHAIN_ID to the id of the chain that you mean.`);
  }
}

/** A node is of another chain than the configuration says. */
export class WrongChainError extends DeployError {
  override readonly name = "WrongChainError";
  readonly configured: number;
  readonly actual: number;

  constructor(network: string, { configured, actual }: { configured: number; actual: number }) {
    super(
      `The node of ${network} has chain id ${actual}, and the configuration says ${configured}. Nothing was sent. ` +
        "Use a node of that chain, or the network that you mean.",
    );
    this.configured = configured;
    this.actual = actual;
  }
}

/** Another run on this machine deploys to the same chain. */
export class BusyError extends DeployError {
  override readonly name = "BusyError";

  constructor(holder: number, file: string) {
    super(
      `Process ${holder} is deploying to this chain. Wait for its end. If it is something else, delete ${file} and run again.`,
    );
  }
}

/** There is no account to deploy with. */
export class NoDeployerError extends DeployError {
  override readonly name = "NoDeployerError";

  constructor(cause: unknown) {
    super(
      `There is no account to deploy with. Store its key once with \`npx hardhat keystore set ${DEPLOYER_VARIABLE}\`; ` +
        `in CI, set the secret ${DEPLOYER_VARIABLE} in the environment. --dry-run needs none.`,
      { cause },
    );
  }
}

/** What is stored as the deployer's key is none. It may be one with a typo, so nothing of it is said. */
export class InvalidKeyError extends DeployError {
  override readonly name = "InvalidKeyError";

  constructor() {
    super(
      `${DEPLOYER_VARIABLE} is no private key: 0x and 64 hexadecimal digits. Store it anew with ` +
        `\`npx hardhat keystore set --force ${DEPLOYER_VARIABLE}\`, or correct the secret in the environment.`,
    );
  }
}

/** A chain does not run what the contracts are compiled to. */
export class NotCancunError extends DeployError {
  override readonly name = "NotCancunError";

  constructor(chain: string, cause?: unknown) {
    super(
      `${chain} does not execute TSTORE, TLOAD and MCOPY of Cancun, which every contract uses. Deploy when the chain has upgraded.`,
      { cause },
    );
  }
}

/** The build is not the one that the canonical addresses belong to. */
export class NotCanonicalError extends DeployError {
  override readonly name = "NotCanonicalError";

  constructor(names: readonly string[]) {
    super(
      `This build puts ${names.join(", ")} at another address than deployments/canonical.json says. ` +
        "Check out a commit whose `npm run check` is green, and deploy that.",
    );
  }
}

/** No family can be deployed, or one that does not exist was asked for. */
export class FamilyError extends DeployError {
  override readonly name = "FamilyError";
}

/** The factory is not on the chain, and nobody said that it should be placed. */
export class NoCreateXError extends DeployError {
  override readonly name = "NoCreateXError";

  constructor(chain: string, howTo: string) {
    super(`${chain} has no CreateX, through which everything is deployed. ${howTo}`);
  }
}

/** Something else stands where a contract belongs. */
export class WrongCodeError extends DeployError {
  override readonly name = "WrongCodeError";
  readonly address: Address;

  constructor(name: string, address: Address) {
    super(
      `The code at ${address} is not ${name}. An address commits to its code, so the node is wrong or the chain is not an EVM: ` +
        "ask another node.",
    );
    this.address = address;
  }
}

/** The deployer cannot pay. */
export class BalanceError extends DeployError {
  override readonly name = "BalanceError";
  /** Wei that the deployer lacks. */
  readonly missing: bigint;

  constructor(deployer: Address, coin: string, { needed, balance }: { needed: bigint; balance: bigint }) {
    const missing = needed - balance;
    super(
      `${deployer} has ${formatEther(balance)} ${coin} and needs up to ${formatEther(needed)} ${coin}. Nothing was sent. ` +
        `Send it ${formatEther(missing)} ${coin} more.`,
    );
    this.missing = missing;
  }
}

/** Nobody has agreed to the cost. */
export class NotConfirmedError extends DeployError {
  override readonly name = "NotConfirmedError";
}

/** Ignition stopped. */
export class StoppedError extends DeployError {
  override readonly name = "StoppedError";
}

/** A transaction was not mined in time, or it failed. */
export class TransactionError extends DeployError {
  override readonly name = "TransactionError";
}
