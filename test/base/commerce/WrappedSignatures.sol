// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMulticall3} from "./IMulticall3.sol";

/// @title Takes ERC-6492 signatures apart
///
/// @dev The preparation, usually the deployment of the payer's wallet, runs through Multicall3, so that the call that the
/// signature carries comes from an account with no rights. It may fail: the wallet may be there already.
abstract contract WrappedSignatures {
    /// @dev What an ERC-6492 signature ends with.
    bytes32 private constant WRAPPED = 0x6492649264926492649264926492649264926492649264926492649264926492;

    IMulticall3 private immutable MULTICALL3;

    constructor(IMulticall3 multicall3) {
        MULTICALL3 = multicall3;
    }

    /// @return inner The signature for the token or for Permit2, after the preparation that came with it.
    function _unwrap(bytes calldata signature) internal returns (bytes memory inner) {
        if (signature.length < 32) return signature;
        uint256 length = signature.length - 32;
        if (bytes32(signature[length:]) != WRAPPED) return signature;

        IMulticall3.Call[] memory calls = new IMulticall3.Call[](1);
        (calls[0].target, calls[0].callData, inner) = abi.decode(signature[:length], (address, bytes, bytes));
        MULTICALL3.tryAggregate(false, calls);
    }
}
