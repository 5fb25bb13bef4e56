// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract AdvanceFreeNonceTest is VoucherTest {
    function setUp() public override {
        super.setUp();
        depositFree(buyer, 1000);
    }

    /* NEXT */

    function test_AdvancesByOne() public {
        _advance(1);
        _assertWindow(1, type(uint64).max);
    }

    function test_CancelsEverythingBelowTheCurrentNextNonce() public {
        _use(10);
        _advance(11);
        _assertWindow(11, type(uint64).max);
    }

    function test_AdvancesOneAboveTheCurrentNextNonce() public {
        _use(10);
        _advance(12);
        _assertWindow(12, type(uint64).max);
    }

    function test_RevertWhen_NextLiesOneBelowTheCurrentNextNonce() public {
        _use(10);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidNonce.selector, 10, 11));
        _advance(10);
    }

    function test_RevertWhen_NextIsZeroAfterItWasNot() public {
        _advance(1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidNonce.selector, 0, 1));
        _advance(0);
    }

    function test_ChangesNoNonceWhenNextIsZeroFromTheStart() public {
        _advance(0);
        _use(0);
        assertEq(freeBalanceOf(buyer, asset), 999);
    }

    function test_EndsAllNoncesWhenNextIsTheLargest() public {
        _advance(type(uint64).max);
        IVoucherEscrow.AllocateAuthorization memory last = allocateAuthorizationOf(1, type(uint64).max);
        bytes memory signature = sign(buyer, last);
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, bytes32(uint256(type(uint64).max)))
        );
        escrow.allocateWithAuthorization(last, signature);
    }

    /* EFFECTS */

    function test_CancelsAnUnusedNonceWithinTheWindow() public {
        _use(10);
        _advance(11);
        IVoucherEscrow.AllocateAuthorization memory stale = allocateAuthorizationOf(1, 9);
        bytes memory signature = sign(buyer, stale);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, bytes32(uint256(9))));
        escrow.allocateWithAuthorization(stale, signature);
    }

    function test_LeavesTheNextNonceUsable() public {
        _advance(70);
        _use(70);
        _assertWindow(71, type(uint64).max);
    }

    function test_EmitsFreeNonceAdvanced() public {
        expectEvent();
        emit IVoucherEscrow.FreeNonceAdvanced(buyer.addr, asset, 5);
        _advance(5);
    }

    function test_MovesNoTokens() public {
        Books memory expected = books();
        _advance(5);
        assertBooks(expected);
    }

    function test_LeavesOtherAssetsAlone() public {
        _advance(5);
        (, uint64 nextNonce, uint64 seen) = escrow.getFreeAccount(buyer.addr, address(new MintableToken()));
        assertEq(nextNonce, 0);
        assertEq(seen, 0);
    }

    function test_LeavesOtherOwnersAlone() public {
        _advance(5);
        (, uint64 nextNonce, uint64 seen) = escrow.getFreeAccount(buyer2.addr, asset);
        assertEq(nextNonce, 0);
        assertEq(seen, 0);
    }

    /* INTERNAL */

    function _advance(uint64 next) private {
        vm.prank(buyer.addr);
        escrow.advanceFreeNonce(asset, next);
    }

    /// @dev Uses a nonce up by allocating one unit.
    function _use(uint64 nonce) private {
        IVoucherEscrow.AllocateAuthorization memory authorization = allocateAuthorizationOf(1, nonce);
        escrow.allocateWithAuthorization(authorization, sign(buyer, authorization));
    }

    function _assertWindow(uint64 nextNonce, uint64 seen) private view {
        (, uint64 actualNext, uint64 actualSeen) = escrow.getFreeAccount(buyer.addr, asset);
        assertEq(actualNext, nextNonce);
        assertEq(actualSeen, seen);
    }
}
