// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Actor} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {OwnedWallet} from "../mocks/OwnedWallet.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";
import {ReturnBombWallet} from "../mocks/ReturnBombWallet.sol";
import {OperatorEntryTest} from "./OperatorEntryTest.sol";

/// @notice What holds for the signature of every message, whatever the message does (`OperatorSignature.tree`). A verb's test says which message,
/// who signs it and how it is sent.
abstract contract OperatorSignatureTest is OperatorEntryTest {
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @dev Who has to sign.
    function owner() internal view virtual returns (Actor memory);

    /// @dev Struct hash of the good message.
    function structHash() internal view virtual returns (bytes32);

    /// @dev Calldata of the good message with this signature.
    function callWith(bytes memory signature) internal view virtual returns (bytes memory);

    /// @dev Whether the owner may call with an empty signature.
    function canCallItself() internal pure virtual returns (bool);

    function goodCall() internal view override returns (bytes memory) {
        return callWith(ownersSignature());
    }

    function ownersSignature() internal view returns (bytes memory) {
        return signStruct(owner(), structHash());
    }

    function submit(bytes memory signature) internal {
        send(address(operator), callWith(signature));
    }

    function refuses(bytes memory signature) internal {
        bytes memory data = callWith(signature);
        expectInvalidSignature(owner().addr);
        send(address(operator), data);
    }

    /* FORMS OF A KEY'S SIGNATURE */

    function test_AcceptsACompactSignature() public {
        (bytes32 r, bytes32 vs) = signCompact(owner(), digestOf(structHash()));
        submit(abi.encodePacked(r, vs));
        assertDone();
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        refuses(signHighS(owner(), digestOf(structHash())));
    }

    function test_RevertWhen_TheRecoveryByteIsZero() public {
        (, bytes32 r, bytes32 s) = vm.sign(owner().key, digestOf(structHash()));
        refuses(abi.encodePacked(r, s, uint8(0)));
    }

    function test_RevertWhen_TheSignatureIsEmpty() public {
        refuses("");
    }

    function test_RevertWhen_TheSignatureHas66Bytes() public {
        refuses(bytes.concat(ownersSignature(), hex"00"));
    }

    function test_RevertWhen_TheSignatureIsAllZero() public {
        refuses(new bytes(65));
    }

    function test_RevertWhen_RIsTheCurvesOrder() public {
        refuses(abi.encodePacked(CURVE_ORDER, uint256(1), uint8(27)));
    }

    /* WHAT WAS SIGNED, AND BY WHOM */

    function test_RevertWhen_AnotherKeySigned() public {
        refuses(signStruct(stranger, structHash()));
    }

    function test_RevertWhen_SignedForAnotherChain() public {
        signedChainId = 1;
        refuses(ownersSignature());
    }

    function test_RevertWhen_SignedForAnotherOperator() public {
        signedContract = stranger.addr;
        refuses(ownersSignature());
    }

    function test_RevertWhen_SignedForAnotherPayment() public {
        bytes32 message = structHash();
        uint256 salt = payment.salt;
        payment.salt = OTHER_SALT;
        bytes32 other = structHash();
        payment.salt = salt;
        assertNotEq(message, other);
        refuses(signStruct(owner(), other));
    }

    function test_RevertWhen_TheBareStructHashIsSigned() public {
        refuses(sign(owner(), structHash()));
    }

    /* WHO CALLS */

    function test_TheOwnersOwnCallNeedsWhatTheVerbSays() public {
        bytes memory data = callWith("");
        if (!canCallItself()) expectInvalidSignature(owner().addr);
        vm.prank(owner().addr);
        (bool ok, ) = address(operator).call(data);
        if (!canCallItself()) return;
        assertTrue(ok, "the owner's call");
        assertDone();
    }

    /* CODE AT THE OWNER'S ADDRESS */

    function test_AcceptsTheKeyGivenRejectingCodeAtItsAddress() public {
        bytes memory signature = ownersSignature();
        vm.etch(owner().addr, type(RejectingWallet).runtimeCode);
        submit(signature);
        assertDone();
    }

    function test_AcceptsWhatAContractWalletAccepts() public {
        vm.etch(owner().addr, type(AcceptingWallet).runtimeCode);
        submit("whatever this wallet understands");
        assertDone();
    }

    function test_AcceptsAnEmptySignatureThatTheWalletAccepts() public {
        vm.etch(owner().addr, type(AcceptingWallet).runtimeCode);
        submit("");
        assertDone();
    }

    function test_AcceptsASignatureOfTheWalletsOwner() public {
        Actor memory walletOwner = makeActor("owner of the wallet");
        OwnedWallet wallet = new OwnedWallet(walletOwner.addr);
        vm.etch(owner().addr, address(wallet).code);
        vm.store(owner().addr, 0, bytes32(uint256(uint160(walletOwner.addr))));
        submit(signStruct(walletOwner, structHash()));
        assertDone();
    }

    function test_AcceptsAWalletThatAnswersWithMoreThanOneWord() public {
        vm.etch(owner().addr, type(ReturnBombWallet).runtimeCode);
        vm.store(owner().addr, 0, bytes32(uint256(10_000)));
        submit("");
        assertDone();
    }

    function test_RevertWhen_TheContractWalletRejects() public {
        vm.etch(owner().addr, type(RejectingWallet).runtimeCode);
        refuses("");
    }
}
