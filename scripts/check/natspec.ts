import { readBuiltContracts, type AstNode } from "../reference/build.ts";
import { parseNatSpec, type NatSpec } from "../reference/natspec.ts";
import type { Check } from "./check.ts";

/** Everything that others can call, catch, read or import is described. solhint's `use-natspec` knows neither errors nor structs nor members. */
export const natspecCheck: Check = {
  name: "NatSpec",
  run: async () =>
    readBuiltContracts()
      .flatMap(({ source, node }) => undocumented(source, node))
      .join("\n"),
};

/**
 * Finds what a contract, an interface or a library leaves undescribed: itself, and its functions for others, events, errors and public types. A
 * comment that is inherited counts; the compiler checks that it exists. Structs of contracts are nobody's but theirs.
 *
 * @param source - Path of the file.
 * @param contract - Its definition in the syntax tree.
 * @returns One line for each thing that lacks something.
 */
export function undocumented(source: string, contract: AstNode): string[] {
  const gaps = gapsOf(contract, []);
  const own = (contract.nodes ?? [])
    .filter((node) => isPublic(node, contract.contractKind ?? ""))
    .flatMap((node) => gapsOf(node, namesOf(node)).map((gap) => `${node.name || node.kind} ${gap}`));
  return [...gaps, ...own].map((gap) => `${source}: ${contract.name} ${gap}`);
}

function isPublic({ nodeType, visibility = "" }: AstNode, contractKind: string): boolean {
  if (nodeType === "EventDefinition" || nodeType === "ErrorDefinition") return true;
  if (nodeType === "StructDefinition" || nodeType === "EnumDefinition") return contractKind !== "contract";
  if (nodeType === "VariableDeclaration") return visibility === "public";
  if (nodeType !== "FunctionDefinition") return false;
  return ["external", "public"].includes(visibility) || (contractKind === "library" && visibility === "internal");
}

/** Names of parameters, fields or members; a parameter without a name has nothing to be described by. */
function namesOf({ parameters, members }: AstNode): readonly string[] {
  return (parameters?.parameters ?? members ?? []).flatMap(({ name }) => (name ? [name] : []));
}

function gapsOf(node: AstNode, names: readonly string[]): string[] {
  const comment = parseNatSpec(node.documentation?.text ?? "");
  if (comment.inheritsFrom !== "") return [];
  const returned = node.returnParameters?.parameters.length ?? 0;
  const described = comment.returns.filter((text) => text !== "").length;
  return [
    ...(comment.notice === "" ? ["has no @notice"] : []),
    ...names.filter((name) => !isDescribed(comment, name)).map((name) => `has no @param ${name}`),
    ...[...comment.parameters.keys()]
      .filter((name) => !names.includes(name))
      .map((name) => `has no ${name}, but a @param of it`),
    ...(described < returned ? [`describes ${described} of ${returned} returned values`] : []),
  ];
}

function isDescribed({ parameters }: NatSpec, name: string): boolean {
  return (parameters.get(name) ?? "") !== "";
}
