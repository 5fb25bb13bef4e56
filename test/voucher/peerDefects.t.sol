// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {Vm} from "../helpers/Test.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {NoNoncesToken} from "../mocks/NoNoncesToken.sol";
import {OwnedWallet} from "../mocks/OwnedWallet.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @notice Known defects of two other voucher escrows, the one the scheme `deferred` was written for (W) and `x402BatchSettlement` (B):
/// each test walks into the defect and shows that it is not here. Defects of servers and wires are tested with the client.
contract PeerDefectsTest is VoucherTest {
    using VoucherMessages for *;

    /* W1: a transfer for each voucher. B9: an event for each row */

    function test_W1_OneTransferAndOneEventForManyVouchers() public {
        deposit(buyer, seller, 100);
        deposit(buyer2, seller, 100);
        IVoucherEscrow.Group memory group = groupOf(2, 0);
        group.rows[0] = rowOf(buyer, voucherOf(60), 60);
        group.rows[1] = rowOf(buyer2, _of(buyer2.addr, voucherOf(30)), 30);
        vm.expectCall(asset, abi.encodeCall(IERC20.transfer, (seller.addr, 90)), 1);
        vm.recordLogs();
        collectBatch(group);
        assertEq(_eventsOfEscrow(), 1);
    }

    /* W2: a token that takes a fee makes all accounts insolvent */

    function test_W2_ATokenThatTakesAFeeIsRefused() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        token.mint(buyer.addr, 1000);
        approve(address(token), buyer.addr, 1000);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 990));
        vm.prank(buyer.addr);
        escrow.deposit(seller.addr, address(token), 1000);
        assertEq(token.balanceOf(address(escrow)), 0);
    }

    /* W3, B7: code at the buyer's address, put there after it signed, makes its vouchers uncollectable */

    function test_W3_CodeAtTheBuyerAfterSigningUnsignsNothing() public {
        deposit(buyer, seller, 100);
        bytes memory signature = sign(buyer, voucherOf(60));
        vm.etch(buyer.addr, type(RejectingWallet).runtimeCode);
        escrow.collect(voucherOf(60), signature);
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_W3_ADelegationOfTheBuyerAfterSigningUnsignsNothing() public {
        deposit(buyer, seller, 100);
        bytes memory signature = sign(buyer, voucherOf(60));
        // The designator of an EIP-7702 delegation to a contract that rejects all.
        vm.etch(buyer.addr, abi.encodePacked(hex"ef0100", address(new RejectingWallet())));
        escrow.collect(voucherOf(60), signature);
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_W3_CodeAtTheBuyerUnsignsNothingInABatch() public {
        deposit(buyer, seller, 100);
        IVoucherEscrow.Group memory group = groupOf(1, 1);
        group.rows[0] = rowOf(buyer, voucherOf(60), 60);
        group.wide[0] = wideRowOf(buyer, laneVoucherOf(LANE, 10), 10);
        vm.etch(buyer.addr, hex"fe");
        collectBatch(group);
        assertEq(collectedOf(DEFAULT_LANE), 60);
        assertEq(collectedOf(LANE), 10);
    }

    function test_W3_CodeAtASignerUnsignsNothing() public {
        deposit(buyer, seller, 100);
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, EXPIRY);
        bytes memory signature = sign(signer, voucherOf(60));
        vm.etch(signer.addr, type(RejectingWallet).runtimeCode);
        escrow.collect(voucherOf(60), signature);
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_W3_AWalletsSignerOutlivesTheWalletsOwner() public {
        // What a contract wallet signs is only as lasting as its owner; what its signer signs is not.
        OwnedWallet wallet = new OwnedWallet(stranger.addr);
        vm.prank(buyer.addr);
        escrow.depositTo(address(wallet), seller.addr, asset, 100);
        wallet.execute(address(escrow), abi.encodeCall(IVoucherEscrow.authorizeSigner, (signer.addr, EXPIRY)));
        IVoucherEscrow.Voucher memory voucher = _of(address(wallet), voucherOf(60));
        bytes memory signature = sign(signer, voucher);
        wallet.rotate(buyer2.addr);
        escrow.collect(voucher, signature);
        assertEq(escrow.getVoucherCollected(address(wallet), seller.addr, asset, DEFAULT_LANE), 60);
    }

    /* W5: one voucher at a time, and the price is the increment */

    function test_W5_TwoVouchersInFlightDoNotCollide() public {
        deposit(buyer, seller, 100);
        bytes memory onDefaultLane = sign(buyer, voucherOf(40));
        bytes memory onLane = sign(buyer, laneVoucherOf(LANE, 30));
        escrow.collect(laneVoucherOf(LANE, 30), onLane);
        escrow.collect(voucherOf(40), onDefaultLane);
        assertEq(collectedOf(DEFAULT_LANE), 40);
        assertEq(collectedOf(LANE), 30);
    }

    function test_W5_TheSellerTakesLessThanTheCeilingAndTheRestLater() public {
        deposit(buyer, seller, 100);
        collectBatch(groupOf(rowOf(buyer, voucherOf(60), 25)));
        assertEq(collectedOf(DEFAULT_LANE), 25);
        collectBatch(groupOf(rowOf(buyer, voucherOf(60), 60)));
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    /* W6: several ids share one balance, and nobody sees the sum */

    function test_W6_OneCallSubtractsWhatAllLanesAreOwed() public {
        deposit(buyer, seller, 100);
        bytes32[] memory ids = new bytes32[](2);
        uint256[] memory aggregates = new uint256[](2);
        (ids[1], aggregates[0], aggregates[1]) = (LANE, 70, 40);
        (uint256 balance, , ) = escrow.getAccountData(buyer.addr, seller.addr, asset, ids, aggregates);
        assertEq(balance, 0);
        aggregates[1] = 20;
        (balance, , ) = escrow.getAccountData(buyer.addr, seller.addr, asset, ids, aggregates);
        assertEq(balance, 10);
    }

    /* W7: dust accounts of strangers make a flush of all too dear */

    function test_W7_AccountsOfStrangersCostAFlushNothing() public {
        deposit(buyer, seller, 100);
        uint256 snapshot = vm.snapshotState();
        uint256 without = _gasOfFlushAll();
        vm.revertToState(snapshot);
        for (uint160 i = 1; i <= 40; ++i) {
            vm.prank(stranger.addr);
            escrow.depositTo(buyer.addr, address(i), asset, 1);
        }
        // A hundred units of tolerance for the memory of this test.
        assertLt(_gasOfFlushAll(), without + 100);
        assertAccount(100, 100, NOW + 1 days);
    }

    function test_W7_AFlushOfManyAccountsIsSplitOverCalls() public {
        deposit(buyer, seller, 100);
        deposit(buyer, seller2, 50);
        IVoucherEscrow.FlushAllAuthorization memory message = flushAllAuthorizationOf(NONCE);
        bytes memory signature = sign(buyer, message);
        escrow.flushAllWithAuthorization(message, _account(seller.addr), signature);
        escrow.flushAllWithAuthorization(message, _account(seller2.addr), signature);
        assertEq(escrow.getAccount(buyer.addr, seller.addr, asset).thawingAmount, 100);
        assertEq(escrow.getAccount(buyer.addr, seller2.addr, asset).thawingAmount, 50);
    }

    /* W8: a willing seller cannot return tokens at once */

    function test_W8_ASellerReturnsTokensAtOnce() public {
        deposit(buyer, seller, 100);
        Books memory expected = books();
        vm.prank(seller.addr);
        escrow.release(buyer.addr, asset, DEFAULT_LANE, 0, 100);
        expected.account -= 100;
        expected.escrow -= 100;
        expected.buyer += 100;
        assertBooks(expected);
    }

    /* W9: allowances only, and a view that reverts on tokens without nonces */

    function test_W9_OneSignatureFundsWithoutAnAllowance() public {
        approve(asset, buyer.addr, 0);
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        escrow.depositWithEip3009(message, signEip3009(buyer, message));
        assertAccount(100, 0, 0);
    }

    function test_W9_OneSignatureFundsThroughPermit2() public {
        vm.prank(buyer.addr);
        USDC.approve(address(escrow), 0);
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        escrow.depositWithPermit2(message, signPermit2(buyer, message));
        assertAccount(100, 0, 0);
    }

    function test_W9_TheViewAnswersForATokenWithoutNonces() public {
        asset = address(new NoNoncesToken());
        (uint256 outstanding, , , , , uint256 permitNonce, ) = escrow.getVerificationData(voucherOf(60), NONCE);
        assertEq(outstanding, 60);
        assertEq(permitNonce, 0);
    }

    /* W11, B4: one bad or underfunded voucher takes the whole batch down */

    function test_W11_OneBadVoucherLeavesTheOthersAlone() public {
        deposit(buyer, seller, 100);
        deposit(buyer2, seller, 100);
        IVoucherEscrow.Group memory group = groupOf(4, 2);
        IVoucherEscrow.Voucher memory expired = voucherOf(50);
        expired.expiry = NOW - 1;
        IVoucherEscrow.Voucher memory foreign = laneVoucherOf(LANE, 50);
        foreign.escrow = stranger.addr;
        group.rows[0] = rowOf(stranger, voucherOf(50), 50);
        group.rows[1] = rowOf(buyer, expired, 50);
        group.rows[2] = rowOf(buyer, voucherOf(50), 51);
        group.rows[3] = rowOf(buyer2, _of(buyer2.addr, voucherOf(30)), 30);
        group.wide[0] = wideRowOf(buyer, foreign, 50);
        group.wide[1] = wideRowOf(buyer, laneVoucherOf(LANE, 20), 20);
        Books memory expected = books();
        collectBatch(group);
        expected.account -= 20;
        expected.accountOfBuyer2 -= 30;
        expected.escrow -= 50;
        expected.seller += 50;
        assertBooks(expected);
    }

    function test_B4_AnUnderfundedRowIsPaidInPartAndLeavesTheOthersAlone() public {
        deposit(buyer, seller, 10);
        deposit(buyer2, seller, 100);
        IVoucherEscrow.Group memory group = groupOf(2, 0);
        group.rows[0] = rowOf(buyer, voucherOf(1000), 1000);
        group.rows[1] = rowOf(buyer2, _of(buyer2.addr, voucherOf(30)), 30);
        Books memory expected = books();
        collectBatch(group);
        expected.account -= 10;
        expected.accountOfBuyer2 -= 30;
        expected.escrow -= 40;
        expected.seller += 40;
        assertBooks(expected);
    }

    function test_W11_ASessionKeySignsVouchersAndNothingElse() public {
        deposit(buyer, seller, 100);
        depositFree(buyer, 100);
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, EXPIRY);
        escrow.collect(voucherOf(60), sign(signer, voucherOf(60)));
        IVoucherEscrow.WithdrawFreeAuthorization memory message = withdrawFreeAuthorizationOf(100, 0);
        bytes memory signature = sign(signer, message);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector));
        escrow.withdrawFreeWithAuthorization(message, signature);
    }

    /* B1: what was accepted is not reserved */

    function test_B1_ASellerThatCollectsWithinTheThawingPeriodIsPaidInFull() public {
        deposit(buyer, seller, 100);
        bytes memory accepted = sign(buyer, voucherOf(100));
        thaw(100);
        vm.warp(NOW + 1 days - 1);
        vm.prank(buyer.addr);
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.ThawingPeriodNotCompleted.selector, NOW + 1 days - 1, NOW + 1 days)
        );
        escrow.withdraw(seller.addr, asset);
        Books memory expected = books();
        escrow.collect(voucherOf(100), accepted);
        expected.account -= 100;
        expected.escrow -= 100;
        expected.seller += 100;
        assertBooks(expected);
    }

    /* B2: a matured withdrawal is an exit at will, while the buyer goes on consuming */

    function test_B2_AMaturedThawIsNoExitForLaterDeposits() public {
        deposit(buyer, seller, 100);
        thaw(100);
        vm.warp(NOW + 5 days);
        deposit(buyer, seller, 100);
        // The seller serves against what does not thaw.
        (, , , uint256 available, , , ) = escrow.getVerificationData(voucherOf(100), 0);
        assertEq(available, 100);
        bytes memory accepted = sign(buyer, voucherOf(100));
        vm.prank(buyer.addr);
        escrow.withdraw(seller.addr, asset);
        Books memory expected = books();
        escrow.collect(voucherOf(100), accepted);
        expected.account -= 100;
        expected.escrow -= 100;
        expected.seller += 100;
        assertBooks(expected);
    }

    function test_B2_AMaturedThawIsCancelledByTheBuyer() public {
        deposit(buyer, seller, 100);
        thaw(100);
        vm.warp(NOW + 5 days);
        vm.prank(buyer.addr);
        escrow.cancelThaw(seller.addr, asset);
        (, , , uint256 available, , , ) = escrow.getVerificationData(voucherOf(100), 0);
        assertEq(available, 100);
    }

    /* B3: the buyer's exit costs it gas */

    function test_B3_ABuyerLeavesBySignaturesAlone() public {
        deposit(buyer, seller, 100);
        uint256 before = USDC.balanceOf(buyer.addr);
        bytes memory first = sign(buyer, flushAuthorizationOf(NONCE));
        bytes memory second = sign(buyer, flushAuthorizationOf(0));
        vm.startPrank(relayer);
        escrow.flushWithAuthorization(flushAuthorizationOf(NONCE), first);
        vm.warp(NOW + 1 days);
        escrow.flushWithAuthorization(flushAuthorizationOf(0), second);
        assertEq(USDC.balanceOf(buyer.addr), before + 100);
    }

    /* B5: collecting takes two transactions */

    function test_B5_OneCallCollectsAndPays() public {
        deposit(buyer, seller, 100);
        uint256 before = USDC.balanceOf(seller.addr);
        collectBatch(groupOf(rowOf(buyer, voucherOf(60), 60)));
        assertEq(USDC.balanceOf(seller.addr), before + 60);
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    /* B6: a delegate overclaims, or refunds before it claims */

    function test_B6_NobodyCollectsAboveTheCeiling() public {
        deposit(buyer, seller, 100);
        expectEvent();
        emit IVoucherEscrow.VoucherSkipped(
            DEFAULT_LANE,
            buyer.addr,
            seller.addr,
            asset,
            IVoucherEscrow.Skip.AboveCeiling
        );
        collectBatch(groupOf(rowOf(buyer, voucherOf(60), 61)));
        assertEq(collectedOf(DEFAULT_LANE), 0);
    }

    function test_B6_ARefundNeverRunsAheadOfItsCollection() public {
        deposit(buyer, seller, 100);
        IVoucherEscrow.ReleaseAuthorization memory message = releaseAuthorizationOf(40);
        message.collectedAtLeast = 60;
        bytes memory signature = sign(seller, message);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotCollectedYet.selector, 0, 60));
        escrow.releaseWithAuthorization(message, signature);
        collect(voucherOf(60));
        escrow.releaseWithAuthorization(message, signature);
        assertAccount(0, 0, 0);
    }

    function test_B6_ARefundIsNotReplayed() public {
        deposit(buyer, seller, 100);
        IVoucherEscrow.ReleaseAuthorization memory message = releaseAuthorizationOf(10);
        bytes memory signature = sign(seller, message);
        escrow.releaseWithAuthorization(message, signature);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
        escrow.releaseWithAuthorization(message, signature);
    }

    /* B10: a stranger turns somebody's allowance or signature into a deposit for itself */

    function test_B10_NobodyTurnsAnAllowanceIntoItsOwnDeposit() public {
        // The buyer has approved everything to the escrow.
        vm.startPrank(stranger.addr);
        USDC.transfer(relayer, USDC.balanceOf(stranger.addr));
        expectRevert("ERC20: transfer amount exceeds balance");
        escrow.depositTo(buyer.addr, stranger.addr, asset, 100);
        expectRevert("ERC20: transfer amount exceeds balance");
        escrow.deposit(seller.addr, asset, 100);
        vm.stopPrank();
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        message.seller = stranger.addr;
        bytes memory signature = sign(stranger, message);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector));
        escrow.depositWithAuthorization(message, signature);
    }

    function test_B10_AFrontRunnerRedirectsNoDepositByAuthorization() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        bytes memory signature = sign(buyer, message);
        message.seller = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector));
        vm.prank(stranger.addr);
        escrow.depositWithAuthorization(message, signature);
    }

    function test_B10_AFrontRunnerRedirectsNoDepositByEip3009() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        bytes memory signature = signEip3009(buyer, message);
        message.seller = stranger.addr;
        expectRevert("FiatTokenV2: invalid signature");
        vm.prank(stranger.addr);
        escrow.depositWithEip3009(message, signature);
    }

    function test_B10_AFrontRunnerRedirectsNoDepositByPermit2() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        bytes memory signature = signPermit2(buyer, message);
        message.seller = stranger.addr;
        expectRevert(abi.encodeWithSignature("InvalidSigner()"));
        vm.prank(stranger.addr);
        escrow.depositWithPermit2(message, signature);
    }

    function test_B10_AFrontRunnerOnlyDoesTheRelayersWork() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        bytes memory signature = signEip3009(buyer, message);
        Books memory expected = books();
        vm.prank(stranger.addr);
        escrow.depositWithEip3009(message, signature);
        expected.buyer -= 100;
        expected.escrow += 100;
        expected.account += 100;
        assertBooks(expected);
    }

    /* B11: capital lies apart for each seller, and a new key means a new channel */

    function test_B11_OneDepositServesManySellers() public {
        depositFree(buyer, 100);
        vm.startPrank(buyer.addr);
        escrow.allocate(seller.addr, asset, 60);
        escrow.allocate(seller2.addr, asset, 30);
        escrow.withdrawFree(asset, 10);
        vm.stopPrank();
        assertEq(balanceOf(buyer, seller, asset), 60);
        assertEq(balanceOf(buyer, seller2, asset), 30);
    }

    function test_B11_ANewKeySignsForTheSameAccount() public {
        deposit(buyer, seller, 100);
        vm.startPrank(buyer.addr);
        escrow.authorizeSigner(signer.addr, EXPIRY);
        escrow.revokeSigner(signer.addr);
        escrow.authorizeSigner(stranger.addr, EXPIRY);
        vm.stopPrank();
        vm.warp(NOW + 2 days);
        escrow.collect(voucherOf(60), sign(stranger, voucherOf(60)));
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_B11_AVoucherExpires() public {
        deposit(buyer, seller, 100);
        bytes memory signature = sign(buyer, voucherOf(60));
        vm.warp(EXPIRY + 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.VoucherExpired.selector, DEFAULT_LANE, EXPIRY + 1, EXPIRY));
        escrow.collect(voucherOf(60), signature);
    }

    /* B12: success without effect */

    function test_B12_NoEffectIsNoEventOfSuccess() public {
        vm.recordLogs();
        collectBatch(groupOf(rowOf(buyer, voucherOf(60), 60)));
        collect(voucherOf(60));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[0].topics[0], IVoucherEscrow.VoucherSkipped.selector);
        assertEq(logs[1].topics[0], IVoucherEscrow.VoucherNoCollectableBalance.selector);
    }

    function test_B12_AReleaseOrFlushWithoutEffectReverts() public {
        vm.prank(seller.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        escrow.release(buyer.addr, asset, DEFAULT_LANE, 0, 0);
        bytes memory signature = sign(buyer, flushAuthorizationOf(NONCE));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        escrow.flushWithAuthorization(flushAuthorizationOf(NONCE), signature);
    }

    /* AFTER RE-FUNDING: totals that start again revive old vouchers */

    function test_RefundingAnEmptiedAccountRevivesNoVoucher() public {
        deposit(buyer, seller, 100);
        bytes memory signature = sign(buyer, voucherOf(100));
        escrow.collect(voucherOf(100), signature);
        deposit(buyer, seller, 500);
        Books memory expected = books();
        escrow.collect(voucherOf(100), signature);
        collectBatch(groupOf(rowOf(buyer, voucherOf(100), 100)));
        assertBooks(expected);
    }

    /* A VOUCHER ABOVE THE DEPOSIT: a revert there locks the seller's funds in */

    function test_AVoucherAboveTheBalanceIsPaidAsFarAsItGoes() public {
        deposit(buyer, seller, 100);
        collect(voucherOf(1000));
        assertEq(collectedOf(DEFAULT_LANE), 100);
    }

    /* ONE SIGNATURE FOR TWO CHAINS OR TWO CONTRACTS */

    function test_AVoucherCountsOnOneChainAndInOneContract() public {
        deposit(buyer, seller, 100);
        IVoucherEscrow.Voucher memory voucher = voucherOf(60);
        bytes memory signature = sign(buyer, voucher);
        IVoucherEscrow other = IVoucherEscrow(deployEscrow());
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidEscrow.selector, address(escrow), address(other)));
        other.collect(voucher, signature);
        vm.chainId(10);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidChainId.selector, BASE_CHAIN_ID, 10));
        escrow.collect(voucher, signature);
    }

    /* THE EXIT OF SOMEBODY ELSE */

    function test_NobodyStartsOrDelaysAnExitOfSomebodyElse() public {
        deposit(buyer, seller, 100);
        thaw(60);
        vm.startPrank(stranger.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 1));
        escrow.thaw(seller.addr, asset, 1);
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.NoThawingInProgress.selector, stranger.addr, seller.addr, asset)
        );
        escrow.cancelThaw(seller.addr, asset);
        escrow.depositTo(buyer.addr, seller.addr, asset, 1);
        vm.stopPrank();
        assertAccount(101, 60, NOW + 1 days);
    }

    /* INTERNAL */

    function _of(
        address payer,
        IVoucherEscrow.Voucher memory voucher
    ) private pure returns (IVoucherEscrow.Voucher memory) {
        voucher.buyer = payer;
        return voucher;
    }

    function _account(address with) private view returns (IVoucherEscrow.AccountKey[] memory accounts) {
        accounts = new IVoucherEscrow.AccountKey[](1);
        accounts[0] = IVoucherEscrow.AccountKey(with, asset);
    }

    function _gasOfFlushAll() private returns (uint256 used) {
        IVoucherEscrow.FlushAllAuthorization memory message = flushAllAuthorizationOf(NONCE);
        IVoucherEscrow.AccountKey[] memory accounts = _account(seller.addr);
        bytes memory signature = sign(buyer, message);
        uint256 before = gasleft();
        escrow.flushAllWithAuthorization(message, accounts, signature);
        return before - gasleft();
    }

    function _eventsOfEscrow() private returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) if (logs[i].emitter == address(escrow)) ++count;
    }
}
