// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The part of Multicall3 that runs calls which may fail
interface IMulticall3 {
    /// @param target Who is called.
    /// @param callData What with.
    struct Call {
        address target;
        bytes callData;
    }

    /// @param success Whether the call went through.
    /// @param returnData What it returned, or what it reverted with.
    struct Result {
        bool success;
        bytes returnData;
    }

    /// @notice Runs calls in order.
    /// @param requireSuccess Whether one that fails undoes all.
    /// @param calls The calls.
    /// @return results One for each call.
    function tryAggregate(
        bool requireSuccess,
        Call[] calldata calls
    ) external payable returns (Result[] memory results);
}
