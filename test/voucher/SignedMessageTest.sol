// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {OwnedWallet} from "../mocks/OwnedWallet.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";
import {ReturnBombWallet} from "../mocks/ReturnBombWallet.sol";
import {RevertingWallet} from "../mocks/RevertingWallet.sol";
import {ShortAnswerWallet} from "../mocks/ShortAnswerWallet.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @notice What holds for the signature of every message that the escrow takes, whatever the message does. A verb's test says which
/// message, who signs it and what it does; the cases are here, once (`SignedMessage.tree`).
abstract contract SignedMessageTest is VoucherTest {
    using VoucherMessages for *;

    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /* WHAT A VERB SAYS */

    /// @dev Who has to sign.
    function owner() internal view virtual returns (Actor memory);

    /// @dev Struct hash of the good message.
    function structHash() internal view virtual returns (bytes32);

    /// @dev Sends the good message with this signature, as anyone.
    function submit(bytes memory signature) internal virtual;

    /// @dev What the next call does when it refuses the signature.
    function expectRefusal() internal virtual {
        vm.expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector));
    }

    /// @dev The good message did what it says, once.
    function assertDone() internal view virtual;

    /* FORMS OF A KEY'S SIGNATURE */

    function test_AcceptsASignatureOf65Bytes() public {
        submit(signStruct(owner(), structHash()));
        assertDone();
    }

    function test_AcceptsACompactSignature() public {
        (bytes32 r, bytes32 vs) = signCompact(owner(), digestOf(structHash()));
        submit(abi.encodePacked(r, vs));
        assertDone();
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        bytes memory signature = signHighS(owner(), digestOf(structHash()));
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheRecoveryByteIsZero() public {
        _submitWithRecoveryByte(0);
    }

    function test_RevertWhen_TheRecoveryByteIsOne() public {
        _submitWithRecoveryByte(1);
    }

    function test_RevertWhen_TheRecoveryByteIs26() public {
        _submitWithRecoveryByte(26);
    }

    function test_RevertWhen_TheRecoveryByteIsTheOtherOne() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(owner().key, digestOf(structHash()));
        expectRefusal();
        submit(abi.encodePacked(r, s, v == 27 ? uint8(28) : uint8(27)));
    }

    function test_RevertWhen_TheRecoveryByteIs29() public {
        _submitWithRecoveryByte(29);
    }

    function test_RevertWhen_TheSignatureIsEmpty() public {
        expectRefusal();
        submit("");
    }

    function test_RevertWhen_TheSignatureHas63Bytes() public {
        (bytes32 r, bytes32 vs) = signCompact(owner(), digestOf(structHash()));
        expectRefusal();
        submit(_cut(abi.encodePacked(r, vs), 63));
    }

    function test_RevertWhen_TheSignatureHas66Bytes() public {
        bytes memory signature = signStruct(owner(), structHash());
        expectRefusal();
        submit(bytes.concat(signature, hex"00"));
    }

    function test_RevertWhen_TheSignatureIsAllZero() public {
        expectRefusal();
        submit(new bytes(65));
    }

    function test_RevertWhen_RIsTheCurvesOrder() public {
        // No point has this x coordinate modulo the order, so recovery answers zero.
        expectRefusal();
        submit(abi.encodePacked(CURVE_ORDER, uint256(1), uint8(27)));
    }

    /* WHAT WAS SIGNED, AND BY WHOM */

    function test_RevertWhen_AnotherKeySigned() public {
        bytes memory signature = signStruct(stranger, structHash());
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_SignedForAnotherChain() public {
        signedChainId = 1;
        bytes memory signature = signStruct(owner(), structHash());
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_SignedForAnotherContract() public {
        signedContract = deployEscrow();
        bytes memory signature = signStruct(owner(), structHash());
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
            if (others[i] == structHash()) continue;
            bytes memory signature = signStruct(owner(), others[i]);
            expectRefusal();
            submit(signature);
        }
    }

    /* CONTRACT WALLETS */

    function test_AcceptsWhatAContractWalletAccepts() public {
        vm.etch(owner().addr, type(AcceptingWallet).runtimeCode);
        submit("whatever this wallet understands");
        assertDone();
    }

    function test_AcceptsASignatureOfTheWalletsOwner() public {
        Actor memory walletOwner = makeActor("owner of the wallet");
        _etchOwnedWallet(walletOwner.addr);
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
        expectRefusal();
        submit("");
    }

    function test_RevertWhen_TheContractWalletReverts() public {
        vm.etch(owner().addr, type(RevertingWallet).runtimeCode);
        expectRefusal();
        submit("");
    }

    function test_RevertWhen_TheContractWalletAnswersWith31Bytes() public {
        vm.etch(owner().addr, type(ShortAnswerWallet).runtimeCode);
        expectRefusal();
        submit("");
    }

    function test_RevertGiven_TheWalletsOwnerWasReplaced() public {
        Actor memory walletOwner = makeActor("owner of the wallet");
        bytes memory signature = signStruct(walletOwner, structHash());
        _etchOwnedWallet(walletOwner.addr);
        OwnedWallet(owner().addr).rotate(stranger.addr);
        expectRefusal();
        submit(signature);
    }

    /* CODE AT A KEY'S ADDRESS */

    function test_AcceptsTheKeyGivenRejectingCodeAtItsAddress() public {
        bytes memory signature = signStruct(owner(), structHash());
        vm.etch(owner().addr, type(RejectingWallet).runtimeCode);
        submit(signature);
        assertDone();
    }

    function test_AcceptsTheKeyGivenCodeAtItsAddressThatBurnsAllGas() public {
        bytes memory signature = signStruct(owner(), structHash());
        vm.etch(owner().addr, hex"fe");
        submit(signature);
        assertDone();
    }

    /* INTERNAL */

    function _submitWithRecoveryByte(uint8 v) private {
        (, bytes32 r, bytes32 s) = vm.sign(owner().key, digestOf(structHash()));
        expectRefusal();
        submit(abi.encodePacked(r, s, v));
    }

    function _etchOwnedWallet(address walletOwner) private {
        OwnedWallet wallet = new OwnedWallet(walletOwner);
        vm.etch(owner().addr, address(wallet).code);
        vm.store(owner().addr, 0, bytes32(uint256(uint160(walletOwner))));
    }

    function _cut(bytes memory data, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length; ++i) part[i] = data[i];
    }
}
