// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {MessageTest} from "./MessageTest.sol";

/// @notice Bad input, the same for every message that has a call of its own (`SingleMessage.tree`). A message is the first argument of its
/// call, each of its members is one word, its last member is the expiry.
abstract contract SingleMessageTest is MessageTest {
    /// @dev The books before the message acts; a verb's set-up ends with them.
    Books internal start;

    /* WHAT A VERB SAYS */

    /// @dev EIP-712 type of the message.
    function messageType() internal pure virtual returns (string memory);

    /// @dev ABI encoding of the message.
    function encoded() internal view virtual returns (bytes memory);

    /// @dev Makes this the message.
    function decode(bytes memory message) internal virtual;

    /// @dev Calldata of the call that takes the message.
    function callOf(bytes memory signature) internal view virtual returns (bytes memory);

    /// @dev What a second call with the message reverts with; empty where it returns.
    function replayError() internal view virtual returns (bytes memory);

    function expiryError(uint64 expiry) internal view virtual returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.AuthorizationExpired.selector, expiry, vm.getBlockTimestamp());
    }

    /// @dev What a message reverts with whose owner can have no key.
    function ownerError(address) internal view virtual returns (bytes memory) {
        return refusal();
    }

    /* MEMBERS */

    function test_RevertWhen_AMemberIsNotTheOneSigned() public {
        bytes memory good = encoded();
        for (uint256 i = 0; i < good.length / 32; ++i) {
            decode(_with(good, i, _word(good, i) ^ 1));
            bytes memory signature = signed();
            decode(good);
            assertReverts(callOf(signature), refusal());
        }
        submit();
        assertDone();
    }

    function test_RevertWhen_AMemberIsTooLargeForItsType() public {
        string[] memory types = _split(0);
        bytes memory call = callOf(signed());
        for (uint256 i = 0; i < types.length; ++i) {
            uint256 bits = _bitsOf(types[i]);
            if (bits == 256) continue;
            assertReverts(withBit(call, i, bits), "");
            assertReverts(withBit(call, i, 255), "");
        }
        submit();
        assertDone();
    }

    function test_RevertWhen_TheOwnerIsZero() public {
        _setOwner(address(0));
        // What recovers to no key is nobody's signature.
        assertReverts(callOf(new bytes(65)), ownerError(address(0)));
        assertReverts(callOf(new bytes(64)), ownerError(address(0)));
        assertReverts(ownerError(address(0)));
    }

    function test_RevertWhen_TheOwnerIsTheEscrow() public {
        _setOwner(address(escrow));
        assertReverts(ownerError(address(escrow)));
    }

    /* EXPIRY */

    function test_ActsOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        submit();
        assertDone();
    }

    function test_ActsAtTheExpiry() public {
        vm.warp(EXPIRY);
        submit();
        assertDone();
    }

    function test_RevertWhen_OneSecondPastTheExpiry() public {
        vm.warp(EXPIRY + 1);
        assertReverts(expiryError(EXPIRY));
    }

    function test_RevertWhen_TheExpiryIsZero() public {
        setMember("expiry", 0);
        assertReverts(expiryError(0));
    }

    function test_ActsWhenTheExpiryIsTheLargest() public {
        setMember("expiry", type(uint64).max);
        submit();
        assertDone();
    }

    /* REPLAY */

    function test_ActsOnce() public {
        bytes memory call = callOf(signed());
        submit();
        assertDone();
        (bool ok, bytes memory answer) = send(call);
        assertEq(ok, replayError().length == 0);
        assertEq(answer, replayError());
        assertDone();
    }

    /* INTERNAL */

    /// @dev Signs what the message says now, and sends it.
    function submit() internal {
        submit(signed());
    }

    function submit(bytes memory signature) internal override {
        (bool ok, ) = send(callOf(signature));
        assertTrue(ok, "the escrow takes the message");
    }

    function send(bytes memory call) internal returns (bool ok, bytes memory answer) {
        vm.prank(relayer);
        return address(escrow).call(call);
    }

    /// @dev Signs what the message says now, and sends it: exactly this revert data, and no token or balance moves.
    function assertReverts(bytes memory errorData) internal {
        assertReverts(callOf(signed()), errorData);
    }

    function assertReverts(bytes memory call, bytes memory errorData) internal {
        Books memory before = books();
        (bool ok, bytes memory answer) = send(call);
        assertFalse(ok, "the escrow takes no such message");
        assertEq(answer, errorData);
        assertBooks(before);
    }

    /// @dev Revert data of `require` with a reason.
    function reasonOf(string memory reason) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("Error(string)", reason);
    }

    /// @dev Changes a member of the message.
    function setMember(string memory name, uint256 value) internal {
        string[] memory names = _split(1);
        for (uint256 i = 0; i < names.length; ++i) {
            if (keccak256(bytes(names[i])) == keccak256(bytes(name))) decode(_with(encoded(), i, value));
        }
    }

    function _setOwner(address account) private {
        bytes memory message = encoded();
        uint256 i = 0;
        while (_word(message, i) != uint160(owner().addr)) ++i;
        decode(_with(message, i, uint160(account)));
    }

    /// @return parts Of each member its type, the first part, or its name, the second.
    function _split(uint256 part) private pure returns (string[] memory parts) {
        string memory list = vm.split(vm.replace(messageType(), ")", ""), "(")[1];
        parts = vm.split(list, ",");
        for (uint256 i = 0; i < parts.length; ++i) parts[i] = vm.split(parts[i], " ")[part];
    }

    function _bitsOf(string memory solidityType) private pure returns (uint256) {
        bytes32 hash = keccak256(bytes(solidityType));
        if (hash == keccak256("bool")) return 1;
        if (hash == keccak256("uint64")) return 64;
        if (hash == keccak256("uint96")) return 96;
        if (hash == keccak256("address")) return 160;
        assertTrue(hash == keccak256("uint256") || hash == keccak256("bytes32"), solidityType);
        return 256;
    }

    function _word(bytes memory message, uint256 i) private pure returns (uint256 word) {
        assembly {
            word := mload(add(message, mul(add(i, 1), 32)))
        }
    }

    function _with(bytes memory message, uint256 i, uint256 word) private pure returns (bytes memory changed) {
        changed = bytes.concat(message);
        assembly {
            mstore(add(changed, mul(add(i, 1), 32)), word)
        }
    }
}
