import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./check.ts";
import { ROOT } from "./command.ts";

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Every dependency is pinned to one exact version, so that a clone builds the same bytecode years from now. Peers are ranges by nature. */
export const pinsCheck: Check = {
  name: "exact dependencies",
  run: async () => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(ROOT, "package.json"), "utf8"),
    ) as PackageJson;
    return Object.entries({ ...dependencies, ...devDependencies })
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version))
      .map(([name, version]) => `package.json: ${name} is "${version}"; name one exact version.`)
      .join("\n");
  },
};
