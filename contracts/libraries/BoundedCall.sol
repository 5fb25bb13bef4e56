// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Calls foreign code without trusting its return data
/// @dev Solidity copies the whole return data of a low-level call; a hostile callee can make that copy cost any amount of
/// gas. Here at most one word is copied, whatever comes back.
library BoundedCall {
    /// @notice Makes a static call and reads at most 32 bytes of its answer.
    /// @param target Contract to ask.
    /// @param gasLimit Most gas to forward; the EVM keeps back one 64th of what is left.
    /// @param data Calldata.
    /// @return ok True when the call succeeded and answered with at least 32 bytes.
    /// @return word First 32 bytes of the answer; zero unless `ok`.
    function tryStaticCall(
        address target,
        uint256 gasLimit,
        bytes memory data
    ) internal view returns (bool ok, uint256 word) {
        // Second of the two assembly blocks of this project: the output window is fixed at the scratch word 0x00-0x20, so
        // nothing else of the return data reaches memory. A callee without code answers nothing and is not `ok`.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0x00, 0)
            ok := staticcall(gasLimit, target, add(data, 0x20), mload(data), 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            word := mul(ok, mload(0x00))
        }
    }
}
