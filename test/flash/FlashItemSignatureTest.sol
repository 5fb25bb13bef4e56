// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Actor} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {OwnedWallet} from "../mocks/OwnedWallet.sol";
import {FlashSignatureTest} from "./FlashSignatureTest.sol";

/// @notice Beside {FlashSignatureTest}: payments and tabs, which no contract wallet signs, so that none can take its word back.
abstract contract FlashItemSignatureTest is FlashSignatureTest {
    function test_RevertWhen_AContractWalletWouldAccept() public {
        vm.etch(owner().addr, type(AcceptingWallet).runtimeCode);
        refuses("whatever this wallet understands");
    }

    function test_RevertWhen_TheOwnerOfAContractWalletSigned() public {
        Actor memory walletOwner = makeActor("owner of the wallet");
        OwnedWallet wallet = new OwnedWallet(walletOwner.addr);
        vm.etch(owner().addr, address(wallet).code);
        vm.store(owner().addr, 0, bytes32(uint256(uint160(walletOwner.addr))));
        refuses(signStruct(walletOwner, structHash()));
    }
}
