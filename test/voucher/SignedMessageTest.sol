// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Actor} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {OwnedWallet} from "../mocks/OwnedWallet.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";
import {ReturnBombWallet} from "../mocks/ReturnBombWallet.sol";
import {RevertingWallet} from "../mocks/RevertingWallet.sol";
import {ShortAnswerWallet} from "../mocks/ShortAnswerWallet.sol";
import {MessageTest} from "./MessageTest.sol";

/// @notice What holds for every signature that the escrow itself checks, of a key or of a contract wallet (`SignedMessage.tree`).
abstract contract SignedMessageTest is MessageTest {
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /* FORMS OF A KEY'S SIGNATURE */

    function test_AcceptsASignatureOf65Bytes() public {
        submit(signed());
        assertDone();
    }

    function test_AcceptsACompactSignature() public {
        (bytes32 r, bytes32 vs) = signCompact(owner(), digest());
        submit(abi.encodePacked(r, vs));
        assertDone();
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        bytes memory signature = signHighS(owner(), digest());
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
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(owner().key, digest());
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
        (bytes32 r, bytes32 vs) = signCompact(owner(), digest());
        expectRefusal();
        submit(_cut(abi.encodePacked(r, vs), 63));
    }

    function test_RevertWhen_TheSignatureHas66Bytes() public {
        bytes memory signature = signed();
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

    /* CONTRACT WALLETS */

    function test_AcceptsWhatAContractWalletAccepts() public {
        vm.etch(owner().addr, type(AcceptingWallet).runtimeCode);
        submit("whatever this wallet understands");
        assertDone();
    }

    function test_AcceptsASignatureOfTheWalletsOwner() public {
        Actor memory walletOwner = makeActor("owner of the wallet");
        _etchOwnedWallet(walletOwner.addr);
        submit(sign(walletOwner, digest()));
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
        bytes memory signature = sign(walletOwner, digest());
        _etchOwnedWallet(walletOwner.addr);
        OwnedWallet(owner().addr).rotate(stranger.addr);
        expectRefusal();
        submit(signature);
    }

    /* CODE AT A KEY'S ADDRESS */

    function test_AcceptsTheKeyGivenRejectingCodeAtItsAddress() public {
        bytes memory signature = signed();
        vm.etch(owner().addr, type(RejectingWallet).runtimeCode);
        submit(signature);
        assertDone();
    }

    function test_AcceptsTheKeyGivenCodeAtItsAddressThatBurnsAllGas() public {
        bytes memory signature = signed();
        vm.etch(owner().addr, hex"fe");
        submit(signature);
        assertDone();
    }

    /* INTERNAL */

    function _submitWithRecoveryByte(uint8 v) private {
        (, bytes32 r, bytes32 s) = vm.sign(owner().key, digest());
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
