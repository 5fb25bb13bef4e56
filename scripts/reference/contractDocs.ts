import type { Abi, AbiEvent, AbiParameter } from "viem";
import { toEventHash, toEventSignature, toFunctionSelector, toFunctionSignature } from "viem";
import type { AstNode, BuiltContract } from "./build.ts";
import { parseNatSpec, type NatSpec } from "./natspec.ts";

/** A parameter, a returned value, a field or a member. */
export interface DescribedValue {
  readonly name: string;
  /** As a contract that imports it writes it; empty for a member of an enum. */
  readonly type: string;
  readonly isIndexed: boolean;
  readonly text: string;
}

/** A function, an event, an error, or a type that they use. */
export interface DescribedMember {
  readonly name: string;
  /** As selectors are computed of it; empty for a type. */
  readonly signature: string;
  /** Four bytes of a function or an error, 32 of an event; empty for a type. */
  readonly selector: string;
  /** `view`, `pure`, `nonpayable`; empty for anything but a function. */
  readonly mutability: string;
  readonly comment: NatSpec;
  readonly values: readonly DescribedValue[];
  readonly returned: readonly DescribedValue[];
}

/** What a contract or an interface offers. */
export interface DescribedContract {
  readonly name: string;
  /** Path under the project's root. */
  readonly source: string;
  /** Comment on the contract. */
  readonly comment: NatSpec;
  /** Interfaces that it implements, with their comments; those that lie in this project. */
  readonly interfaces: readonly DescribedInterface[];
  readonly functions: readonly DescribedMember[];
  readonly events: readonly DescribedMember[];
  readonly errors: readonly DescribedMember[];
  readonly structs: readonly DescribedMember[];
  readonly enums: readonly DescribedMember[];
}

/** An interface of this project. */
export interface DescribedInterface {
  readonly name: string;
  /** Path under the project's root. */
  readonly source: string;
  readonly comment: NatSpec;
}

type AbiMember = Extract<Abi[number], { readonly type: "function" | "event" | "error" }>;

/**
 * Gathers what a contract offers from its ABI, and describes it by the comments of the interfaces and libraries it comes from.
 *
 * @param all - Everything that was built, to find the interfaces in.
 */
export function describeContract(contract: BuiltContract, all: readonly BuiltContract[]): DescribedContract {
  const { name, source, abi, node, definitions } = contract;
  const candidates = memberDefinitions(contract);
  const members = (type: AbiMember["type"]): readonly DescribedMember[] =>
    abi
      .filter((item): item is AbiMember => item.type === type)
      .map((item) => describeMember(item, candidates))
      .sort(byName);
  const types = typesIn(abi, definitions);
  return {
    name,
    source,
    comment: commentOn(node),
    interfaces: interfacesOf(contract, all),
    functions: members("function"),
    events: members("event"),
    errors: members("error"),
    structs: types.filter(({ nodeType }) => nodeType === "StructDefinition").map(describeType),
    enums: types.filter(({ nodeType }) => nodeType === "EnumDefinition").map(describeType),
  };
}

/** What stands in the contract and its bases, and the events and errors that they use of libraries. */
function memberDefinitions({ node, definitions }: BuiltContract): readonly AstNode[] {
  const { linearizedBaseContracts = [], usedErrors = [], usedEvents = [] } = node;
  const inherited = linearizedBaseContracts.flatMap((id) => definitions.get(id)?.nodes ?? []);
  const used = [...usedErrors, ...usedEvents].flatMap((id) => definitions.get(id) ?? []);
  return [...inherited, ...used];
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

function commentOn(node: AstNode | undefined): NatSpec {
  return parseNatSpec(node?.documentation?.text ?? "");
}

/** By their names: numbers of definitions are those of one build. */
function interfacesOf(
  { node, definitions }: BuiltContract,
  all: readonly BuiltContract[],
): readonly DescribedInterface[] {
  return (node.linearizedBaseContracts ?? [])
    .flatMap((id) => all.find(({ name }) => name === definitions.get(id)?.name) ?? [])
    .filter((each) => each.name !== node.name && each.node.contractKind === "interface")
    .map(({ name, source, node: base }) => ({ name, source, comment: commentOn(base) }));
}

function describeMember(item: AbiMember, candidates: readonly AstNode[]): DescribedMember {
  const isEvent = item.type === "event";
  const asFunction = { ...item, type: "function", outputs: [], stateMutability: "view" } as const;
  const selector = isEvent ? toEventHash(item) : toFunctionSelector(asFunction);
  const found = candidates.filter((node) => selectorOf(node, item.type) === selector.slice(2));
  const comment = bestOf(found.map(commentOn));
  if (comment === undefined)
    throw new Error(`The build has no ${item.type} ${item.name}. It does not match its artifacts.`);
  const outputs = item.type === "function" ? item.outputs : [];
  return {
    name: item.name,
    signature: isEvent ? toEventSignature(item) : toFunctionSignature(asFunction),
    selector,
    mutability: item.type === "function" ? item.stateMutability : "",
    comment,
    values: item.inputs.map((input) => describeValue(input, comment.parameters.get(input.name ?? "") ?? "")),
    returned: outputs.map((output, index) => describeValue(output, returnedText(comment, output, index))),
  };
}

/** Definitions with one selector mean the same; OpenZeppelin's are described by remarks for developers, or not at all. */
function bestOf(comments: readonly NatSpec[]): NatSpec | undefined {
  return comments.find(({ notice }) => notice !== "") ?? comments.find(({ dev }) => dev !== "") ?? comments[0];
}

function selectorOf({ functionSelector, eventSelector, errorSelector }: AstNode, type: AbiMember["type"]): string {
  return { function: functionSelector, event: eventSelector, error: errorSelector }[type] ?? "";
}

/** The text behind `@return` begins with the value's name where it has one. */
function returnedText({ returns }: NatSpec, { name = "" }: AbiParameter, index: number): string {
  const text = returns[index] ?? "";
  return name !== "" && text.startsWith(`${name} `) ? text.slice(name.length + 1) : text;
}

function describeValue(parameter: AbiParameter | AbiEvent["inputs"][number], text: string): DescribedValue {
  const { name = "", type, internalType } = parameter;
  const isIndexed = "indexed" in parameter && parameter.indexed === true;
  return { name, type: toSolidityType(internalType ?? type), isIndexed, text };
}

/** `struct IVoucherEscrow.Voucher[]` is written `Voucher[]` here: a page knows one type of a name. */
function toSolidityType(type: string): string {
  return type.replace(/^(?:struct|enum|contract) /, "").replace(/^\w+\./, "");
}

/** Structs and enums that the ABI uses, those inside of others included. */
function typesIn(abi: Abi, definitions: BuiltContract["definitions"]): readonly AstNode[] {
  const names = new Set<string>();
  const visit = (parameters: readonly AbiParameter[]): void => {
    for (const parameter of parameters) {
      const [, name] = /^(?:struct|enum) ([\w.]+)/.exec(parameter.internalType ?? "") ?? [];
      if (name !== undefined) names.add(name);
      if ("components" in parameter) visit(parameter.components);
    }
  };
  for (const item of abi) {
    if ("inputs" in item) visit(item.inputs);
    if (item.type === "function") visit(item.outputs);
  }
  return [...definitions.values()].filter(({ canonicalName = "" }) => names.has(canonicalName)).sort(byTypeName);
}

function byTypeName(one: AstNode, other: AstNode): number {
  return (one.name ?? "") < (other.name ?? "") ? -1 : 1;
}

function describeType(node: AstNode): DescribedMember {
  const comment = commentOn(node);
  const values = (node.members ?? []).map(({ name = "", typeDescriptions }) => ({
    name,
    type: toSolidityType(typeDescriptions?.typeString ?? ""),
    isIndexed: false,
    text: comment.parameters.get(name) ?? "",
  }));
  return { name: node.name ?? "", signature: "", selector: "", mutability: "", comment, values, returned: [] };
}
