import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./command.ts";

/** Writes one file of `snapshots/`. */
export function writeSnapshot(name: string, content: unknown): void {
  const path = `snapshots/${name}`;
  const file = join(ROOT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  console.log(`Wrote ${path}.`);
}
