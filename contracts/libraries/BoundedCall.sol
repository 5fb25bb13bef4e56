// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Calls foreign code without trusting its return data
/// @notice One call and one static call, with a gas limit, that hand back at most one word.
/// @dev Solidity copies the whole return data of a low-level call; a hostile callee can make that copy cost any amount of
/// gas. Here at most one word is copied, whatever comes back. This is the second of the two assembly blocks of this project, once for
/// calls and once for static calls, since no view function may contain a call.
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
        // The output window is the scratch word 0x00-0x20, so nothing else of the return data reaches memory. A callee without code
        // answers nothing and is not `ok`.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0x00, 0)
            ok := staticcall(gasLimit, target, add(data, 0x20), mload(data), 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            word := mul(ok, mload(0x00))
        }
    }
    /// @notice Makes a call and reads at most 32 bytes of its answer.
    /// @param target Contract to call.
    /// @param gasLimit Most gas to forward; the EVM keeps back one 64th of what is left.
    /// @param data Calldata.
    /// @return ok True when the call succeeded; a target without code always succeeds.
    /// @return size Length of the whole answer, bytes.
    /// @return word First 32 bytes of the answer; zero where it is shorter.
    function tryCall(
        address target,
        uint256 gasLimit,
        bytes memory data
    ) internal returns (bool ok, uint256 size, uint256 word) {
        // As above, with a call.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0x00, 0)
            ok := call(gasLimit, target, 0, add(data, 0x20), mload(data), 0x00, 0x20)
            size := returndatasize()
            word := mload(0x00)
        }
    }
}
