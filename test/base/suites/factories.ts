import { expect } from "chai";
import { concat, getContractAddress, keccak256, parseAbi, parseEventLogs, toHex, type Hex } from "viem";
import type { Base } from "../../helpers/base.ts";
import { mined } from "../../helpers/mined.ts";
import { ARACHNID_PROXY, CREATEX } from "../addresses.ts";

const createX = {
  address: CREATEX,
  abi: parseAbi([
    "event ContractCreation(address indexed newContract, bytes32 indexed salt)",
    "function deployCreate2(bytes32 salt, bytes initCode) payable returns (address newContract)",
  ]),
} as const;

// Copies its last byte, a STOP, into the new account.
const INITCODE: Hex = "0x6001600c60003960016000f300";
const SALT = keccak256(toHex("x402-escrow factories"));

/** What this project relies on in the deployment factories, wherever they came from. */
export function factoriesSuite(connect: () => Promise<Base>): void {
  describe("Factories", () => {
    it("deploy through CreateX to an address that follows from salt and initcode", async () => {
      const base = await connect();
      const hash = await base.wallets.deployer.writeContract({
        ...createX,
        functionName: "deployCreate2",
        args: [SALT, INITCODE],
      });
      const { logs } = await mined(base.publicClient, hash);
      const [creation] = parseEventLogs({ abi: createX.abi, logs, eventName: "ContractCreation" });
      // CreateX hashes a salt that names neither a caller nor a chain.
      const expected = getContractAddress({
        opcode: "CREATE2",
        from: CREATEX,
        salt: keccak256(SALT),
        bytecode: INITCODE,
      });
      expect(creation?.args.newContract).to.equal(expected);
      expect(await base.publicClient.getCode({ address: expected })).to.equal("0x00");
    });

    it("deploy through the Arachnid proxy", async () => {
      const base = await connect();
      const data = concat([SALT, INITCODE]);
      await mined(base.publicClient, await base.wallets.deployer.sendTransaction({ to: ARACHNID_PROXY, data }));
      const expected = getContractAddress({ opcode: "CREATE2", from: ARACHNID_PROXY, salt: SALT, bytecode: INITCODE });
      expect(await base.publicClient.getCode({ address: expected })).to.equal("0x00");
    });
  });
}
