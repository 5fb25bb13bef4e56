import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Check } from "./check.ts";
import { ROOT } from "./command.ts";
import { documents, withoutCode } from "./markdown.ts";

/** Every relative link of a document leads to a file, and its fragment to a heading there. */
export const linksCheck: Check = {
  name: "links of the documents",
  run: async () =>
    documents()
      .flatMap((document) => brokenLinks(document, readIfThere))
      .join("\n"),
};

/**
 * Finds the relative links of a document that lead nowhere.
 *
 * @param read - Reads a file under the root; undefined when there is none.
 */
export function brokenLinks(document: string, read: (path: string) => string | undefined): string[] {
  return [...withoutCode(read(document) ?? "").matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = "", fragment] = target.split("#");
      const content = read(path === "" ? document : join(dirname(document), path));
      if (content === undefined) return true;
      return fragment !== undefined && !headings(content).includes(fragment);
    })
    .map((target) => `${document}: broken link ${target}`);
}

/** A folder has no text, but a link may lead to it. */
function readIfThere(path: string): string | undefined {
  const file = join(ROOT, path);
  if (!existsSync(file)) return undefined;
  return statSync(file).isDirectory() ? "" : readFileSync(file, "utf8");
}

/** Fragments as GitHub makes them of headings. */
function headings(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
