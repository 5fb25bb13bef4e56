import { CREATEX } from "../../test/base/addresses.ts";
import { readSalt, type CatalogEntry } from "./catalog.ts";
import { readCompiler } from "./compiler.ts";
import { SCHEMA, type Canonical, type CanonicalRecord } from "./types.ts";

/** Where everything is on every chain, by the build. */
export async function computeCanonical(catalog: readonly CatalogEntry[]): Promise<Canonical> {
  return {
    $schema: SCHEMA,
    factory: CREATEX,
    salt: readSalt(),
    compiler: await readCompiler(catalog.map(({ contract }) => contract)),
    contracts: catalog.map((entry) => toRecord(entry)),
  };
}

/** What is written of an entry: its hash, not its code. */
export function toRecord(entry: CatalogEntry): CanonicalRecord {
  const { name, contract, family, address, initcodeHash, constructorArguments } = entry;
  return { name, contract, family, address, initcodeHash, constructorArguments };
}
