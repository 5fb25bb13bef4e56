// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @notice Arguments of the entries that take no message, or messages in a list: a value that its type cannot hold is refused, not cut.
contract ArgumentsTest is VoucherTest {
    /// @dev Sizes of argument types in bits.
    uint256 private constant BOOL = 1;
    uint256 private constant KIND = 2;
    uint256 private constant UINT64 = 64;
    uint256 private constant ADDRESS = 160;
    uint256 private constant WORD = 256;

    function setUp() public override {
        super.setUp();
        deposit(buyer, seller, 100);
        depositFree(buyer, 100);
        deposit(seller, buyer, 100);
    }

    function test_RevertWhen_AnArgumentOfDepositIsTooLarge() public {
        _assertChecked(abi.encodeCall(IVoucherEscrow.deposit, (seller.addr, asset, 1)), [ADDRESS, ADDRESS, WORD, WORD]);
    }

    function test_RevertWhen_AnArgumentOfDepositToIsTooLarge() public {
        _assertChecked(
            abi.encodeCall(IVoucherEscrow.depositTo, (buyer2.addr, seller.addr, asset, 1)),
            [ADDRESS, ADDRESS, ADDRESS, WORD]
        );
    }

    function test_RevertWhen_AnArgumentOfDepositManyIsTooLarge() public {
        IVoucherEscrow.DepositInput[] memory inputs = new IVoucherEscrow.DepositInput[](1);
        inputs[0] = IVoucherEscrow.DepositInput(seller.addr, 1);
        // The asset, the place of the list, its length, the first seller.
        _assertChecked(abi.encodeCall(IVoucherEscrow.depositMany, (asset, inputs)), [ADDRESS, WORD, WORD, ADDRESS]);
    }

    function test_RevertWhen_AnArgumentOfDepositFreeIsTooLarge() public {
        _assertChecked(abi.encodeCall(IVoucherEscrow.depositFree, (asset, 1)), [ADDRESS, WORD, WORD, WORD]);
    }

    function test_RevertWhen_AnArgumentOfAllocateIsTooLarge() public {
        _assertChecked(
            abi.encodeCall(IVoucherEscrow.allocate, (seller.addr, asset, 1)),
            [ADDRESS, ADDRESS, WORD, WORD]
        );
    }

    function test_RevertWhen_AnArgumentOfWithdrawFreeIsTooLarge() public {
        _assertChecked(abi.encodeCall(IVoucherEscrow.withdrawFree, (asset, 1)), [ADDRESS, WORD, WORD, WORD]);
    }

    function test_RevertWhen_AnArgumentOfAdvanceFreeNonceIsTooLarge() public {
        _assertChecked(abi.encodeCall(IVoucherEscrow.advanceFreeNonce, (asset, 1)), [ADDRESS, UINT64, WORD, WORD]);
    }

    function test_RevertWhen_AnArgumentOfThawIsTooLarge() public {
        _assertChecked(abi.encodeCall(IVoucherEscrow.thaw, (seller.addr, asset, 1)), [ADDRESS, ADDRESS, WORD, WORD]);
    }

    function test_RevertWhen_AnArgumentOfCancelThawIsTooLarge() public {
        thaw(1);
        _assertChecked(abi.encodeCall(IVoucherEscrow.cancelThaw, (seller.addr, asset)), [ADDRESS, ADDRESS, WORD, WORD]);
    }

    function test_RevertWhen_AnArgumentOfWithdrawIsTooLarge() public {
        thaw(1);
        vm.warp(NOW + THAWING_PERIOD);
        _assertChecked(abi.encodeCall(IVoucherEscrow.withdraw, (seller.addr, asset)), [ADDRESS, ADDRESS, WORD, WORD]);
    }

    function test_RevertWhen_AnArgumentOfSetPayoutIsTooLarge() public {
        _assertChecked(abi.encodeCall(IVoucherEscrow.setPayout, (true)), [BOOL, WORD, WORD, WORD]);
    }

    function test_RevertWhen_AnArgumentOfReleaseIsTooLarge() public {
        // The buyer sells too.
        _assertChecked(
            abi.encodeCall(IVoucherEscrow.release, (seller.addr, asset, DEFAULT_LANE, 0, 1)),
            [ADDRESS, ADDRESS, WORD, WORD]
        );
    }

    function test_RevertWhen_AnArgumentOfAuthorizeSignerIsTooLarge() public {
        _assertChecked(
            abi.encodeCall(IVoucherEscrow.authorizeSigner, (signer.addr, EXPIRY)),
            [ADDRESS, UINT64, WORD, WORD]
        );
    }

    function test_RevertWhen_AnArgumentOfRevokeSignerIsTooLarge() public {
        _assertChecked(abi.encodeCall(IVoucherEscrow.revokeSigner, (signer.addr)), [ADDRESS, WORD, WORD, WORD]);
    }

    function test_RevertWhen_AnArgumentOfInvalidateNoncesIsTooLarge() public {
        _assertChecked(
            abi.encodeCall(IVoucherEscrow.invalidateNonces, (IVoucherEscrow.NonceKind.Release, 7, 1)),
            [KIND, WORD, WORD, WORD]
        );
    }

    function test_RevertWhen_AMemberInCollectManyIsTooLarge() public {
        IVoucherEscrow.SignedVoucher[] memory vouchers = new IVoucherEscrow.SignedVoucher[](1);
        vouchers[0].voucher = laneVoucherOf(LANE, 60);
        vouchers[0].signature = sign(buyer, vouchers[0].voucher);
        // Before the voucher: the place of the list, its length, the place of its entry.
        _assertVoucherChecked(abi.encodeCall(IVoucherEscrow.collectMany, (vouchers)), 3);
        assertEq(collectedOf(LANE), 60);
    }

    function test_RevertWhen_AMemberOfAWideRowIsTooLarge() public {
        IVoucherEscrow.Group[] memory groups = new IVoucherEscrow.Group[](1);
        groups[0] = groupOf(wideRowOf(buyer, laneVoucherOf(LANE, 60), 60));
        bytes memory data = abi.encodeCall(IVoucherEscrow.collectBatch, (groups));
        // Before the group's seller and asset: the place of the list, its length, the place of the group.
        _assertWordChecked(data, 3, ADDRESS);
        _assertWordChecked(data, 4, ADDRESS);
        // Then its limit and the places of its two lists; the length of the empty one; the length of the other, and the place of its row;
        // the row's voucher comes first.
        _assertVoucherChecked(data, 11);
        assertEq(collectedOf(LANE), 60);
    }

    /// @dev Each member of a voucher that is smaller than a word.
    /// @param first Which word behind the selector the voucher begins with: its id.
    function _assertVoucherChecked(bytes memory data, uint256 first) private {
        Books memory expected = books();
        _assertWordChecked(data, first + 1, ADDRESS);
        _assertWordChecked(data, first + 2, ADDRESS);
        _assertWordChecked(data, first + 4, ADDRESS);
        _assertWordChecked(data, first + 5, UINT64);
        _assertWordChecked(data, first + 7, ADDRESS);
        _assertWordChecked(data, first + 9, UINT64);
        assertBooks(expected);
        (bool ok, ) = _call(data);
        assertTrue(ok, "the escrow takes the call as it is");
    }

    /// @dev The buyer makes the call with one bit set above an argument, the lowest and the highest there is; then as it is.
    /// @param bits Sizes of the first four words behind the selector.
    function _assertChecked(bytes memory data, uint256[4] memory bits) private {
        Books memory expected = books();
        for (uint256 i = 0; i < bits.length; ++i) {
            if (bits[i] != WORD) _assertWordChecked(data, i, bits[i]);
        }
        assertBooks(expected);
        (bool ok, ) = _call(data);
        assertTrue(ok, "the escrow takes the call as it is");
    }

    function _assertWordChecked(bytes memory data, uint256 i, uint256 bits) private {
        _assertRefused(withBit(data, i, bits));
        _assertRefused(withBit(data, i, 255));
    }

    function _assertRefused(bytes memory data) private {
        (bool ok, bytes memory answer) = _call(data);
        assertFalse(ok, "the escrow takes no such argument");
        assertEq(answer, "");
    }

    function _call(bytes memory data) private returns (bool ok, bytes memory answer) {
        vm.prank(buyer.addr);
        return address(escrow).call(data);
    }
}
