import { ENTRY_POINTS, type EntryPoint } from "../package/entries.ts";

/** Written by a generator of its own; what they hold is described where it comes from. */
const GENERATED = ["typechain-types"];

/** The modules of the package that the reference describes. */
export function readEntryPoints(): readonly EntryPoint[] {
  return ENTRY_POINTS.filter(({ subPath }) => !GENERATED.includes(subPath));
}
