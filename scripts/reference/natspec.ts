/** The parts of one NatSpec comment. */
export interface NatSpec {
  readonly title: string;
  readonly notice: string;
  readonly dev: string;
  /** What is said of each parameter, field or member, by its name. */
  readonly parameters: ReadonlyMap<string, string>;
  /** What is said of each returned value, in order; the text begins with the value's name where it has one. */
  readonly returns: readonly string[];
  /** Where the comment comes from instead. */
  readonly inheritsFrom: string;
}

/**
 * Splits a comment by its tags. Text before the first tag is a notice, as the compiler has it.
 *
 * @param text - The comment without its slashes, as the syntax tree has it.
 */
export function parseNatSpec(text: string): NatSpec {
  const found = { title: "", notice: "", dev: "", inheritdoc: "" };
  const parameters = new Map<string, string>();
  const returns: string[] = [];
  for (const [tag, content] of split(text)) {
    if (tag === "param") {
      const [, name = "", description = ""] = /^(\S+)\s*([\s\S]*)$/.exec(content) ?? [];
      parameters.set(name, description);
    } else if (tag === "return") {
      returns.push(content);
    } else if (tag in found) {
      found[tag as keyof typeof found] = content;
    }
  }
  const { title, notice, dev, inheritdoc: inheritsFrom } = found;
  return { title, notice, dev, parameters, returns, inheritsFrom };
}

function split(text: string): [tag: string, content: string][] {
  const parts = text.replaceAll(/^ /gm, "").split(/^@([a-z]+)\b/m);
  const before: [string, string] = ["notice", (parts[0] ?? "").trim()];
  const tagged = parts
    .slice(1)
    .flatMap((tag, index): [string, string][] => (index % 2 === 0 ? [[tag, (parts[index + 2] ?? "").trim()]] : []));
  return [...(before[1] === "" ? [] : [before]), ...tagged];
}
