import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import manifest from "../../package.json" with { type: "json" };
import { runCommand } from "../../scripts/check/command.ts";

/** A project of somebody who uses the package, in a folder of its own. */
export interface Scratch {
  readonly folder: string;
  /** Writes files, by their paths in the project. */
  write(files: Readonly<Record<string, string>>): void;
  /** Runs a program that the project has installed, or Node. Gives what it printed; fails when the program fails. */
  run(program: string, ...parameters: string[]): Promise<string>;
  /** The same of a program that has to fail. */
  runToFail(program: string, ...parameters: string[]): Promise<string>;
  /** Installs packages, `name@version` or files, from npm's cache where it can. */
  install(packages: readonly string[]): Promise<void>;
  remove(): void;
}

const LIMIT_SECONDS = 500;

/** The version of a package that this repository is tested with. */
export function pinned(...names: (keyof typeof manifest.devDependencies)[]): readonly string[] {
  return names.map((name) => `${name}@${manifest.devDependencies[name]}`);
}

/**
 * Makes a project and installs the packed package, its peers viem and `@x402/core`, and what else is named.
 *
 * @param packages - `name@version`.
 */
export async function createScratch(packages: readonly string[]): Promise<Scratch> {
  const tarball = process.env["X402_PACKAGE"];
  if (tarball === undefined) throw new Error("Run these tests with `npm run test:package`, which packs the package.");
  const folder = mkdtempSync(join(tmpdir(), "x402-escrow-consumer-"));
  const write: Scratch["write"] = (files) => {
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  };
  const start = async (program: string, parameters: readonly string[]) => {
    const installed = join(folder, "node_modules/.bin", program);
    return runCommand(existsSync(installed) ? installed : program, parameters, {
      folder,
      limitSeconds: LIMIT_SECONDS,
      // This repository's own: the package means its sources there.
      environment: { NODE_OPTIONS: "" },
    });
  };
  const run: Scratch["run"] = async (program, ...parameters) => {
    const { code, output } = await start(program, parameters);
    expect(code, `${program} ${parameters.join(" ")}\n${output}`).to.equal(0);
    return output;
  };
  const runToFail: Scratch["runToFail"] = async (program, ...parameters) => {
    const { code, output } = await start(program, parameters);
    expect(code, `${program} ${parameters.join(" ")}\n${output}`).to.be.greaterThan(0);
    return output;
  };
  const install: Scratch["install"] = async (names) => {
    const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--save-exact", "--loglevel=error"];
    await run("npm", "install", ...flags, ...names);
  };
  const remove = (): void => rmSync(folder, { recursive: true, force: true });

  try {
    write({ "package.json": JSON.stringify({ name: "consumer", private: true, type: "module" }) });
    cpSync(tarball, join(folder, "x402-escrow.tgz"));
    await install(["./x402-escrow.tgz", ...pinned("viem", "@x402/core"), ...packages]);
  } catch (error) {
    remove();
    throw error;
  }
  return { folder, write, run, runToFail, install, remove };
}

/** A file of the package as a project has it installed. */
export function readInstalled({ folder }: Scratch, path: string): string {
  return readFileSync(join(folder, "node_modules/x402-escrow", path), "utf8");
}
