// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The cheatcodes of Hardhat's Solidity test runner that this project uses.
///
/// @dev There is no dependency that declares them: add a line here when a test needs another one.
interface Vm {
    /* KEYS AND NAMES */

    function addr(uint256 privateKey) external pure returns (address);

    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function label(address account, string calldata name) external;

    /* CALLER */

    function prank(address sender) external;

    function prank(address sender, address origin) external;

    function startPrank(address sender) external;

    function stopPrank() external;

    /* CHAIN */

    function chainId(uint256 id) external;

    function warp(uint256 timestamp) external;

    function roll(uint256 blockNumber) external;

    /// @notice `block.timestamp` as the runner knows it; the optimizer may move the opcode across a `warp`.
    function getBlockTimestamp() external view returns (uint256);

    /* STATE */

    function deal(address account, uint256 balance) external;

    function etch(address target, bytes calldata runtimeCode) external;

    function store(address target, bytes32 slot, bytes32 value) external;

    function load(address target, bytes32 slot) external view returns (bytes32);

    function snapshotState() external returns (uint256 id);

    function revertToState(uint256 id) external returns (bool);

    function revertToStateAndDelete(uint256 id) external returns (bool);

    function accesses(address target) external returns (bytes32[] memory reads, bytes32[] memory writes);

    function record() external;

    /* EXPECTATIONS */

    function assume(bool condition) external pure;

    function expectRevert() external;

    function expectRevert(bytes4 selector) external;

    function expectRevert(bytes calldata data) external;

    function expectEmit() external;

    function expectEmit(address emitter) external;

    function expectEmit(bool topic1, bool topic2, bool topic3, bool data, address emitter) external;

    function expectCall(address callee, bytes calldata data) external;

    function expectCall(address callee, bytes calldata data, uint64 count) external;

    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function recordLogs() external;

    function getRecordedLogs() external returns (Log[] memory);

    /* ASSERTIONS */

    function assertTrue(bool condition, string calldata message) external pure;

    function assertEq(bool left, bool right, string calldata message) external pure;

    function assertEq(uint256 left, uint256 right, string calldata message) external pure;

    function assertEq(int256 left, int256 right, string calldata message) external pure;

    function assertEq(address left, address right, string calldata message) external pure;

    function assertEq(bytes32 left, bytes32 right, string calldata message) external pure;

    function assertEq(bytes calldata left, bytes calldata right, string calldata message) external pure;

    function assertEq(string calldata left, string calldata right, string calldata message) external pure;

    function assertNotEq(uint256 left, uint256 right, string calldata message) external pure;

    function assertNotEq(address left, address right, string calldata message) external pure;

    function assertNotEq(bytes32 left, bytes32 right, string calldata message) external pure;

    function assertLt(uint256 left, uint256 right, string calldata message) external pure;

    function assertLe(uint256 left, uint256 right, string calldata message) external pure;

    function assertGt(uint256 left, uint256 right, string calldata message) external pure;

    function assertGe(uint256 left, uint256 right, string calldata message) external pure;

    /// @notice Creation code of a contract of this project that was built.
    function getCode(string calldata artifact) external view returns (bytes memory);

    /* FILES (paths allowed by `test.solidity.fsPermissions` in hardhat.config.ts) */

    function readFile(string calldata path) external view returns (string memory);

    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);

    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);

    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);

    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);

    function parseJsonBool(string calldata json, string calldata key) external pure returns (bool);

    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);

    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);

    function parseBytes(string calldata text) external pure returns (bytes memory);

    function toString(address value) external pure returns (string memory);

    function toString(uint256 value) external pure returns (string memory);

    function split(string calldata text, string calldata delimiter) external pure returns (string[] memory);

    function replace(
        string calldata text,
        string calldata search,
        string calldata replacement
    ) external pure returns (string memory);

    /* EIP-712 */

    /// @notice Type hash of a struct declared in this project's sources, by name or by full type string.
    function eip712HashType(string calldata nameOrDefinition) external pure returns (bytes32);
}
