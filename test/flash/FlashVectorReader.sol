// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice Reads `test/vectors/flash.json` and `test/vectors/flash-transactions.json`, and has the contract do what the signed ones say.
abstract contract FlashVectorReader is FlashTest {
    string internal json;

    /// @dev Who signed everything in the files.
    address internal owner;

    function setUp() public virtual override {
        super.setUp();
        json = vm.readFile(string.concat("test/vectors/", file()));
        owner = vm.parseJsonAddress(json, string.concat(".", ownerKey()));
        approve(address(USDC), owner, type(uint256).max);
    }

    function file() internal pure virtual returns (string memory);

    function ownerKey() internal pure virtual returns (string memory);

    /// @dev The contract at the address that the vectors were made for.
    function place(address where) internal {
        vm.etch(where, address(settlement).code);
        settlement = IFlashSettlement(where);
    }

    /// @dev The token that a vector names, of which the owner holds and allows all there is.
    function placeToken(address where) internal {
        vm.etch(where, address(new MintableToken()).code);
        MintableToken(where).mint(owner, 1 << 128);
        approve(where, owner, type(uint256).max);
    }

    function openAsOwner(address with_, address which, uint256 amount) internal {
        vm.prank(owner);
        settlement.openEscrow(with_, which, amount, 0);
    }

    /// @dev A case that is added to the file is tested; one that vanishes fails.
    function count(string memory path, uint256 expected) internal view returns (uint256 found) {
        while (vm.keyExistsJson(json, entryAt(path, found))) ++found;
        assertEq(found, expected, path);
    }

    function entryAt(string memory path, uint256 index) internal pure returns (string memory) {
        return string.concat(path, "[", vm.toString(index), "]");
    }

    function _uint(string memory path, string memory name) internal view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(path, ".", name));
    }

    function _address(string memory path, string memory name) internal view returns (address) {
        return vm.parseJsonAddress(json, string.concat(path, ".", name));
    }

    function _bytes32(string memory path, string memory name) internal view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(path, ".", name));
    }

    function _bytes(string memory path, string memory name) internal view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(path, ".", name));
    }

    function _string(string memory path, string memory name) internal view returns (string memory) {
        return vm.parseJsonString(json, string.concat(path, ".", name));
    }
}
