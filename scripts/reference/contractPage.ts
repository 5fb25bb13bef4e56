import type { DescribedContract, DescribedMember, DescribedValue } from "./contractDocs.ts";
import { toCode, toTable } from "./markdown.ts";
import type { NatSpec } from "./natspec.ts";
import type { Page } from "./typescriptPage.ts";

/** Writes the page of a contract or an interface. */
export function toContractPage(contract: DescribedContract): Page {
  const { name, source, comment, interfaces, functions, events, errors, structs, enums } = contract;
  return {
    path: `${name}.md`,
    title: name,
    summary: comment.title === "" ? comment.notice : comment.title.replace(/; see \{\w+\}$/, ""),
    text: [
      toProse(comment),
      `Source: [${source}](../../../${source}).`,
      ...interfaces.map(
        (each) => `## ${each.name}\n\nImport \`x402-escrow/${each.source}\`.\n\n${toProse(each.comment)}`,
      ),
      ...toSection("Functions", functions),
      ...toSection("Events", events),
      ...toSection("Errors", errors),
      ...toSection("Structs", structs),
      ...toSection("Enums", enums),
    ]
      .filter((part) => part !== "")
      .join("\n\n"),
  };
}

function toSection(title: string, members: readonly DescribedMember[]): readonly string[] {
  return members.length === 0 ? [] : [`## ${title}`, ...members.map(toMember)];
}

function toMember(member: DescribedMember): string {
  const { name, signature, selector, mutability, comment, values, returned } = member;
  const facts = [mutability, signature === "" ? "" : toCode(signature), selector === "" ? "" : toCode(selector)];
  return [
    `### ${name}`,
    facts.filter((fact) => fact !== "").join(" · "),
    toProse(comment),
    toValues(signature === "" ? "member" : "parameter", values),
    toValues("returns", returned),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function toValues(head: string, values: readonly DescribedValue[]): string {
  if (values.length === 0) return "";
  const isTyped = values.some(({ type }) => type !== "");
  return toTable(
    [head, ...(isTyped ? ["type"] : []), "meaning"],
    values.map(({ name, type, isIndexed, text }) => [
      name === "" ? "" : toCode(name),
      ...(isTyped ? [`${toCode(type)}${isIndexed ? ", indexed" : ""}`] : []),
      withoutBraces(text),
    ]),
  );
}

/** Notice, and remarks for developers. */
function toProse({ notice, dev }: NatSpec): string {
  return [notice, dev]
    .filter((text) => text !== "")
    .map(withoutBraces)
    .join("\n\n");
}

/** NatSpec's `{Name}` refers to a name. */
function withoutBraces(text: string): string {
  return text.replaceAll(/\{(I?[A-Z]\w*(?:[.-]\w+)?|\w+)\}(?!`)/g, "`$1`");
}
