import { join, relative } from "node:path";
import ts from "typescript";
import { ROOT } from "../check/command.ts";
import type { EntryPoint } from "../package/entries.ts";
import { readEntryPoints } from "./entryPoints.ts";

/** What an offered name is. */
export type OfferedKind = "function" | "class" | "error" | "type" | "constant";

/** A name that the package offers, and its declaration in this project. */
export interface Offered {
  readonly name: string;
  readonly kind: OfferedKind;
  /** File under the project's root. */
  readonly path: string;
  readonly declaration: ts.Declaration;
  /** Its description, without tags. */
  readonly text: string;
  readonly tags: readonly Tag[];
  /** Of a type or a class, those of nested and united types included. */
  readonly members: readonly Member[];
}

/** A block tag of a comment. */
export interface Tag {
  /** `param`, `returns`, `throws`, `example`. */
  readonly name: string;
  /** The parameter, or the type that is thrown; empty for other tags. */
  readonly subject: string;
  readonly text: string;
}

/** What one module of the package offers. */
export interface OfferedModule extends EntryPoint {
  /** In alphabetical order, but for what it passes on from other packages. */
  readonly names: readonly Offered[];
}

/** Reads what every module of the package offers, with the types as TypeScript sees them. */
export function readOfferedModules(): readonly OfferedModule[] {
  const entries = readEntryPoints();
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram(
    entries.map(({ source }) => join(ROOT, source)),
    options,
  );
  const checker = program.getTypeChecker();
  return entries.map((entry) => {
    const names = exportsOf(program, checker, entry.source).flatMap((symbol) => toOffered(checker, symbol));
    return { ...entry, names: names.sort((one, other) => (one.name < other.name ? -1 : 1)) };
  });
}

function exportsOf(program: ts.Program, checker: ts.TypeChecker, source: string): readonly ts.Symbol[] {
  const file = program.getSourceFile(join(ROOT, source));
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${source} exports nothing`);
  return checker.getExportsOfModule(module);
}

function toOffered(checker: ts.TypeChecker, symbol: ts.Symbol): readonly Offered[] {
  const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declaration = own.declarations?.[0];
  if (declaration === undefined) throw new Error(`${symbol.name} is declared nowhere`);
  const path = relative(ROOT, declaration.getSourceFile().fileName).replaceAll("\\", "/");
  if (path.includes("node_modules")) return [];
  const text = ts.displayPartsToString(own.getDocumentationComment(checker));
  const kind = kindOf(declaration);
  const members = ["type", "class", "error"].includes(kind) ? membersOf(checker, declaration) : [];
  return [{ name: symbol.name, kind, path, declaration, text, tags: tagsOf(declaration), members }];
}

function kindOf(declaration: ts.Declaration): OfferedKind {
  if (ts.isFunctionDeclaration(declaration)) return "function";
  if (ts.isVariableDeclaration(declaration)) return "constant";
  if (!ts.isClassDeclaration(declaration)) return "type";
  return /Error$/.test(declaration.name?.text ?? "") ? "error" : "class";
}

/** The tags of a declaration's own comment. */
function tagsOf(declaration: ts.Node): readonly Tag[] {
  return ts.getJSDocTags(declaration).map((tag) => ({
    name: tag.tagName.text,
    subject: subjectOf(tag),
    text: textOf(tag).replace(/^- /, "").trim(),
  }));
}

/** TypeScript takes the braces of a link behind `@returns` for those of a type. */
function textOf(tag: ts.JSDocTag): string {
  if (!ts.isJSDocReturnTag(tag)) return ts.getTextOfJSDocComment(tag.comment) ?? "";
  return tag
    .getText()
    .replace(/^@\w+/, "")
    .replaceAll(/\n\s*\* ?/g, "\n");
}

function subjectOf(tag: ts.JSDocTag): string {
  if (ts.isJSDocParameterTag(tag)) return tag.name.getText();
  if (ts.isJSDocThrowsTag(tag)) return tag.typeExpression?.type.getText() ?? "";
  return "";
}

/** A field, method or accessor of an offered type or class. */
export interface Member {
  readonly name: string;
  /** Description, a base type's where the member has none of its own. */
  readonly text: string;
  /**
   * Whether what surrounds it says what it is: its type, when that is a literal that tells the members of a union apart or a described type of
   * this project, or the comment on an object that is written in one line.
   */
  readonly isSaidElsewhere: boolean;
}

/** Reads the members that users of a type or class see. */
function membersOf(checker: ts.TypeChecker, declaration: ts.Declaration): readonly Member[] {
  const found: Member[] = [];
  const visit = (node: ts.Node): void => {
    if (isMember(node) && !isHidden(node)) found.push(toMember(checker, node));
    if (!isBody(node)) ts.forEachChild(node, visit);
  };
  ts.forEachChild(declaration, visit);
  return found;
}

type MemberNode =
  ts.PropertySignature | ts.MethodSignature | ts.PropertyDeclaration | ts.MethodDeclaration | ts.GetAccessorDeclaration;

function isMember(node: ts.Node): node is MemberNode {
  return (
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isGetAccessor(node)
  );
}

function isHidden(node: MemberNode): boolean {
  if (ts.isPrivateIdentifier(node.name)) return true;
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
}

/** What is written inside of a function is nobody's but its own. */
function isBody(node: ts.Node): boolean {
  return ts.isBlock(node) || ts.isExpression(node);
}

function toMember(checker: ts.TypeChecker, node: MemberNode): Member {
  const symbol = checker.getSymbolAtLocation(node.name);
  const text = ts.displayPartsToString(symbol?.getDocumentationComment(checker) ?? []);
  const isTold = node.type !== undefined && !ts.isMethodSignature(node) && isTelling(checker, node.type);
  // As the name of an error has it.
  const isLiteral = ts.isPropertyDeclaration(node) && node.initializer && ts.isStringLiteral(node.initializer);
  return { name: node.name.getText(), text, isSaidElsewhere: isTold || isLiteral === true || isInOneLine(node.parent) };
}

function isInOneLine(node: ts.Node): boolean {
  return ts.isTypeLiteralNode(node) && !node.getText().includes("\n");
}

function isTelling(checker: ts.TypeChecker, type: ts.TypeNode): boolean {
  if (ts.isTypeOperatorNode(type)) return isTelling(checker, type.type);
  if (ts.isArrayTypeNode(type)) return isTelling(checker, type.elementType);
  if (ts.isLiteralTypeNode(type)) return true;
  if (!ts.isTypeReferenceNode(type)) return false;
  const symbol = checker.getSymbolAtLocation(type.typeName);
  const own = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const isOurs = own?.declarations?.some((each) => !each.getSourceFile().fileName.includes("node_modules")) ?? false;
  return isOurs && ts.displayPartsToString(own?.getDocumentationComment(checker) ?? []) !== "";
}
