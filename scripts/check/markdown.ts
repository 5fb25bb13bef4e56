import { globSync } from "node:fs";
import { ROOT } from "./command.ts";

/** Paths of the project's documents. */
export function documents(): string[] {
  const paths = globSync(["*.md", "docs/**/*.md"], { cwd: ROOT }).sort();
  if (paths.length === 0) throw new Error("There are no documents.");
  return paths;
}

/** A document without its fenced code, each other line in its place. */
export function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, (code) => code.replaceAll(/[^\n]/g, ""));
}
