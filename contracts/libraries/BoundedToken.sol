// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BoundedCall} from "./BoundedCall.sol";

/// @title Calls of a token that cannot revert, cannot be starved of gas, and cannot take more than a stipend
/// @notice Reads of balance and allowance, and transfers, for contracts that go on when a token misbehaves.
/// @dev Every call gets the same gas whatever the caller brought, or everything reverts. So the outcome depends on the token and the
/// state alone, and whoever submits cannot choose it.
library BoundedToken {
    /// @notice There is too little gas to give the token its stipend; send more.
    /// @param available Gas left.
    /// @param required Gas needed at this point.
    error InsufficientGas(uint256 available, uint256 required);

    /// @dev Gas of one read of a balance or an allowance.
    uint256 private constant READ_GAS = 60_000;

    /// @dev Gas of one transfer.
    uint256 private constant TRANSFER_GAS = 200_000;

    /// @dev What the calls themselves cost beside what they forward.
    uint256 private constant CALL_OVERHEAD = 10_000;

    /// @dev The EVM keeps back one 64th of what is left at each call.
    uint256 private constant READS_RESERVE = (2 * READ_GAS * 64) / 63 + CALL_OVERHEAD;
    uint256 private constant TRANSFER_RESERVE = (TRANSFER_GAS * 64) / 63 + CALL_OVERHEAD;

    /// @notice Says what `spender` could pull from `owner`: the smaller of balance and allowance, zero where the token does not tell.
    /// @param token ERC-20 contract.
    /// @param owner Holder.
    /// @param spender Who would pull.
    /// @return Token base units.
    function pullable(address token, address owner, address spender) internal view returns (uint256) {
        _requireGas(READS_RESERVE);
        (, uint256 balance) = BoundedCall.tryStaticCall(token, READ_GAS, abi.encodeCall(IERC20.balanceOf, (owner)));
        if (balance == 0) return 0;
        (, uint256 allowance) = BoundedCall.tryStaticCall(
            token,
            READ_GAS,
            abi.encodeCall(IERC20.allowance, (owner, spender))
        );
        return balance < allowance ? balance : allowance;
    }

    /// @notice Pulls by allowance.
    /// @param token ERC-20 contract.
    /// @param from Holder.
    /// @param to Receiver.
    /// @param amount Token base units.
    /// @return True when the token says that it did, or has code and says nothing.
    function tryTransferFrom(address token, address from, address to, uint256 amount) internal returns (bool) {
        return _tryMove(token, abi.encodeCall(IERC20.transferFrom, (from, to, amount)));
    }

    /// @notice Pays from this contract.
    /// @param token ERC-20 contract.
    /// @param to Receiver.
    /// @param amount Token base units.
    /// @return True when the token says that it did, or has code and says nothing.
    function tryTransfer(address token, address to, uint256 amount) internal returns (bool) {
        return _tryMove(token, abi.encodeCall(IERC20.transfer, (to, amount)));
    }

    function _tryMove(address token, bytes memory data) private returns (bool) {
        _requireGas(TRANSFER_RESERVE);
        (bool ok, uint256 size, uint256 word) = BoundedCall.tryCall(token, TRANSFER_GAS, data);
        if (!ok) return false;
        return size == 0 ? token.code.length != 0 : size > 31 && word == 1;
    }

    function _requireGas(uint256 required) private view {
        uint256 available = gasleft();
        if (available < required) revert InsufficientGas(available, required);
    }
}
