// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract InvalidateNoncesTest is VoucherTest {
    /* WORD AND MASK */

    function test_CancelsOneNonce() public {
        _invalidate(IVoucherEscrow.NonceKind.Deposit, 7, 1 << 5);
        assertFalse(_isUsed(IVoucherEscrow.NonceKind.Deposit, 7 * 256 + 4));
        assertTrue(_isUsed(IVoucherEscrow.NonceKind.Deposit, 7 * 256 + 5));
        assertFalse(_isUsed(IVoucherEscrow.NonceKind.Deposit, 7 * 256 + 6));
    }

    function test_CancelsAWholeWord() public {
        _invalidate(IVoucherEscrow.NonceKind.Deposit, 7, type(uint256).max);
        assertFalse(_isUsed(IVoucherEscrow.NonceKind.Deposit, 7 * 256 - 1));
        assertTrue(_isUsed(IVoucherEscrow.NonceKind.Deposit, 7 * 256));
        assertTrue(_isUsed(IVoucherEscrow.NonceKind.Deposit, 7 * 256 + 255));
        assertFalse(_isUsed(IVoucherEscrow.NonceKind.Deposit, 8 * 256));
    }

    function test_CancelsTheFirstNonce() public {
        _invalidate(IVoucherEscrow.NonceKind.Deposit, 0, 1);
        assertTrue(_isUsed(IVoucherEscrow.NonceKind.Deposit, 0));
        assertFalse(_isUsed(IVoucherEscrow.NonceKind.Deposit, 1));
    }

    function test_CancelsTheLastNonce() public {
        _invalidate(IVoucherEscrow.NonceKind.Deposit, type(uint248).max, 1 << 255);
        assertTrue(_isUsed(IVoucherEscrow.NonceKind.Deposit, type(uint256).max));
        assertFalse(_isUsed(IVoucherEscrow.NonceKind.Deposit, type(uint256).max - 1));
    }

    function test_CancelsNothingInAWordThatNoNonceHas() public {
        _invalidate(IVoucherEscrow.NonceKind.Deposit, 1 << 248, type(uint256).max);
        assertFalse(_isUsed(IVoucherEscrow.NonceKind.Deposit, 0));
        assertFalse(_isUsed(IVoucherEscrow.NonceKind.Deposit, type(uint256).max));
    }

    function test_AddsToWhatWasCancelled() public {
        _invalidate(IVoucherEscrow.NonceKind.Flush, 7, 1 << 5);
        _invalidate(IVoucherEscrow.NonceKind.Flush, 7, 1 << 6);
        assertTrue(_isUsed(IVoucherEscrow.NonceKind.Flush, 7 * 256 + 5));
        assertTrue(_isUsed(IVoucherEscrow.NonceKind.Flush, 7 * 256 + 6));
    }

    function test_ChangesNothingWhenTheMaskIsZero() public {
        _invalidate(IVoucherEscrow.NonceKind.Flush, 7, 1 << 5);
        _invalidate(IVoucherEscrow.NonceKind.Flush, 7, 0);
        assertTrue(_isUsed(IVoucherEscrow.NonceKind.Flush, 7 * 256 + 5));
    }

    /* KIND AND OWNER */

    function test_KeepsTheKindsApart() public {
        for (uint256 i = 0; i < 4; ++i) {
            uint256 snapshot = vm.snapshotState();
            _invalidate(IVoucherEscrow.NonceKind(i), 7, 1 << 5);
            for (uint256 j = 0; j < 4; ++j) {
                assertEq(_isUsed(IVoucherEscrow.NonceKind(j), 7 * 256 + 5), i == j);
            }
            vm.revertToState(snapshot);
        }
    }

    function test_LeavesOtherOwnersAlone() public {
        _invalidate(IVoucherEscrow.NonceKind.Deposit, 7, type(uint256).max);
        assertFalse(escrow.isNonceUsed(IVoucherEscrow.NonceKind.Deposit, buyer2.addr, bytes32(uint256(7 * 256))));
    }

    /* EFFECTS */

    function test_EmitsNoncesInvalidated() public {
        expectEvent();
        emit IVoucherEscrow.NoncesInvalidated(IVoucherEscrow.NonceKind.Release, buyer.addr, 7, 1 << 5);
        _invalidate(IVoucherEscrow.NonceKind.Release, 7, 1 << 5);
    }

    function test_RevertWhen_TheKindDoesNotExist() public {
        (bool ok, bytes memory answer) = _invalidateRaw(4);
        assertFalse(ok);
        assertEq(answer, "");
        (ok, ) = _invalidateRaw(3);
        assertTrue(ok);
        assertTrue(_isUsed(IVoucherEscrow.NonceKind.Release, 7 * 256));
    }

    function test_MovesNoTokens() public {
        deposit(buyer, seller, 100);
        Books memory expected = books();
        _invalidate(IVoucherEscrow.NonceKind.Deposit, 7, 1);
        assertBooks(expected);
    }

    function testFuzz_CancelsExactlyTheMask(uint8 kind, uint256 word, uint256 mask, uint8 bit) public {
        IVoucherEscrow.NonceKind k = IVoucherEscrow.NonceKind(bound(kind, 0, 3));
        uint256 w = bound(word, 0, type(uint248).max);
        _invalidate(k, w, mask);
        assertEq(_isUsed(k, (w << 8) | bit), (mask >> bit) & 1 == 1);
    }

    /* INTERNAL */

    function _invalidateRaw(uint256 kind) private returns (bool ok, bytes memory answer) {
        vm.prank(buyer.addr);
        return
            address(escrow).call(
                abi.encodeWithSelector(IVoucherEscrow.invalidateNonces.selector, kind, uint256(7), uint256(1))
            );
    }

    function _invalidate(IVoucherEscrow.NonceKind kind, uint256 word, uint256 mask) private {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(kind, word, mask);
    }

    function _isUsed(IVoucherEscrow.NonceKind kind, uint256 nonce) private view returns (bool) {
        return escrow.isNonceUsed(kind, buyer.addr, bytes32(nonce));
    }
}
