// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Actor} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {OwnedWallet} from "../mocks/OwnedWallet.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";
import {ReturnBombWallet} from "../mocks/ReturnBombWallet.sol";
import {RevertingWallet} from "../mocks/RevertingWallet.sol";
import {ShortAnswerWallet} from "../mocks/ShortAnswerWallet.sol";
import {FlashSignatureTest} from "./FlashSignatureTest.sol";

/// @notice Beside {FlashSignatureTest}: messages that a contract wallet may sign too, which are all but payments and tabs.
abstract contract FlashWalletSignatureTest is FlashSignatureTest {
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
        refuses("");
    }

    function test_RevertWhen_TheContractWalletReverts() public {
        vm.etch(owner().addr, type(RevertingWallet).runtimeCode);
        refuses("");
    }

    function test_RevertWhen_TheContractWalletAnswersWith31Bytes() public {
        vm.etch(owner().addr, type(ShortAnswerWallet).runtimeCode);
        refuses("");
    }

    function test_RevertGiven_TheWalletsOwnerWasReplaced() public {
        Actor memory walletOwner = makeActor("owner of the wallet");
        bytes memory signature = signStruct(walletOwner, structHash());
        _etchOwnedWallet(walletOwner.addr);
        OwnedWallet(owner().addr).rotate(stranger.addr);
        refuses(signature);
    }

    function _etchOwnedWallet(address walletOwner) private {
        OwnedWallet wallet = new OwnedWallet(walletOwner);
        vm.etch(owner().addr, address(wallet).code);
        vm.store(owner().addr, 0, bytes32(uint256(uint160(walletOwner))));
    }
}
