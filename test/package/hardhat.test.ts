import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { createScratch, pinned, type Scratch } from "./scratch.ts";

const CONFIG = `
import { fileURLToPath } from "node:url";
import { defineConfig } from "hardhat/config";

const path = fileURLToPath(import.meta.resolve("solc/soljson.js"));
const settings = { viaIR: true, evmVersion: "cancun", optimizer: { enabled: true, runs: 200 } };
export default defineConfig({ solidity: { version: "0.8.37", path, settings } });
`;

/** Interfaces that import nothing of others, one of which a mock implements. */
const ALONE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ISignedRefundCollector} from "x402-escrow/contracts/interfaces/ISignedRefundCollector.sol";
import {ITermsOperator} from "x402-escrow/contracts/interfaces/ITermsOperator.sol";
import {ITermsOperatorFactory} from "x402-escrow/contracts/interfaces/ITermsOperatorFactory.sol";
import {IAuthCaptureEscrow} from "x402-escrow/contracts/interfaces/external/IAuthCaptureEscrow.sol";
import {ITokenCollector} from "x402-escrow/contracts/interfaces/external/ITokenCollector.sol";
import {IPermit2} from "x402-escrow/contracts/interfaces/external/IPermit2.sol";
import {IERC3009} from "x402-escrow/contracts/interfaces/external/IERC3009.sol";

contract MockToken is IERC3009 {
    mapping(address authorizer => mapping(bytes32 nonce => bool used)) public authorizationState;

    function receiveWithAuthorization(
        address from, address, uint256, uint256, uint256, bytes32 nonce, uint8, bytes32, bytes32
    ) external {
        authorizationState[from][nonce] = true;
    }

    function receiveWithAuthorization(
        address from, address, uint256, uint256, uint256, bytes32 nonce, bytes calldata
    ) external {
        authorizationState[from][nonce] = true;
    }
}
`;

const ESCROWS = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "x402-escrow/contracts/interfaces/IFlashSettlement.sol";
import {IVoucherEscrow} from "x402-escrow/contracts/interfaces/IVoucherEscrow.sol";
import {VoucherEscrow} from "x402-escrow/contracts/voucher/VoucherEscrow.sol";

contract MockEscrow is VoucherEscrow {
    function isEscrow() external pure returns (bool) {
        return true;
    }
}

contract Seller {
    IVoucherEscrow private immutable ESCROW;

    constructor(IVoucherEscrow escrow) {
        ESCROW = escrow;
    }

    function thawingPeriod() external view returns (uint256) {
        return ESCROW.THAWING_PERIOD();
    }
}

contract EscrowsTest {
    function test_InheritedEscrow() external {
        MockEscrow escrow = new MockEscrow();
        require(escrow.isEscrow() && new Seller(escrow).thawingPeriod() == 1 days, "not the escrow");
        try escrow.withdraw(address(1), address(2)) {
            revert("withdrew nothing");
        } catch (bytes memory reason) {
            require(bytes4(reason) == IVoucherEscrow.NoThawingInProgress.selector, "another error");
        }
    }
}
`;

describe("a Hardhat project", function () {
  this.timeout(600_000);
  let scratch: Scratch;
  before(async () => {
    scratch = await createScratch(pinned("hardhat", "solc"));
    scratch.write({ "hardhat.config.ts": CONFIG });
  });
  after(() => scratch?.remove());

  const artifact = (path: string): { readonly bytecode: string } =>
    JSON.parse(readFileSync(join(scratch.folder, "artifacts/contracts", path), "utf8")) as {
      readonly bytecode: string;
    };

  it("inherits an interface, with nothing installed beside the package", async () => {
    scratch.write({ "contracts/Alone.sol": ALONE });
    await scratch.run("hardhat", "build");
    expect(artifact("Alone.sol/MockToken.json").bytecode).to.have.length.greaterThan(100);
  });

  it("inherits the escrow and tests it, with OpenZeppelin and Solady", async () => {
    await scratch.install(pinned("@openzeppelin/contracts", "solady"));
    scratch.write({ "contracts/Escrows.t.sol": ESCROWS });
    const output = await scratch.run("hardhat", "test", "solidity");
    expect(output).to.match(/\b1 passing\b/);
    expect(output).not.to.contain("failing");
  });
});
