import { expect } from "chai";
import { artifacts, config } from "hardhat";
import { getContractAddress, keccak256, type Address, type Hex } from "viem";
import { voucherModule } from "../../ignition/modules/voucher.ts";
import { CREATEX } from "../base/addresses.ts";
import { getCode } from "../base/provider.ts";
import type { Base } from "../helpers/base.ts";

/**
 * Gives the address of this build's VoucherEscrow, and deploys it when the chain does not have it yet.
 * The address commits to the code, so what stands there needs no further check.
 */
export async function ensureVoucherEscrow(base: Base): Promise<Address> {
  const { bytecode } = await artifacts.readArtifact("VoucherEscrow");
  const salt = config.ignition.strategyConfig?.create2?.salt;
  if (salt === undefined) throw new Error("hardhat.config.ts names no salt for CREATE2");
  // CreateX hashes a salt that names neither a caller nor a chain.
  const address = getContractAddress({
    opcode: "CREATE2",
    from: CREATEX,
    salt: keccak256(salt as Hex),
    bytecode: bytecode as Hex,
  });
  if ((await getCode(base.connection.provider, address)) === "0x") {
    await base.ignition.deploy(voucherModule, { strategy: "create2" });
    expect(await getCode(base.connection.provider, address)).to.not.equal("0x");
  }
  return address;
}
