import ts from "typescript";
import { toAnchor, toBlock, toCode, toTable } from "./markdown.ts";
import type { Offered, OfferedKind, OfferedModule, Tag } from "./offered.ts";

/** Longest value of a constant that is worth its lines. */
const LONGEST_VALUE = 400;

const SECTIONS: readonly (readonly [kind: OfferedKind, title: string])[] = [
  ["function", "Functions"],
  ["class", "Classes"],
  ["constant", "Constants"],
  ["type", "Types"],
  ["error", "Errors"],
];

/** Finds the page and the heading of a name; undefined when the package does not offer it. */
type LinkTo = (name: string) => string | undefined;

/** A page of the reference. */
export interface Page {
  /** Under the folder of its language. */
  readonly path: string;
  readonly title: string;
  /** One line about what is on it. */
  readonly summary: string;
  readonly text: string;
}

/** Writes a page for each module; a name that several modules offer is described once, and the other pages lead there. */
export function toTypeScriptPages(modules: readonly OfferedModule[]): readonly Page[] {
  const homes = new Map<ts.Declaration, OfferedModule>();
  for (const module of modules) {
    for (const { declaration, path } of module.names) {
      const known = homes.get(declaration);
      if (known === undefined || nearness(module, path) > nearness(known, path)) homes.set(declaration, module);
    }
  }
  return modules.map((module) => toPage(module, homes));
}

/** How much of the path to a declaration a module shares. */
function nearness({ source }: OfferedModule, path: string): number {
  if (source === path) return Number.POSITIVE_INFINITY;
  const folder = source.replace(/[^/]+$/, "");
  return path.startsWith(folder) ? folder.length : 0;
}

function pathOf({ subPath }: OfferedModule): string {
  return `${subPath.replaceAll("/", "-")}.md`;
}

function toPage(module: OfferedModule, homes: ReadonlyMap<ts.Declaration, OfferedModule>): Page {
  const own = module.names.filter(({ declaration }) => homes.get(declaration) === module);
  const foreign = module.names.filter((name) => !own.includes(name));
  const places = new Map(module.names.map((name) => [name.name, placeOf(name, module, homes)]));
  const linkTo: LinkTo = (name) => places.get(name);
  const sections = SECTIONS.flatMap(([kind, title]) => {
    const names = own.filter((name) => name.kind === kind);
    return names.length === 0 ? [] : [`## ${title}`, ...toSection(kind, names, linkTo)];
  });
  const others = foreign.map(({ name }) => `[\`${name}\`](${linkTo(name)})`).join(", ");
  const count = `${module.names.length} ${module.names.length === 1 ? "name" : "names"}`;
  return {
    path: pathOf(module),
    title: `x402-escrow/${module.subPath}`,
    summary: count,
    text: [...sections, ...(others === "" ? [] : ["## Described on other pages", `It also offers ${others}.`])].join(
      "\n\n",
    ),
  };
}

function placeOf(
  { name, kind, declaration }: Offered,
  module: OfferedModule,
  homes: ReadonlyMap<ts.Declaration, OfferedModule>,
): string {
  const home = homes.get(declaration) ?? module;
  const heading = kind === "error" ? "errors" : toAnchor(headingOf(name, kind));
  return `${home === module ? "" : pathOf(home)}#${heading}`;
}

/** A function and a type may differ by a capital only, which a link does not see. */
function headingOf(name: string, kind: OfferedKind): string {
  return kind === "type" ? `type ${name}` : name;
}

function toSection(kind: OfferedKind, names: readonly Offered[], linkTo: LinkTo): readonly string[] {
  if (kind === "error") return [toErrors(names, linkTo)];
  return names.flatMap((name) => {
    const prose = withLinks(name.text, linkTo);
    return [
      `### ${headingOf(name.name, kind)}`,
      ...(prose === "" ? [] : [prose]),
      ...toCodeOf(name),
      ...toTagSections(name.tags, linkTo),
    ];
  });
}

function toErrors(names: readonly Offered[], linkTo: LinkTo): string {
  return toTable(
    ["error", "when", "extends"],
    names.map(({ name, text, declaration }) => [toCode(name), withLinks(text, linkTo), baseOf(declaration)]),
  );
}

function baseOf(declaration: ts.Declaration): string {
  const [clause] = (ts.isClassDeclaration(declaration) && declaration.heritageClauses) || [];
  return toCode(clause?.types[0]?.getText() ?? "");
}

function toCodeOf({ declaration }: Offered): readonly string[] {
  const code = codeOf(declaration);
  return code === "" ? [] : [toBlock("ts", code)];
}

/** The declaration as it is written, without bodies, comments of its own and what nobody outside sees. */
function codeOf(declaration: ts.Declaration): string {
  if (ts.isFunctionDeclaration(declaration)) return `${withoutBody(declaration)};`;
  if (ts.isClassDeclaration(declaration)) return classCodeOf(declaration);
  if (ts.isVariableDeclaration(declaration)) return constantCodeOf(declaration);
  return tidy(declaration.getText());
}

function withoutBody(declaration: ts.FunctionDeclaration | ts.MethodDeclaration | ts.AccessorDeclaration): string {
  const text = declaration.getText();
  const body = declaration.body?.getText() ?? "";
  return tidy(text.slice(0, text.length - body.length)).replace(/^async /, "");
}

function classCodeOf(declaration: ts.ClassDeclaration): string {
  const head = tidy(declaration.getText().slice(0, declaration.members.pos - declaration.getStart()));
  const members = declaration.members.filter(isSeen).map((member) => `  ${memberCodeOf(member)}`);
  return [head, ...members, "}"].join("\n");
}

function isSeen(member: ts.ClassElement): boolean {
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return false;
  const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
  return !modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
}

function memberCodeOf(member: ts.ClassElement): string {
  const comment = commentOf(member);
  if (ts.isMethodDeclaration(member) || ts.isAccessor(member)) return `${comment}${withoutBody(member)};`;
  if (!ts.isConstructorDeclaration(member)) return `${comment}${tidy(member.getText())}`;
  const parameters = member.parameters.map((parameter) => parameter.getText()).join(", ");
  return `${comment}constructor(${parameters});`;
}

function commentOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  return comment === undefined ? "" : `${tidy(comment.getText())}\n  `;
}

function constantCodeOf(declaration: ts.VariableDeclaration): string {
  const name = declaration.name.getText();
  if (declaration.type !== undefined) return `const ${name}: ${declaration.type.getText()};`;
  const value = declaration.initializer?.getText().replaceAll("/* @__PURE__ */ ", "") ?? "";
  return value.length > LONGEST_VALUE ? "" : `const ${name} = ${tidy(value)};`;
}

function tidy(code: string): string {
  return code
    .replace(/^export (?=async |function |interface |type |class |abstract )/, "")
    .replaceAll(/\{@link ([^}\s|]+)[^}]*\}/g, "`$1`")
    .trim();
}

function toTagSections(tags: readonly Tag[], linkTo: LinkTo): readonly string[] {
  const named = (name: string): readonly Tag[] => tags.filter((tag) => tag.name === name);
  const list = (rows: readonly Tag[]): string =>
    rows
      .map(({ subject, text }) => `- ${toLinkedCode(subject, linkTo)}: ${oneLine(withLinks(text, linkTo))}`)
      .join("\n");
  const [parameters, returns, throws, examples] = ["param", "returns", "throws", "example"].map(named);
  return [
    ...(parameters?.length ? [`Parameters:\n\n${list(parameters)}`] : []),
    ...(returns ?? []).map(({ text }) => `Returns: ${oneLine(withLinks(text, linkTo))}`),
    ...(throws?.length ? [`Throws:\n\n${list(throws)}`] : []),
    ...(examples ?? []).map(({ text }) => (text.startsWith("```") ? text : toBlock("ts", text))),
  ];
}

function toLinkedCode(name: string, linkTo: LinkTo): string {
  const place = linkTo(name);
  return place === undefined ? toCode(name) : `[${toCode(name)}](${place})`;
}

/** Turns `{@link X}` and `{X}` into links where the page knows the name, and into code elsewhere. */
function withLinks(text: string, linkTo: LinkTo): string {
  return text
    .replaceAll(/\{(?:@link )?([A-Za-z_][\w.]*) ?\}/g, (_all, name: string) => toLinkedCode(name, linkTo))
    .trim();
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}
