import { domainSeparator } from "viem";
import { GENERATIONS, type Generation } from "../../client/auth-capture/addresses.ts";
import { lifecycleTypes, operatorDomain } from "../../client/auth-capture/typedData.ts";
import { casesOf, FAR, filled, hashedAddress, owner, typeHashOf, vectorsOf, type Types } from "./cases.ts";

/** The first is the one messages are signed for; the others show that chain and contract are bound. */
const OPERATORS = [
  { chainId: 8453, operator: hashedAddress("x402-escrow vectors: operator") },
  { chainId: 1, operator: hashedAddress("x402-escrow vectors: other operator") },
  { chainId: Number.MAX_SAFE_INTEGER, operator: filled("f", 20) },
] as const;

/** Names without a dot, which is what paths into JSON are cut at. */
const KEYS: Readonly<Record<Generation, string>> = { "v1.1": "v1_1", "v1.0": "v1_0" };

/** The scheme's own, which no operator of this project checks on chain. */
const OFF_CHAIN = "Charge";

/** EIP-712 hashes of every message that TermsOperator and TermsOperatorV1_0 check. */
export async function authCaptureVectors(): Promise<unknown> {
  const domains = OPERATORS.map((operator) => ({ ...operatorDomain(operator) }));
  const generations = GENERATIONS.map(
    async (generation) => [KEYS[generation], await messagesOf(generation, domains)] as const,
  );
  return {
    owner: owner.address,
    domains: OPERATORS.map((reference, index) => ({
      ...reference,
      separator: domainSeparator({ domain: domains[index] ?? {} }),
    })),
    generations: Object.fromEntries(await Promise.all(generations)),
  };
}

async function messagesOf(generation: Generation, domains: readonly Record<string, unknown>[]) {
  const types: Types = lifecycleTypes[generation];
  const messages = Object.keys(types)
    .filter((name) => name !== OFF_CHAIN)
    .map(async (name) => {
      const cases = casesOf(types, name, hasDeadline(types, name) ? { deadline: FAR } : {});
      return [
        name,
        { typeHash: typeHashOf(types, name), cases: await vectorsOf(types, name, cases, domains) },
      ] as const;
    });
  return Object.fromEntries(await Promise.all(messages));
}

const hasDeadline = (types: Types, name: string) => types[name]?.some((member) => member.name === "deadline") ?? false;
