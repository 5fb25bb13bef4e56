import {
  isFuture,
  isNamedContractDeploymentFuture,
  type Future,
  type IgnitionModule,
  type IgnitionModuleResult,
} from "@nomicfoundation/ignition-core";
import authCaptureModule from "../../ignition/modules/auth-capture.ts";
import flashModule from "../../ignition/modules/flash.ts";
import voucherModule from "../../ignition/modules/voucher.ts";
import { CatalogError } from "./errors.ts";
import { FAMILIES, type Family } from "./types.ts";

/** One contract as its module names it. */
export interface PlannedContract {
  readonly name: string;
  readonly contract: string;
  readonly family: Family;
  /** Values, or the names of contracts before it, whose addresses they are. */
  readonly parameters: readonly ({ readonly value: string } | { readonly addressOf: string })[];
}

const MODULES: Readonly<Record<Family, IgnitionModule<string, string, IgnitionModuleResult<string>>>> = {
  voucher: voucherModule,
  flash: flashModule,
  "auth-capture": authCaptureModule,
};

/**
 * What the Ignition modules of the families deploy, in their order.
 *
 * @throws {CatalogError} a module does something else than to deploy a contract with addresses as its arguments.
 */
export function readPlannedContracts(): readonly PlannedContract[] {
  return FAMILIES.flatMap((family) => [...MODULES[family].futures].map((future) => toPlanned(family, future)));
}

function toPlanned(family: Family, future: Future): PlannedContract {
  if (!isNamedContractDeploymentFuture(future)) {
    throw new CatalogError(`${future.id} deploys no contract of the build. Teach scripts/deployments what it does.`);
  }
  const parameters = future.constructorArgs.map((argument) => {
    if (typeof argument === "string") return { value: argument };
    if (isFuture(argument)) return { addressOf: nameOf(argument) };
    throw new CatalogError(`${future.id} has an argument that is no address. Teach scripts/deployments to write it.`);
  });
  return { name: nameOf(future), contract: future.contractName, family, parameters };
}

/** The module's name stands before it. */
function nameOf({ id }: Pick<Future, "id">): string {
  return id.slice(id.indexOf("#") + 1);
}
