// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @notice Who has to sign a message and for where, whoever checks the signature and whatever the message does. A verb's test says which
/// message, who signs it and what it does; the cases are here, once (`Message.tree`).
abstract contract MessageTest is VoucherTest {
    using VoucherMessages for *;

    /* WHAT A VERB SAYS */

    /// @dev Who has to sign.
    function owner() internal view virtual returns (Actor memory);

    /// @dev Struct hash of the message.
    function structHash() internal view virtual returns (bytes32);

    /// @dev What the owner signs.
    function digest() internal view virtual returns (bytes32) {
        return digestOf(structHash());
    }

    /// @dev Sends the message with this signature, as anyone.
    function submit(bytes memory signature) internal virtual;

    /// @dev What the call reverts with that has a bad signature.
    function refusal() internal view virtual returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector);
    }

    /// @dev What the next call does when it refuses the signature.
    function expectRefusal() internal virtual {
        expectRevert(refusal());
    }

    /// @dev The good message did what it says, once.
    function assertDone() internal view virtual;

    /* WHAT WAS SIGNED, AND BY WHOM */

    function test_RevertWhen_AnotherKeySigned() public {
        bytes memory signature = sign(stranger, digest());
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_SignedForAnotherChain() public {
        signedChainId = 1;
        bytes memory signature = signed();
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_SignedForAnotherContract() public {
        signedContract = deployEscrow();
        bytes memory signature = signed();
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheBareStructHashIsSigned() public {
        bytes memory signature = sign(owner(), structHash());
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_AMessageOfAnotherTypeIsSigned() public {
        bytes32[10] memory others = [
            voucherOf(100).hash(),
            depositAuthorizationOf(100).hash(),
            flushAuthorizationOf(NONCE).hash(),
            flushAllAuthorizationOf(NONCE).hash(),
            allocateAuthorizationOf(100, 0).hash(),
            withdrawFreeAuthorizationOf(100, 0).hash(),
            signerAuthorizationOf(EXPIRY).hash(),
            signerRevocationOf().hash(),
            releaseAuthorizationOf(100).hash(),
            payoutAuthorizationOf(true, 0).hash()
        ];
        for (uint256 i = 0; i < others.length; ++i) {
            if (digestOf(others[i]) == digest()) continue;
            bytes memory signature = signStruct(owner(), others[i]);
            expectRefusal();
            submit(signature);
        }
    }

    /* INTERNAL */

    /// @return The owner's signature of what the message says now.
    function signed() internal view returns (bytes memory) {
        return sign(owner(), digest());
    }
}
