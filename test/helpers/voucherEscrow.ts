import { getContractAddress, isAddressEqual, keccak256, type Address, type Hex } from "viem";
import { artifacts, config } from "hardhat";
import { voucherModule } from "../../ignition/modules/voucher.ts";
import { CREATEX } from "../base/addresses.ts";
import type { Base } from "./base.ts";

/** Where the production module puts VoucherEscrow on every chain that has CreateX. */
export async function predictVoucherEscrow(): Promise<Address> {
  const { bytecode } = await artifacts.readArtifact("VoucherEscrow");
  const salt = config.ignition.strategyConfig?.create2?.salt;
  if (salt === undefined) throw new Error("hardhat.config.ts names no salt for CREATE2");
  return getContractAddress({
    opcode: "CREATE2",
    from: CREATEX,
    salt: keccak256(salt as Hex),
    bytecode: bytecode as Hex,
  });
}

/** Deploys VoucherEscrow through the production module. */
export async function deployVoucherEscrow(base: Base): Promise<Address> {
  const { voucherEscrow } = await base.ignition.deploy(voucherModule, { strategy: "create2" });
  const { address } = voucherEscrow as { address: Address };
  const predicted = await predictVoucherEscrow();
  if (!isAddressEqual(address, predicted)) throw new Error(`VoucherEscrow is at ${address}, not at ${predicted}`);
  return address;
}
