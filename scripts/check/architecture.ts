import type { SourceFile } from "./imports.ts";

/** Families never import each other. */
const FAMILIES = ["voucher", "flash", "auth-capture"] as const;

interface Layer {
  readonly name: string;
  /** Which files form the layer. `{family}` stands for one family, the same one wherever it occurs in the layer. */
  readonly files: string;
  /** What they may import: paths under the root, or packages. */
  readonly mayImport: readonly string[];
}

/** From the bottom up. A file belongs to the first layer that fits. */
const LAYERS: readonly Layer[] = [
  {
    name: "interfaces of other projects",
    files: "contracts/interfaces/external/",
    mayImport: ["contracts/interfaces/external/"],
  },
  {
    name: "interfaces",
    files: "contracts/interfaces/",
    mayImport: ["contracts/interfaces/", "@openzeppelin/contracts/"],
  },
  {
    name: "contract libraries",
    files: "contracts/libraries/",
    mayImport: ["contracts/libraries/", "contracts/interfaces/external/", "@openzeppelin/contracts/", "solady/"],
  },
  {
    name: "contracts of a family",
    files: "contracts/{family}/",
    mayImport: [
      "contracts/{family}/",
      "contracts/libraries/",
      "contracts/interfaces/",
      "@openzeppelin/contracts/",
      "solady/",
    ],
  },
  { name: "ABIs", files: "client/abi/", mayImport: ["client/abi/", "viem"] },
  { name: "client errors", files: "client/errors.ts", mayImport: ["client/abi/", "viem"] },
  {
    name: "client core",
    files: "client/core/",
    mayImport: ["client/core/", "client/errors.ts", "client/abi/", "viem"],
  },
  {
    name: "client of a family",
    files: "client/{family}/",
    mayImport: ["client/{family}/", "client/core/", "client/errors.ts", "client/abi/", "viem"],
  },
  {
    name: "seller side of a family",
    files: "client/seller/{family}/",
    mayImport: [
      "client/seller/{family}/",
      "client/seller/core/",
      "client/{family}/",
      "client/core/",
      "client/errors.ts",
      "client/abi/",
      "viem",
      "node:",
      "pg",
    ],
  },
  {
    name: "seller side of all families",
    files: "client/seller/core/",
    mayImport: ["client/seller/core/", "client/core/", "client/errors.ts", "viem", "node:", "secp256k1"],
  },
  {
    name: "x402 plug-ins of all families",
    files: "client/x402/core/",
    mayImport: [
      "client/x402/core/",
      "client/seller/core/",
      "client/core/",
      "client/errors.ts",
      "viem",
      "node:",
      "@x402/",
    ],
  },
  plugIn("auth-capture", "auth-capture"),
  plugIn("deferred", "voucher"),
  plugIn("flash", "flash"),
  { name: "addresses", files: "deployments/", mayImport: [] },
  { name: "ignition modules", files: "ignition/", mayImport: ["ignition/", "deployments/", "@nomicfoundation/"] },
  {
    name: "examples",
    files: "examples/",
    mayImport: [
      "examples/",
      "client/",
      "ignition/",
      "deployments/",
      "x402-escrow",
      "viem",
      "node:",
      "@x402/",
      "express",
    ],
  },
];

/** The x402 plug-in of one scheme, which sees one family. */
function plugIn(scheme: string, family: (typeof FAMILIES)[number]): Layer {
  return {
    name: `x402 plug-in ${scheme}`,
    files: `client/x402/${scheme}/`,
    mayImport: [
      `client/x402/${scheme}/`,
      "client/x402/core/",
      `client/seller/${family}/`,
      "client/seller/core/",
      `client/${family}/`,
      "client/core/",
      "client/errors.ts",
      "client/abi/",
      "viem",
      "node:",
      "@x402/",
    ],
  };
}

/** Only tests and the top layer see these. */
const TOP = ["ignition/", "deployments/", "scripts/", "examples/"];

/**
 * Finds the imports that the layers forbid.
 *
 * @returns One line for each, in the order of the files; empty when all is well.
 */
export function findForbiddenImports(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, imports }) => {
    // Tests may import everything; so may scripts, which start the local Base that the tests use.
    if (path.startsWith("test/") || path.startsWith("scripts/")) return [];
    const layer = layerOf(path);
    if (layer === undefined) return [`${path} belongs to no layer`];
    return imports
      .filter((target) => !layer.mayImport.some((allowed) => isWithin(target, allowed)))
      .map((target) => `${path} imports ${target}, which ${layer.name} may not${isTop(target) ? " (top layer)" : ""}`);
  });
}

function layerOf(path: string): Layer | undefined {
  for (const layer of LAYERS) {
    if (!layer.files.includes("{family}")) {
      if (path.startsWith(layer.files)) return layer;
      continue;
    }
    const family = FAMILIES.find((name) => path.startsWith(layer.files.replace("{family}", name)));
    if (family === undefined) continue;
    return { ...layer, mayImport: layer.mayImport.map((allowed) => allowed.replace("{family}", family)) };
  }
  return undefined;
}

/** A folder or a scope (`client/abi/`, `@x402/`, `node:`) holds all below it; a file or a package (`viem`) also its sub-paths. */
function isWithin(target: string, allowed: string): boolean {
  if (allowed.endsWith("/") || allowed.endsWith(":")) return target.startsWith(allowed);
  return target === allowed || target.startsWith(`${allowed}/`);
}

function isTop(target: string): boolean {
  return TOP.some((folder) => target.startsWith(folder));
}
