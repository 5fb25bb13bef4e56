// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Vm} from "../helpers/Test.sol";
import {MeasuringWallet} from "../mocks/MeasuringWallet.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {ReturnBombToken} from "../mocks/ReturnBombToken.sol";
import {SelectorForgingToken} from "../mocks/SelectorForgingToken.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @notice The rules that an escrow of this kind breaks first, each by a trace that would show it.
contract EasyToGetWrongTest is VoucherTest {
    using VoucherMessages for *;

    /* EFFECTIVE THAWING IS THE SMALLER OF WHAT WAS MARKED AND THE BALANCE */

    function test_ThawHundredCollectHundredDepositHundredWithdrawsNothing() public {
        deposit(buyer, seller, 100);
        thaw(100);
        collect(voucherOf(100));
        deposit(buyer, seller, 100);
        vm.warp(NOW + 10 days);
        Books memory expected = books();
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.NoThawingInProgress.selector, buyer.addr, seller.addr, asset)
        );
        vm.prank(buyer.addr);
        escrow.withdraw(seller.addr, asset);
        assertBooks(expected);
        assertAccount(100, 0, 0);
    }

    function test_EffectiveThawingIsTheSmallerOfMarkedAndBalance() public {
        deposit(buyer, seller, 100);
        thaw(60);
        collect(voucherOf(39));
        assertAccount(61, 60, NOW + 1 days);
        collect(voucherOf(40));
        assertAccount(60, 60, NOW + 1 days);
        collect(voucherOf(41));
        assertAccount(59, 59, NOW + 1 days);
    }

    function test_ADepositWritesTheCappedThawFirst() public {
        _thawHundredOfWhich20AreLeft();
        deposit(buyer, seller, 100);
        _assertWithdraws20();
    }

    function test_ADepositByAnyoneWritesTheCappedThawFirst() public {
        _thawHundredOfWhich20AreLeft();
        vm.prank(stranger.addr);
        escrow.depositTo(buyer.addr, seller.addr, asset, 100);
        _assertWithdraws20();
    }

    function test_ADepositWithManySellersWritesTheCappedThawFirst() public {
        _thawHundredOfWhich20AreLeft();
        IVoucherEscrow.DepositInput[] memory inputs = new IVoucherEscrow.DepositInput[](2);
        inputs[0] = IVoucherEscrow.DepositInput(seller.addr, 60);
        inputs[1] = IVoucherEscrow.DepositInput(seller.addr, 40);
        vm.prank(buyer.addr);
        escrow.depositMany(asset, inputs);
        _assertWithdraws20();
    }

    function test_ADepositByAuthorizationWritesTheCappedThawFirst() public {
        _thawHundredOfWhich20AreLeft();
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        escrow.depositWithAuthorization(message, sign(buyer, message));
        _assertWithdraws20();
    }

    function test_ADepositByEip3009WritesTheCappedThawFirst() public {
        _thawHundredOfWhich20AreLeft();
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        escrow.depositWithEip3009(message, signEip3009(buyer, message));
        _assertWithdraws20();
    }

    function test_ADepositByPermit2WritesTheCappedThawFirst() public {
        _thawHundredOfWhich20AreLeft();
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        escrow.depositWithPermit2(message, signPermit2(buyer, message));
        _assertWithdraws20();
    }

    function test_AnAllocationWritesTheCappedThawFirst() public {
        depositFree(buyer, 100);
        _thawHundredOfWhich20AreLeft();
        vm.prank(buyer.addr);
        escrow.allocate(seller.addr, asset, 100);
        _assertWithdraws20();
    }

    function test_AnAllocationByAuthorizationWritesTheCappedThawFirst() public {
        depositFree(buyer, 100);
        _thawHundredOfWhich20AreLeft();
        IVoucherEscrow.AllocateAuthorization memory message = allocateAuthorizationOf(100, 0);
        escrow.allocateWithAuthorization(message, sign(buyer, message));
        _assertWithdraws20();
    }

    function test_AThawWritesTheCappedThawFirst() public {
        _thawHundredOfWhich20AreLeft();
        deposit(buyer, seller, 100);
        thaw(5);
        assertAccount(120, 25, NOW + 1 days);
    }

    function test_AReleaseDoesNotLetAThawComeBack() public {
        deposit(buyer, seller, 100);
        thaw(100);
        vm.prank(seller.addr);
        escrow.release(buyer.addr, asset, DEFAULT_LANE, 0, 80);
        deposit(buyer, seller, 100);
        _assertWithdraws20();
    }

    function test_ACollectionThatEmptiesTheAccountEndsTheThaw() public {
        _thawHundred();
        collect(voucherOf(100));
        _assertDepositDoesNotThaw();
    }

    function test_ACollectionOnAParallelLaneThatEmptiesTheAccountEndsTheThaw() public {
        _thawHundred();
        collect(laneVoucherOf(LANE, 100));
        _assertDepositDoesNotThaw();
    }

    function test_ACompactRowThatEmptiesTheAccountEndsTheThaw() public {
        _thawHundred();
        collectBatch(groupOf(rowOf(buyer, voucherOf(100), 100)));
        _assertDepositDoesNotThaw();
    }

    function test_AWideRowThatEmptiesTheAccountEndsTheThaw() public {
        _thawHundred();
        collectBatch(groupOf(wideRowOf(buyer, laneVoucherOf(LANE, 100), 100)));
        _assertDepositDoesNotThaw();
    }

    function test_AReleaseThatEmptiesTheAccountEndsTheThaw() public {
        _thawHundred();
        vm.prank(seller.addr);
        escrow.release(buyer.addr, asset, DEFAULT_LANE, 0, 100);
        _assertDepositDoesNotThaw();
    }

    function test_AMarkFromAnEndedThawMeansNothingInTheNextOne() public {
        _thawHundred();
        collect(voucherOf(100));
        deposit(buyer, seller, 100);
        thaw(1);
        assertAccount(100, 1, NOW + 1 days);
    }

    /* ONE FLUSH-ALL ACTS ON AN ACCOUNT ONCE */

    function test_AFlushAllActsOnAnAccountOnce() public {
        deposit(buyer, seller, 100);
        _flushAll();
        assertAccount(100, 100, NOW + 1 days);
        vm.prank(buyer.addr);
        escrow.cancelThaw(seller.addr, asset);
        // Whoever keeps the signature cannot thaw the account again.
        bytes memory signature = sign(buyer, flushAllAuthorizationOf(NONCE));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        escrow.flushAllWithAuthorization(flushAllAuthorizationOf(NONCE), _accounts(), signature);
        assertAccount(100, 0, 0);
    }

    function test_AFlushThatFailedUsesNothingUp() public {
        deposit(buyer, seller, 100);
        thaw(100);
        vm.warp(NOW + 1 days);
        vm.prank(USDC_PAUSER);
        USDC.pause();
        bytes memory signature = sign(buyer, flushAllAuthorizationOf(NONCE));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        escrow.flushAllWithAuthorization(flushAllAuthorizationOf(NONCE), _accounts(), signature);
        vm.prank(USDC_PAUSER);
        USDC.unpause();
        _flushAll();
        assertAccount(0, 0, 0);
    }

    function test_AFlushAllFitsAnAccountThatWasOpenedLater() public {
        // The reason to give it minutes, not days.
        bytes memory signature = sign(buyer, flushAllAuthorizationOf(NONCE));
        deposit(buyer, seller, 100);
        escrow.flushAllWithAuthorization(flushAllAuthorizationOf(NONCE), _accounts(), signature);
        assertAccount(100, 100, NOW + 1 days);
    }

    function test_AFlushAllFitsNoAccountAfterItsExpiry() public {
        bytes memory signature = sign(buyer, flushAllAuthorizationOf(NONCE));
        vm.warp(EXPIRY + 1);
        deposit(buyer, seller, 100);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AuthorizationExpired.selector, EXPIRY, EXPIRY + 1));
        escrow.flushAllWithAuthorization(flushAllAuthorizationOf(NONCE), _accounts(), signature);
    }

    /* A FLUSH NEVER RESTARTS OR ENLARGES AN UNMATURED THAW */

    function test_AFlushNeverRestartsAnUnmaturedThaw() public {
        deposit(buyer, seller, 100);
        thaw(100);
        vm.warp(NOW + 1 days - 1);
        bytes memory signature = sign(buyer, flushAuthorizationOf(NONCE));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        escrow.flushWithAuthorization(flushAuthorizationOf(NONCE), signature);
        assertAccount(100, 100, NOW + 1 days);
    }

    function test_AFlushNeverEnlargesAnUnmaturedThaw() public {
        deposit(buyer, seller, 100);
        thaw(40);
        bytes memory signature = sign(buyer, flushAuthorizationOf(NONCE));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        escrow.flushWithAuthorization(flushAuthorizationOf(NONCE), signature);
        assertAccount(100, 40, NOW + 1 days);
    }

    function test_AFlushAllNeverRestartsAnUnmaturedThaw() public {
        deposit(buyer, seller, 100);
        deposit(buyer, seller2, 100);
        thaw(40);
        vm.warp(NOW + 1 hours);
        _flushAll();
        assertAccount(100, 40, NOW + 1 days);
    }

    function test_DustHoldsUpNoExit() public {
        deposit(buyer, seller, 100);
        bytes memory first = sign(buyer, flushAuthorizationOf(NONCE));
        escrow.flushWithAuthorization(flushAuthorizationOf(NONCE), first);
        // A stranger sends dust right before the exit, and every hour before.
        for (uint256 i = 1; i <= 24; ++i) {
            vm.warp(NOW + i * 1 hours);
            vm.prank(stranger.addr);
            escrow.depositTo(buyer.addr, seller.addr, asset, 1);
        }
        Books memory expected = books();
        bytes memory second = sign(buyer, flushAuthorizationOf(0));
        escrow.flushWithAuthorization(flushAuthorizationOf(0), second);
        expected.account -= 100;
        expected.escrow -= 100;
        expected.buyer += 100;
        assertBooks(expected);
    }

    /* ZERO IS NEVER A SIGNER, AND SOME PARTIES ARE REFUSED */

    function test_ARecoveredZeroIsNeverABuyer() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(1);
        voucher.buyer = address(0);
        assertFalse(escrow.isVoucherSignatureValid(voucher, new bytes(65)));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        escrow.collect(voucher, new bytes(65));
    }

    function test_ARecoveredZeroIsNeverASigner() public {
        deposit(buyer, seller, 100);
        vm.prank(buyer.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        escrow.authorizeSigner(address(0), EXPIRY);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidSignature.selector, DEFAULT_LANE, buyer.addr));
        escrow.collect(voucherOf(1), new bytes(65));
    }

    function test_ARecoveredZeroIsNoOwnerOfAnything() public {
        IVoucherEscrow.WithdrawFreeAuthorization memory message = withdrawFreeAuthorizationOf(1, 0);
        message.buyer = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector));
        escrow.withdrawFreeWithAuthorization(message, new bytes(65));
    }

    function test_NobodyPaysItself() public {
        vm.prank(buyer.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        escrow.deposit(buyer.addr, asset, 1);
    }

    function test_TheEscrowIsNoParty() public {
        vm.startPrank(buyer.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        escrow.deposit(address(escrow), asset, 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        escrow.depositTo(address(escrow), seller.addr, asset, 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
        escrow.deposit(seller.addr, address(escrow), 1);
    }

    function test_AnAssetNeedsCode() public {
        vm.prank(buyer.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, stranger.addr));
        escrow.deposit(seller.addr, stranger.addr, 1);
    }

    /* TOTALS NEVER RESET */

    function test_RefundingRevivesNoOldVoucher() public {
        deposit(buyer, seller, 100);
        bytes memory signature = sign(buyer, voucherOf(100));
        escrow.collect(voucherOf(100), signature);
        deposit(buyer, seller, 100);
        Books memory expected = books();
        escrow.collect(voucherOf(100), signature);
        assertBooks(expected);
    }

    function test_AFullExitRevivesNoOldVoucher() public {
        deposit(buyer, seller, 100);
        bytes memory signature = sign(buyer, laneVoucherOf(LANE, 60));
        escrow.collect(laneVoucherOf(LANE, 60), signature);
        thaw(40);
        vm.warp(NOW + 1 days);
        vm.prank(buyer.addr);
        escrow.withdraw(seller.addr, asset);
        deposit(buyer, seller, 100);
        Books memory expected = books();
        escrow.collect(laneVoucherOf(LANE, 60), signature);
        assertBooks(expected);
    }

    function test_ACreditThatWouldPassTheLargestSumIsRefused() public {
        _useMintableToken();
        deposit(buyer, seller, type(uint96).max - 10);
        collect(voucherOf(type(uint96).max - 10));
        vm.startPrank(buyer.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, 11, 10));
        escrow.deposit(seller.addr, asset, 11);
        escrow.deposit(seller.addr, asset, 10);
        vm.stopPrank();
        collect(voucherOf(type(uint96).max));
        assertEq(collectedOf(DEFAULT_LANE), type(uint96).max);
    }

    function test_ACeilingAboveTheLargestSumIsJustACeiling() public {
        deposit(buyer, seller, 100);
        collect(voucherOf(type(uint256).max));
        assertEq(collectedOf(DEFAULT_LANE), 100);
        deposit(buyer, seller, 50);
        collect(voucherOf(type(uint256).max));
        assertEq(collectedOf(DEFAULT_LANE), 150);
    }

    /* LOW GAS NEVER LOOKS LIKE A BAD SIGNATURE */

    function test_LowGasNeverLooksLikeABadSignatureOfAWallet() public {
        _sweepGasLimits(65);
    }

    function test_LowGasNeverLooksLikeABadSignatureOfAWalletWithALongSignature() public {
        _sweepGasLimits(2_000);
    }

    function test_LowGasNeverLooksLikeABadSignatureOfAWalletWithAVeryLongSignature() public {
        _sweepGasLimits(40_000);
    }

    function test_LowGasOfTheTransactionNeverLooksLikeABadSignature() public {
        IVoucherEscrow.Group[] memory groups = new IVoucherEscrow.Group[](1);
        groups[0] = _walletGroup(65);
        bytes memory data = abi.encodeCall(IVoucherEscrow.collectBatch, (groups));
        uint256 failed = 0;
        for (uint256 gasGiven = 30_000; gasGiven < 300_000; gasGiven += 1_000) {
            uint256 snapshot = vm.snapshotState();
            vm.recordLogs();
            (bool ok, ) = address(escrow).call{gas: gasGiven}(data);
            if (!ok || collectedOf(DEFAULT_LANE) == 0) ++failed;
            else assertEq(collectedOf(DEFAULT_LANE), 60);
            _assertNothingSkipped();
            vm.revertToState(snapshot);
        }
        assertGt(failed, 0, "some gas was too little");
        assertLt(failed, 270, "some gas was enough");
    }

    function test_LowGasNeverLooksLikeABadSignatureOfAKey() public {
        deposit(buyer, seller, 100);
        IVoucherEscrow.Group memory group = groupOf(1, 1);
        group.rows[0] = rowOf(buyer, voucherOf(60), 60);
        group.wide[0] = wideRowOf(buyer, laneVoucherOf(LANE, 10), 10);
        uint256[2] memory outcomes;
        for (group.gasLimit = 1_000; group.gasLimit < 120_000; group.gasLimit += 250) {
            uint256 snapshot = vm.snapshotState();
            vm.recordLogs();
            collectBatch(group);
            ++outcomes[collectedOf(DEFAULT_LANE) == 60 && collectedOf(LANE) == 10 ? 1 : 0];
            _assertNothingSkipped();
            vm.revertToState(snapshot);
        }
        assertGt(outcomes[0], 0);
        assertGt(outcomes[1], 0);
    }

    function test_AWalletIsAskedWithItsWholeShareOfGasOrTheGroupFails() public {
        // A wallet that needs every unit it gets when there is gas in plenty, found by trial.
        IVoucherEscrow.Group memory group = _walletGroup(65);
        uint256 needed = 100_000;
        while (true) {
            _etchMeasuringWallet(needed);
            uint256 snapshot = vm.snapshotState();
            collectBatch(group);
            if (collectedOf(DEFAULT_LANE) == 60) break;
            vm.revertToState(snapshot);
            --needed;
        }
        assertGt(needed, 95_000, "nearly the whole share reaches the wallet");
        deposit(buyer, seller, 100);
        group.wide[0].voucher.valueAggregate = 120;
        group.wide[0].total = 120;

        uint256[2] memory outcomes;
        for (group.gasLimit = 100_000; group.gasLimit < 180_000; group.gasLimit += 250) {
            uint256 snapshot = vm.snapshotState();
            vm.recordLogs();
            collectBatch(group);
            ++outcomes[collectedOf(DEFAULT_LANE) == 120 ? 1 : 0];
            _assertNothingSkipped();
            vm.revertToState(snapshot);
        }
        assertGt(outcomes[0], 0, "some gas was too little");
        assertGt(outcomes[1], 0, "some gas was enough");
    }

    function test_LowGasRevertsASingleCollection() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(60);
        deposit(buyer, seller, 100);
        _etchMeasuringWallet(100_000);
        bytes memory data = abi.encodeCall(IVoucherEscrow.collect, (voucher, ""));
        (bool ok, bytes memory answer) = address(escrow).call{gas: 90_000}(data);
        assertFalse(ok);
        assertEq(answer, abi.encodeWithSelector(IVoucherEscrow.InvalidSignature.selector, DEFAULT_LANE, buyer.addr));
        escrow.collect(voucher, "");
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_CompactRowsNeverAskAWallet() public {
        deposit(buyer, seller, 100);
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, NOW + 10);
        IVoucherEscrow.Group memory group = groupOf(rowOf(signer, voucherOf(60), 60));
        vm.warp(NOW + 11);
        uint256 without = _gasOf(group);
        // The session ended, and the buyer puts expensive code at its address.
        _etchMeasuringWallet(0);
        vm.expectCall(buyer.addr, abi.encodeWithSelector(IERC1271.isValidSignature.selector), 0);
        assertLe(_gasOf(group), without);
        expectEvent();
        emit IVoucherEscrow.VoucherSkipped(
            DEFAULT_LANE,
            buyer.addr,
            seller.addr,
            asset,
            IVoucherEscrow.Skip.BadSignature
        );
        collectBatch(group);
    }

    /* NO FOREIGN REVERT DATA COMES OUT OF A GROUP */

    function test_NoForeignRevertDataComesOutOfAGroup() public {
        SelectorForgingToken token = new SelectorForgingToken();
        _use(token);
        deposit(buyer, seller, 100);
        token.forge("a long reason that somebody might read as an error of the escrow");
        expectEvent();
        emit IVoucherEscrow.GroupFailed(seller.addr, asset, IVoucherEscrow.TransferFailed.selector);
        collectBatch(groupOf(rowOf(buyer, voucherOf(60), 60)));
    }

    function test_AForgedErrorOfOursIsJustAFailedPayment() public {
        bytes4[5] memory forgeries = [
            IVoucherEscrow.NothingToFlush.selector,
            IVoucherEscrow.InsufficientGas.selector,
            IVoucherEscrow.NotSelf.selector,
            IVoucherEscrow.InvalidSignature.selector,
            IVoucherEscrow.NonceAlreadyUsed.selector
        ];
        SelectorForgingToken token = new SelectorForgingToken();
        _use(token);
        deposit(buyer, seller, 100);
        IVoucherEscrow.Group memory group = groupOf(rowOf(buyer, voucherOf(60), 60));
        for (uint256 i = 0; i < forgeries.length; ++i) {
            token.forge(abi.encodeWithSelector(forgeries[i], 1, 2));
            expectEvent();
            emit IVoucherEscrow.GroupFailed(seller.addr, asset, IVoucherEscrow.TransferFailed.selector);
            collectBatch(group);
            assertEq(collectedOf(DEFAULT_LANE), 0);
        }
        token.forge("");
        collectBatch(group);
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_NoForeignRevertDataIsCopied() public {
        ReturnBombToken token = new ReturnBombToken();
        _use(token);
        deposit(buyer, seller, 100);
        IVoucherEscrow.Group memory group = groupOf(rowOf(buyer, voucherOf(60), 60));
        token.arm(4, true);
        uint256 little = _gasOf(group);
        token.arm(400_000, true);
        // The token pays for its memory, 425,000 gas of it, and the escrow for none.
        assertLt(_gasOf(group), little + 460_000);
    }

    /* SELF-CALLED ENTRIES */

    function test_OnlyTheEscrowCallsItsOwnEntries() public {
        deposit(buyer, seller, 100);
        IVoucherEscrow.Group memory group = groupOf(rowOf(buyer, voucherOf(60), 60));
        IVoucherEscrow.AccountKey memory account = IVoucherEscrow.AccountKey(seller.addr, asset);
        address[4] memory callers = [buyer.addr, seller.addr, stranger.addr, asset];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.startPrank(callers[i]);
            expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotSelf.selector, callers[i]));
            escrow.collectGroup(group);
            expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotSelf.selector, callers[i]));
            escrow.flushAccount(buyer.addr, NONCE, account);
            vm.stopPrank();
        }
    }

    /* SUCCESS IS THE EVENT, NEVER THE RECEIPT'S STATUS */

    function test_ACallWithoutEffectSucceedsWithoutTheEventOfSuccess() public {
        deposit(buyer, seller, 100);
        collect(voucherOf(60));
        vm.recordLogs();
        collect(voucherOf(60));
        collectBatch(groupOf(rowOf(buyer, voucherOf(60), 60)));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[0].topics[0], IVoucherEscrow.VoucherAlreadyCollected.selector);
        assertEq(logs[1].topics[0], IVoucherEscrow.VoucherSkipped.selector);
    }

    function test_ASkipInSomebodyElsesTransactionProvesNothing() public {
        deposit(buyer, seller, 100);
        IVoucherEscrow.Row memory good = rowOf(buyer, voucherOf(60), 60);
        IVoucherEscrow.Row memory spoilt = rowOf(buyer, voucherOf(60), 60);
        spoilt.r ^= bytes32(uint256(1));
        expectEvent();
        emit IVoucherEscrow.VoucherSkipped(
            DEFAULT_LANE,
            buyer.addr,
            seller.addr,
            asset,
            IVoucherEscrow.Skip.BadSignature
        );
        collectBatch(groupOf(spoilt));
        collectBatch(groupOf(good));
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_AFailedGroupInSomebodyElsesTransactionProvesNothing() public {
        deposit(buyer, seller, 100);
        IVoucherEscrow.Group memory group = groupOf(rowOf(buyer, voucherOf(60), 60));
        group.gasLimit = 1;
        expectEvent();
        emit IVoucherEscrow.GroupFailed(seller.addr, asset, bytes4(0));
        collectBatch(group);
        group.gasLimit = 0;
        collectBatch(group);
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    /* TOKENS THAT WANT 65 BYTES */

    function test_ACompactSignatureIsExpandedForTokensThatWant65Bytes() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        (bytes32 r, bytes32 vs) = signCompact(buyer, eip3009DigestOf(message));
        escrow.depositWithEip3009(message, abi.encodePacked(r, vs));
        assertAccount(100, 0, 0);
    }

    /* A BLACKLISTED SELLER */

    function test_ABlacklistedSellerKeepsEarningsAndSpendsThemInside() public {
        deposit(buyer, seller, 100);
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(seller.addr);
        vm.prank(seller.addr);
        escrow.setPayout(true);
        collect(voucherOf(100));
        assertEq(freeBalanceOf(seller, asset), 100);
        vm.startPrank(seller.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, seller.addr, 100));
        escrow.withdrawFree(asset, 100);
        escrow.allocate(seller2.addr, asset, 100);
        vm.stopPrank();
        IVoucherEscrow.Voucher memory voucher = voucherOf(100);
        (voucher.buyer, voucher.seller) = (seller.addr, seller2.addr);
        Books memory expected = books();
        escrow.collect(voucher, sign(seller, voucher));
        expected.escrow -= 100;
        expected.seller2 += 100;
        assertBooks(expected);
    }

    /* INTERNAL */

    function _thawHundred() private {
        deposit(buyer, seller, 100);
        thaw(100);
    }

    function _thawHundredOfWhich20AreLeft() private {
        _thawHundred();
        collect(voucherOf(80));
        assertAccount(20, 20, NOW + 1 days);
    }

    /// @dev 100 were added: the thaw is what it was, and a withdrawal moves no more.
    function _assertWithdraws20() private {
        assertAccount(120, 20, NOW + 1 days);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        vm.prank(buyer.addr);
        escrow.withdraw(seller.addr, asset);
        expected.account -= 20;
        expected.escrow -= 20;
        expected.buyer += 20;
        assertBooks(expected);
        assertAccount(100, 0, 0);
    }

    function _assertDepositDoesNotThaw() private {
        assertAccount(0, 0, 0);
        deposit(buyer, seller, 100);
        assertAccount(100, 0, 0);
    }

    function _accounts() private view returns (IVoucherEscrow.AccountKey[] memory accounts) {
        accounts = new IVoucherEscrow.AccountKey[](2);
        accounts[0] = IVoucherEscrow.AccountKey(seller.addr, asset);
        accounts[1] = IVoucherEscrow.AccountKey(seller2.addr, asset);
    }

    function _flushAll() private {
        IVoucherEscrow.FlushAllAuthorization memory message = flushAllAuthorizationOf(NONCE);
        escrow.flushAllWithAuthorization(message, _accounts(), sign(buyer, message));
    }

    function _etchMeasuringWallet(uint256 needed) private {
        vm.etch(buyer.addr, type(MeasuringWallet).runtimeCode);
        vm.store(buyer.addr, 0, bytes32(needed));
    }

    /// @dev A wide row of a contract wallet with a signature of so many bytes, which the wallet takes for its own.
    function _walletGroup(uint256 signatureLength) private returns (IVoucherEscrow.Group memory) {
        deposit(buyer, seller, 100);
        if (buyer.addr.code.length == 0) _etchMeasuringWallet(95_000);
        return
            groupOf(IVoucherEscrow.WideRow({voucher: voucherOf(60), signature: new bytes(signatureLength), total: 60}));
    }

    /// @dev Every gas limit ends in a collection or in a failed group, never in a skipped row.
    function _sweepGasLimits(uint256 signatureLength) private {
        IVoucherEscrow.Group memory group = _walletGroup(signatureLength);
        uint256[2] memory outcomes;
        for (group.gasLimit = 20_000; group.gasLimit < 320_000; group.gasLimit += 1_500) {
            uint256 snapshot = vm.snapshotState();
            vm.recordLogs();
            collectBatch(group);
            ++outcomes[collectedOf(DEFAULT_LANE) == 60 ? 1 : 0];
            _assertNothingSkipped();
            vm.revertToState(snapshot);
        }
        assertGt(outcomes[0], 0, "some gas was too little");
        assertGt(outcomes[1], 0, "some gas was enough");
    }

    /// @dev Recorded logs include those of frames that reverted, so this is stricter than what the chain keeps.
    function _assertNothingSkipped() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            assertNotEq(logs[i].topics[0], IVoucherEscrow.VoucherSkipped.selector);
        }
    }

    function _gasOf(IVoucherEscrow.Group memory group) private returns (uint256 used) {
        uint256 snapshot = vm.snapshotState();
        uint256 before = gasleft();
        collectBatch(group);
        used = before - gasleft();
        vm.revertToState(snapshot);
    }

    function _useMintableToken() private {
        _use(new MintableToken());
    }

    /// @dev Makes a token the asset of the test.
    function _use(MintableToken token) private {
        asset = address(token);
        token.mint(buyer.addr, 1 << 128);
        approve(asset, buyer.addr, type(uint256).max);
    }
}
