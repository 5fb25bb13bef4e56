import { keccak256, type Address, type Hash } from "viem";
import { ARACHNID_PROXY, CREATEX, MULTICALL3, PERMIT2 } from "../../test/base/addresses.ts";
import { ARACHNID_PROXY_CODE_HASH } from "../../test/base/arachnidProxy.ts";
import { commerceParts } from "../../test/base/commerce.ts";
import { CREATEX_CODE_HASH } from "../../test/base/createX.ts";
import { MULTICALL3_CODE_HASH } from "../../test/base/multicall3.ts";
import { permit2Code } from "../../test/base/permit2.ts";
import { getCode, type Provider } from "../../test/base/provider.ts";
import { NodeError } from "./node.ts";

/** A contract of others that this project uses on every chain. */
export interface Dependency {
  readonly name: string;
  readonly address: Address;
  /** `present`: the canonical contract. `other`: something else stands at its address. */
  readonly state: "present" | "absent" | "other";
  /** What does not work without it, as the rest of a sentence that begins with "without it". */
  readonly consequence: string;
}

/** The contracts without which the family `auth-capture` can do nothing: one of them is enough. */
export const ESCROWS: readonly string[] = ["AuthCaptureEscrow 1.1", "AuthCaptureEscrow 1.0"];

const BY_CODE: readonly (Omit<Dependency, "state"> & { readonly codeHash: (chainId: number) => Hash })[] = [
  {
    name: "CreateX",
    address: CREATEX,
    codeHash: () => CREATEX_CODE_HASH,
    consequence: "nothing can be deployed",
  },
  {
    name: "Permit2",
    address: PERMIT2,
    codeHash: (chainId) => keccak256(permit2Code(chainId)),
    consequence:
      "these fail until somebody deploys it: depositWithPermit2 of voucher; openEscrowWithTerms and topUpWithAuthorization of flash, " +
      "when funded through Permit2; collections and refunds through Permit2 of auth-capture",
  },
  {
    name: "Multicall3",
    address: MULTICALL3,
    codeHash: () => MULTICALL3_CODE_HASH,
    consequence:
      "these fail until somebody deploys it: depositWithPermit of voucher; openEscrowWithPermit of flash; collections from wallets " +
      "that are not deployed yet of auth-capture; and sellers read the chain call by call",
  },
  {
    name: "Arachnid proxy",
    address: ARACHNID_PROXY,
    codeHash: () => ARACHNID_PROXY_CODE_HASH,
    consequence: "nothing of this project fails; others deploy Permit2 through it",
  },
];

/**
 * Looks which canonical contracts a chain has: those with one known code by its hash, AuthCaptureEscrow and its collectors
 * by how they answer.
 *
 * @throws {NodeError} the node does not answer.
 */
export async function readDependencies(provider: Provider, chainId: number): Promise<readonly Dependency[]> {
  const byCode = BY_CODE.map(async ({ name, address, codeHash, consequence }): Promise<Dependency> => {
    const code = await getCode(provider, address);
    const state = code === "0x" ? "absent" : keccak256(code) === codeHash(chainId) ? "present" : "other";
    return { name, address, state, consequence };
  });
  const dependencies = await Promise.all(byCode);
  // One after the other: public nodes refuse whoever asks too much at once.
  for (const { name, address, isRight } of commerceParts()) {
    const isAbsent = (await getCode(provider, address)) === "0x";
    const state = isAbsent ? "absent" : await stateByAnswer(isRight(provider, address));
    dependencies.push({ name, address, state, consequence: consequenceOf(name) });
  }
  return dependencies;
}

/** Finds one of the dependencies by its name. */
export function findDependency(dependencies: readonly Dependency[], name: string): Dependency {
  const found = dependencies.find((dependency) => dependency.name === name);
  if (found === undefined) throw new Error(`No dependency is called ${name}`);
  return found;
}

async function stateByAnswer(isRight: Promise<boolean>): Promise<"present" | "other"> {
  try {
    return (await isRight) ? "present" : "other";
  } catch (error) {
    if (error instanceof NodeError) throw error;
    // What reverts, or answers with something that cannot be read, is another contract.
    return "other";
  }
}

function consequenceOf(name: string): string {
  const version = name.slice(name.lastIndexOf(" ") + 1);
  return ESCROWS.includes(name) || name.startsWith("TokenStore")
    ? `operators of auth-capture on the escrow v${version} can do nothing`
    : `what goes through this collector of the escrow v${version} fails`;
}
