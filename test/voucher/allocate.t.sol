// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor, Vm} from "../helpers/Test.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";
import {WindowNonceTest} from "./WindowNonceTest.sol";

contract AllocateTest is VoucherTest {
    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        depositFree(buyer, 100);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        _allocate(0);
    }

    function test_AllocatesOneUnit() public {
        depositFree(buyer, 100);
        _allocate(1);
        assertEq(freeBalanceOf(buyer, asset), 99);
        assertAccount(1, 0, 0);
    }

    function test_AllocatesOneBelowTheFreeBalance() public {
        depositFree(buyer, 100);
        _allocate(99);
        assertEq(freeBalanceOf(buyer, asset), 1);
        assertAccount(99, 0, 0);
    }

    function test_AllocatesTheWholeFreeBalance() public {
        depositFree(buyer, 100);
        _allocate(100);
        assertEq(freeBalanceOf(buyer, asset), 0);
        assertAccount(100, 0, 0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheFreeBalance() public {
        depositFree(buyer, 100);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 100, 101));
        _allocate(101);
    }

    function test_RevertWhen_TheAmountHasTheFreeBalanceInItsLower96Bits() public {
        depositFree(buyer, 100);
        uint256 amount = (1 << 96) | 100;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 100, amount));
        _allocate(amount);
    }

    function test_RevertGiven_NoFreeBalance() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 1));
        _allocate(1);
    }

    function test_FillsAnAccount() public {
        _useMintableToken();
        deposit(buyer, seller, 100);
        depositFree(buyer, type(uint96).max);
        _allocate(type(uint96).max - 100);
        assertAccount(type(uint96).max, 0, 0);
    }

    function test_RevertGiven_AnAccountWithOneUnitTooLittleRoom() public {
        _useMintableToken();
        deposit(buyer, seller, 100);
        depositFree(buyer, type(uint96).max);
        uint256 limit = type(uint96).max - 100;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, limit + 1, limit));
        _allocate(limit + 1);
    }

    /* PARTIES */

    function test_RevertWhen_TheSellerIsZero() public {
        depositFree(buyer, 100);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        vm.prank(buyer.addr);
        escrow.allocate(address(0), asset, 100);
    }

    function test_RevertWhen_TheSellerIsTheEscrow() public {
        depositFree(buyer, 100);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        vm.prank(buyer.addr);
        escrow.allocate(address(escrow), asset, 100);
    }

    function test_RevertWhen_TheSellerIsTheCaller() public {
        depositFree(buyer, 100);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        vm.prank(buyer.addr);
        escrow.allocate(buyer.addr, asset, 100);
    }

    function test_RevertWhen_TheAssetIsZero() public {
        asset = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(0)));
        _allocate(100);
    }

    function test_RevertWhen_TheAssetIsTheEscrow() public {
        asset = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
        _allocate(100);
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        // Nobody can have free balance in it.
        asset = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 100));
        _allocate(100);
    }

    /* EFFECTS */

    function test_MovesFreeBalanceIntoTheAccount() public {
        depositFree(buyer, 100);
        Books memory expected = books();
        _allocate(60);
        expected.freeOfBuyer -= 60;
        expected.account += 60;
        assertBooks(expected);
    }

    function test_CallsNoToken() public {
        depositFree(buyer, 100);
        vm.etch(asset, hex"fe");
        _allocate(60);
        assertAccount(60, 0, 0);
    }

    function test_EmitsAllocatedAndNothingElse() public {
        deposit(buyer, seller, 30);
        depositFree(buyer, 100);
        vm.recordLogs();
        expectEvent();
        emit IVoucherEscrow.Allocated(buyer.addr, seller.addr, asset, 60, 90);
        _allocate(60);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 ofEscrow = 0;
        for (uint256 i = 0; i < logs.length; ++i) if (logs[i].emitter == address(escrow)) ++ofEscrow;
        assertEq(ofEscrow, 1);
    }

    function test_LeavesTheNoncesAlone() public {
        depositFree(buyer, 100);
        vm.prank(buyer.addr);
        escrow.advanceFreeNonce(asset, 5);
        _allocate(60);
        (uint256 balance, uint64 nextNonce, uint64 seen) = escrow.getFreeAccount(buyer.addr, asset);
        assertEq(balance, 40);
        assertEq(nextNonce, 5);
        assertEq(seen, type(uint64).max);
    }

    function test_DoesNotReviveWhatTheSellerTookFromAThaw() public {
        deposit(buyer, seller, 100);
        thaw(80);
        collect(voucherOf(70));
        depositFree(buyer, 200);
        _allocate(200);
        assertAccount(230, 30, NOW + 1 days);
    }

    function testFuzz_MovesWhatIsThere(uint96 free, uint256 amount) public {
        uint256 there = bound(free, 1, FUNDS);
        uint256 moved = bound(amount, 1, there);
        depositFree(buyer, there);
        Books memory expected = books();
        _allocate(moved);
        expected.freeOfBuyer -= moved;
        expected.account += moved;
        assertBooks(expected);
    }

    /* INTERNAL */

    function _allocate(uint256 amount) private {
        vm.prank(buyer.addr);
        escrow.allocate(seller.addr, asset, amount);
    }

    function _useMintableToken() private {
        MintableToken token = new MintableToken();
        asset = address(token);
        token.mint(buyer.addr, 1 << 128);
        approve(asset, buyer.addr, type(uint256).max);
    }
}

contract AllocateWithAuthorizationTest is SignedMessageTest, WindowNonceTest {
    using VoucherMessages for *;

    uint256 private constant AMOUNT = 60;

    IVoucherEscrow.AllocateAuthorization private authorization;

    function setUp() public override {
        super.setUp();
        authorization = allocateAuthorizationOf(AMOUNT, 0);
        depositFree(buyer, 1000);
        start = books();
    }

    /* MESSAGE */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function messageType() internal pure override returns (string memory) {
        return VoucherMessages.ALLOCATE_AUTHORIZATION;
    }

    function encoded() internal view override returns (bytes memory) {
        return abi.encode(authorization);
    }

    function decode(bytes memory message) internal override {
        authorization = abi.decode(message, (IVoucherEscrow.AllocateAuthorization));
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.allocateWithAuthorization, (authorization, signature));
    }

    function replayError() internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, uint256(0));
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.freeOfBuyer -= AMOUNT;
        expected.account += AMOUNT;
        assertBooks(expected);
    }

    /* NONCE */

    function test_RevertGiven_TheNonceWasUsedForAWithdrawal() public {
        IVoucherEscrow.WithdrawFreeAuthorization memory withdrawal = withdrawFreeAuthorizationOf(5, 0);
        escrow.withdrawFreeWithAuthorization(withdrawal, sign(buyer, withdrawal));
        assertReverts(replayError());
    }

    function test_AllocatesGivenTheNonceWasUsedInAnotherAsset() public {
        MintableToken token = new MintableToken();
        token.mint(buyer.addr, 100);
        approve(address(token), buyer.addr, 100);
        vm.prank(buyer.addr);
        escrow.depositFree(address(token), 100);
        IVoucherEscrow.AllocateAuthorization memory other = allocateAuthorizationOf(5, 0);
        other.asset = address(token);
        escrow.allocateWithAuthorization(other, sign(buyer, other));
        submit();
        assertDone();
    }

    function test_LeavesTheNonceUnusedGivenTooLittleFreeBalance() public {
        authorization.amount = 1001;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 1000, 1001));
        (, uint64 nextNonce, uint64 seen) = escrow.getFreeAccount(buyer.addr, asset);
        assertEq(nextNonce, 0);
        assertEq(seen, 0);
    }

    /* AMOUNT AND PARTIES */

    function test_RevertWhen_TheAmountIsZero() public {
        authorization.amount = 0;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
    }

    function test_AllocatesTheWholeFreeBalance() public {
        authorization.amount = 1000;
        submit();
        assertAccount(1000, 0, 0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheFreeBalance() public {
        authorization.amount = 1001;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 1000, 1001));
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        authorization.amount = type(uint256).max;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 1000, type(uint256).max));
    }

    function test_RevertWhen_TheSellerIsZero() public {
        // Zero means the free balance in a deposit only.
        authorization.seller = address(0);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
    }

    function test_RevertWhen_TheSellerIsTheBuyer() public {
        authorization.seller = buyer.addr;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
    }

    function test_RevertWhen_TheSellerIsTheEscrow() public {
        authorization.seller = address(escrow);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
    }

    function test_RevertWhen_TheAssetIsZero() public {
        authorization.asset = address(0);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(0)));
    }

    function test_RevertWhen_TheAssetIsTheEscrow() public {
        authorization.asset = address(escrow);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        authorization.asset = stranger.addr;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, AMOUNT));
    }

    /* EFFECTS */

    function test_EmitsAllocated() public {
        deposit(buyer, seller, 30);
        expectEvent();
        emit IVoucherEscrow.Allocated(buyer.addr, seller.addr, asset, AMOUNT, AMOUNT + 30);
        submit();
    }
}
