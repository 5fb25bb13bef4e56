import type { Address, Hash } from "viem";

/** The families, in the order in which everything names them. */
export const FAMILIES = ["voucher", "flash", "auth-capture"] as const;

/** One family of contracts; a chain can have some of them. */
export type Family = (typeof FAMILIES)[number];

/** What is the same of a contract on every chain. */
export interface CanonicalRecord {
  /** Unique; the contract's name, with a suffix where one contract is deployed more than once. */
  readonly name: string;
  /** Name of the contract in its source. */
  readonly contract: string;
  readonly family: Family;
  /** With its checksum. */
  readonly address: Address;
  /** Keccak-256 of the creation code with its arguments. With factory and salt it decides the address. */
  readonly initcodeHash: Hash;
  /** As text, in the order of the constructor; addresses with their checksums. */
  readonly constructorArguments: readonly string[];
}

/** One contract on one chain. */
export interface ContractRecord extends CanonicalRecord {
  /** Keccak-256 of the code that stands at the address. It differs by chain where the code holds the chain's id. */
  readonly runtimeCodeHash: Hash;
  /** The transaction that deployed it; null when somebody else had deployed it before. */
  readonly transaction: Hash | null;
  /** Number of that transaction's block; null together with `transaction`. */
  readonly block: number | null;
}

/** What made the creation code. */
export interface Compiler {
  /** With its commit, as explorers ask for it: `0.8.37+commit.f401782d`. */
  readonly version: string;
  /** Those of the standard-JSON input that decide the bytecode. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What decides the addresses on every chain. */
interface Deterministic {
  /** The schema that the file follows, beside it. */
  readonly $schema: string;
  /** CreateX, which deploys. */
  readonly factory: Address;
  /** Given to CreateX with each contract, 32 bytes. */
  readonly salt: Hash;
  readonly compiler: Compiler;
}

/** `deployments/canonical.json`: where everything is on every chain that has it. */
export interface Canonical extends Deterministic {
  readonly contracts: readonly CanonicalRecord[];
}

/** `deployments/<chain>.json`: what was deployed to one chain. */
export interface Deployment extends Deterministic {
  readonly chainId: number;
  /** Hardhat's name of the network; the file has it too. */
  readonly chain: string;
  /** The git commit that was built, 40 hexadecimal digits. */
  readonly commit: string;
  readonly contracts: readonly ContractRecord[];
}

/** The value of `$schema` in every file: the schema lies beside it. */
export const SCHEMA = "./schema.json";
