// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Contract wallet with one owner that can change, and that wants gas to check a signature
/// @dev Both variables are read from the storage of the account the code runs for, so it serves as delegated code too.
contract CampaignOwnedWallet is IERC1271 {
    // slot 0
    address public owner;
    // slot 1: with less than this at hand it says no instead of running out of gas
    uint256 public gasNeeded;

    function rotate(address newOwner) external {
        owner = newOwner;
    }

    function setGasNeeded(uint256 gasAmount) external {
        gasNeeded = gasAmount;
    }

    /// @dev Anyone may call: what a hostile token needs to act as its victim.
    function execute(address target, bytes calldata data) external {
        // solhint-disable-next-line avoid-low-level-calls
        (bool ok, ) = target.call(data);
        require(ok, "execute: the call failed");
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        uint256 given = gasleft();
        if (given < gasNeeded) return 0xffffffff;
        (address signer, , ) = ECDSA.tryRecover(digest, signature);
        return signer != address(0) && signer == owner ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
