import type { Address, Hash, Hex } from "viem";
import { CREATEX } from "./addresses.ts";
import { ensureCode, type Placement } from "./place.ts";
import { getCode, sendRaw, setBalance, setCode, type Provider } from "./provider.ts";

/** Hash of CreateX's runtime code, the same on every chain. */
export const CREATEX_CODE_HASH: Hash = "0xbd8a7ea8cfca7b4e5f5041d7d4b17bc317c5ce42cfbc42066a00cf26b43eb53f";

/** The account whose only transaction, signed in advance for any chain, deploys CreateX. */
export const CREATEX_DEPLOYER: Address = "0xeD456e05CaAb11d66C4c797dD6c1D6f9A7F352b5";

let code: Hex | undefined;

/** Puts CreateX at its canonical address, by its own presigned transaction. */
export async function installCreateX(provider: Provider): Promise<Placement> {
  return ensureCode(provider, {
    name: "CreateX",
    address: CREATEX,
    codeHash: CREATEX_CODE_HASH,
    async place() {
      if (code !== undefined) return setCode(provider, CREATEX, code);
      await setBalance(provider, CREATEX_DEPLOYER, 10n ** 18n);
      await sendRaw(provider, await presignedTransaction());
      code = await getCode(provider, CREATEX);
    },
  });
}

/** CreateX's deployment, signed by {@link CREATEX_DEPLOYER} for no chain in particular. */
export async function presignedTransaction(): Promise<Hex> {
  // Ignition holds it outside of its public exports.
  const entry = import.meta.resolve("@nomicfoundation/ignition-core");
  const artifact = new URL("./internal/execution/strategy/createx-artifact.js", entry);
  const { presignedTx } = (await import(artifact.href)) as { presignedTx: Hex };
  return presignedTx;
}
