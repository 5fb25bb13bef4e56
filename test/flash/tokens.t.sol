// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {BombingToken} from "../mocks/BombingToken.sol";
import {BonusToken} from "../mocks/BonusToken.sol";
import {ExpensiveToken} from "../mocks/ExpensiveToken.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {GasBurningToken} from "../mocks/GasBurningToken.sol";
import {LongAnswerToken} from "../mocks/LongAnswerToken.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {NoAllowanceToken} from "../mocks/NoAllowanceToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
import {ReentrantToken} from "../mocks/ReentrantToken.sol";
import {ReturnBombToken} from "../mocks/ReturnBombToken.sol";
import {SelectorForgingToken} from "../mocks/SelectorForgingToken.sol";
import {FlashTest} from "./FlashTest.sol";
import {RefusingTokenTest} from "./RefusingTokenTest.sol";
import {TokenLifeTest} from "./TokenLifeTest.sol";

contract StandardTokenTest is TokenLifeTest {
    /* LIFE: every case of TokenLifeTest */

    function makeToken() internal override returns (address) {
        return address(new MintableToken());
    }

    /* A TOKEN WHOSE CODE IS GONE */

    function test_PaysFromTheEscrowGivenTheTokenLostItsCode() public {
        vm.etch(token, "");
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
        assertEscrow(ESCROW - 400, 400, UNLOCK_AT, OPEN);
        assertEq(settlement.creditOf(server.addr, token), 400);
    }

    function test_CreditsARefundGivenTheTokenLostItsCode() public {
        vm.etch(token, "");
        closeByBoth();
        assertEq(settlement.creditOf(client.addr, token), ESCROW);
    }
}

contract NoReturnTokenTest is TokenLifeTest {
    /* LIFE: every case of TokenLifeTest */

    function makeToken() internal override returns (address) {
        return address(new NoReturnToken());
    }
}

contract UsdcPausedTest is RefusingTokenTest {
    /* LIFE: every case of TokenLifeTest, and of RefusingTokenTest */

    function setUp() public override {
        // USDC cannot be minted by anyone.
        FlashTest.setUp();
        drainTo(WALLET);
        vm.prank(server.addr);
        USDC.transfer(stranger.addr, FUNDS);
        open();
    }

    function makeToken() internal pure override returns (address) {
        return address(USDC);
    }

    function refuse(bool refuses) internal virtual override {
        vm.prank(USDC_PAUSER);
        if (refuses) USDC.pause();
        else USDC.unpause();
    }
}

contract UsdcBlacklistingBothTest is UsdcPausedTest {
    function refuse(bool refuses) internal override {
        vm.startPrank(USDC_BLACKLISTER);
        address[3] memory accounts = [client.addr, server.addr, server2.addr];
        for (uint256 i = 0; i < 3; ++i) {
            if (refuses) USDC.blacklist(accounts[i]);
            else USDC.unBlacklist(accounts[i]);
        }
        vm.stopPrank();
    }
}

contract UsdcBlacklistingTheContractTest is UsdcPausedTest {
    function refuse(bool refuses) internal override {
        vm.prank(USDC_BLACKLISTER);
        if (refuses) USDC.blacklist(address(settlement));
        else USDC.unBlacklist(address(settlement));
    }
}

contract FalseReturningTokenTest is RefusingTokenTest {
    /* LIFE: every case of TokenLifeTest, and of RefusingTokenTest */

    function makeToken() internal override returns (address) {
        return address(new FalseReturningToken());
    }

    function refuse(bool refuses) internal override {
        FalseReturningToken(token).setFails(refuses);
    }
}

contract GasBurningTokenTest is RefusingTokenTest {
    /* LIFE: every case of TokenLifeTest, and of RefusingTokenTest */

    function makeToken() internal override returns (address) {
        return address(new ExpensiveToken());
    }

    function refuse(bool refuses) internal override {
        uint256 price = refuses ? type(uint256).max : 0;
        ExpensiveToken(token).setPrice(IERC20.transfer.selector, price);
        ExpensiveToken(token).setPrice(IERC20.transferFrom.selector, price);
    }
}

contract ForgingTokenTest is RefusingTokenTest {
    /* LIFE: every case of TokenLifeTest, and of RefusingTokenTest */

    function makeToken() internal override returns (address) {
        return address(new SelectorForgingToken());
    }

    function refuse(bool refuses) internal override {
        // What the contract itself says when somebody brings too little gas.
        SelectorForgingToken(token).forge(
            refuses ? abi.encodeWithSignature("InsufficientGas(uint256,uint256)", 1, 2) : bytes("")
        );
    }
}

contract ReturnBombTokenTest is RefusingTokenTest {
    /* LIFE: every case of TokenLifeTest, and of RefusingTokenTest */

    function makeToken() internal override returns (address) {
        return address(new BombingToken());
    }

    function refuse(bool refuses) internal override {
        // As long as 200,000 gas let a revert be.
        BombingToken(token).setSize(refuses ? 60_000 : 0);
    }
}

contract ReenteringTokenTest is TokenLifeTest {
    /* LIFE: every case of TokenLifeTest */

    /// @dev It calls back into a settlement whenever it moves, and is refused each time; see reentrancy.t.sol.
    function makeToken() internal override returns (address made) {
        ReentrantToken reentrant = new ReentrantToken();
        reentrant.arm(
            address(settlement),
            abi.encodeCall(IFlashSettlement.settlePayment, (server.addr, address(reentrant), 1))
        );
        return address(reentrant);
    }
}

contract NoAllowanceTokenTest is FlashTest {
    /* A TOKEN THAT DOES NOT TELL ITS ALLOWANCES */

    function test_PaysFromTheEscrowAlone() public {
        // Nobody can know what a pull would do, so none is tried.
        NoAllowanceToken silent = new NoAllowanceToken();
        token = address(silent);
        silent.mint(client.addr, 10_000);
        open();
        vm.expectCall(token, abi.encodeWithSelector(IERC20.transferFrom.selector), 0);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
        assertEq(settlement.creditOf(server.addr, token), 400);
    }
}

contract RefusedTokensTest is FlashTest {
    /* TOKENS THAT CANNOT BE HELD IN AN ESCROW */

    function test_AFeeOnTransferIsRefusedByTheOriginalEntry() public {
        useToken(new FeeOnTransferToken(), FUNDS);
        _expectMismatch(990);
        vm.prank(client.addr);
        settlement.openEscrow(server.addr, token, 1000, TTL);
    }

    function test_AFeeOnTransferIsRefusedWithTerms() public {
        useToken(new FeeOnTransferToken(), FUNDS);
        _expectMismatch(990);
        open(1000);
    }

    function test_AFeeOnTransferIsRefusedByPermit2() public {
        useToken(new FeeOnTransferToken(), FUNDS);
        IFlashSettlement.OpenEscrow memory terms = termsOf(1000);
        bytes memory signature = sign(client, permit2DigestOf(terms));
        _expectMismatch(990);
        settlement.openEscrowWithTerms(terms, "", permit2(signature));
    }

    function test_AFeeOnTransferIsRefusedByATopUp() public {
        useToken(new MintableToken(), FUNDS);
        open();
        vm.etch(token, type(FeeOnTransferToken).runtimeCode);
        _expectMismatch(990);
        vm.prank(client.addr);
        settlement.topUp(server.addr, token, 1000, 0);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    function test_ABonusOnTransferIsRefused() public {
        useToken(new BonusToken(), FUNDS);
        _expectMismatch(1001);
        open(1000);
    }

    function test_OneEscrowNeverPaysForTheFeeOfAnother() public {
        // A token that begins to take a fee: the wallet leg pays the server less, and no other escrow notices.
        useToken(new MintableToken(), FUNDS);
        open();
        openOthers();
        vm.etch(token, type(FeeOnTransferToken).runtimeCode);
        settle(paymentOf(100, 1));
        assertEq(IERC20(token).balanceOf(server.addr), 99);
        assertEq(IERC20(token).balanceOf(address(settlement)), 3 * ESCROW);
        assertEscrow(ESCROW, 100, UNLOCK_AT, OPEN);
    }

    function _expectMismatch(uint256 received) private {
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, received));
    }
}

/// @notice The submitter's gas never chooses who pays (F9), also for a token that needs all of its stipends.
contract GasFloorTest is FlashTest {
    uint256 private constant LOWEST = 30_000;
    uint256 private constant HIGHEST = 1_000_000;
    uint256 private constant STEP = 2_500;

    ExpensiveToken private expensive;

    function setUp() public override {
        super.setUp();
        expensive = new ExpensiveToken();
        useToken(expensive, 10_000);
        open();
    }

    /* READS AND PULL WITHIN THEIR STIPENDS */

    function test_TheWalletPaysATokenThatNeedsAllOfItsStipends() public {
        _setPrices(55_000, 160_000);
        _assertSplitForEveryGasLimit(400, 0);
    }

    function test_TheSplitOfATokenThatNeedsAllOfItsStipends() public {
        drainTo(100);
        _setPrices(55_000, 160_000);
        _assertSplitForEveryGasLimit(100, 300);
    }

    function test_TheBatchOfATokenThatNeedsAllOfItsStipends() public {
        _setPrices(55_000, 160_000);
        _assertBatchForEveryGasLimit(400, 0);
    }

    /* BEYOND THEM */

    function test_TheEscrowPaysForATokenWhoseReadsAreTooDear() public {
        _setPrices(61_000, 0);
        _assertSplitForEveryGasLimit(0, 400);
    }

    function test_TheEscrowPaysForATokenWhoseReadsTakeAllGas() public {
        _setPrices(type(uint256).max, 0);
        _assertSplitForEveryGasLimit(0, 400);
    }

    function test_TheEscrowPaysForATokenWhosePullIsTooDear() public {
        _setPrices(0, 201_000);
        _assertSplitForEveryGasLimit(0, 400);
    }

    function test_TheEscrowPaysForATokenWhosePullTakesAllGas() public {
        _setPrices(0, type(uint256).max);
        _assertSplitForEveryGasLimit(0, 400);
    }

    function test_TheBatchOfATokenWhosePullTakesAllGas() public {
        _setPrices(0, type(uint256).max);
        _assertBatchForEveryGasLimit(0, 400);
    }

    /* PUSHES */

    function test_ARelayerCannotTurnARefundIntoACredit() public {
        expensive.setPrice(IERC20.transfer.selector, 160_000);
        closeByServer();
        bytes memory callData = abi.encodeCall(IFlashSettlement.closeEscrow, (client.addr, server.addr, token, 0));
        Books memory before = books();
        uint256 succeeded = 0;
        for (uint256 limit = LOWEST; limit < HIGHEST; limit += STEP) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(client.addr);
            (bool ok, ) = address(settlement).call{gas: limit}(callData);
            assertEq(expensive.balanceOf(client.addr), ok ? before.client + ESCROW : before.client, "wallet");
            assertEq(settlement.creditOf(client.addr, token), 0, "credit");
            if (ok) ++succeeded;
            vm.revertToState(snapshot);
        }
        assertGt(succeeded, 0);
    }

    function test_ARelayerCannotTurnAReleaseIntoACredit() public {
        expensive.setPrice(IERC20.transfer.selector, 160_000);
        IFlashSettlement.ReleaseEscrow memory message = releaseOf(100);
        bytes memory callData = abi.encodeCall(
            IFlashSettlement.releaseEscrowWithAuthorization,
            (message, sign(server, message))
        );
        Books memory before = books();
        uint256 succeeded = 0;
        for (uint256 limit = LOWEST; limit < HIGHEST; limit += STEP) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(relayer);
            (bool ok, ) = address(settlement).call{gas: limit}(callData);
            assertEq(expensive.balanceOf(client.addr), ok ? before.client + 100 : before.client, "wallet");
            assertEq(settlement.creditOf(client.addr, token), 0, "credit");
            if (ok) ++succeeded;
            vm.revertToState(snapshot);
        }
        assertGt(succeeded, 0);
    }

    /* INTERNAL */

    function _setPrices(uint256 read, uint256 pull) private {
        expensive.setPrice(IERC20.balanceOf.selector, read);
        expensive.setPrice(IERC20.allowance.selector, read);
        expensive.setPrice(IERC20.transferFrom.selector, pull);
    }

    function _assertSplitForEveryGasLimit(uint256 fromWallet, uint256 fromEscrow) private {
        IFlashSettlement.Payment memory payment = paymentOf(uint128(fromWallet + fromEscrow), 1);
        bytes memory callData = abi.encodeCall(
            IFlashSettlement.settleSignedPayment,
            (payment, sign(client, payment), false)
        );
        _tryEveryGasLimit(callData, fromWallet, fromEscrow);
    }

    function _assertBatchForEveryGasLimit(uint256 fromWallet, uint256 fromEscrow) private {
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](1);
        groups[0] = groupOf(paymentOf(uint128(fromWallet + fromEscrow), 1));
        _tryEveryGasLimit(abi.encodeCall(IFlashSettlement.settleBatch, (groups, true)), fromWallet, fromEscrow);
    }

    function _tryEveryGasLimit(bytes memory callData, uint256 fromWallet, uint256 fromEscrow) private {
        uint256 succeeded = 0;
        uint256 reverted = 0;
        for (uint256 limit = LOWEST; limit < HIGHEST; limit += STEP) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(server.addr);
            (bool ok, ) = address(settlement).call{gas: limit}(callData);
            if (ok) ++succeeded;
            else ++reverted;
            assertEq(settlement.creditOf(server.addr, token), ok ? fromEscrow : 0, "from the escrow");
            assertEscrow(ok ? ESCROW - fromEscrow : ESCROW, ok ? fromWallet + fromEscrow : 0, UNLOCK_AT, OPEN);
            vm.revertToState(snapshot);
        }
        assertGt(succeeded, 0, "some limit is enough");
        assertGt(reverted, 0, "some limit is too little");
    }
}

/// @notice Answers of very many bytes cost the submitter nothing beyond the stipends.
contract LongAnswersTest is FlashTest {
    uint256 private constant MANY = 20_000;

    LongAnswerToken private long;

    function setUp() public override {
        super.setUp();
        long = new LongAnswerToken();
        useToken(long, 10_000);
        open();
    }

    function test_ALongBalanceCountsByItsFirstWord() public {
        long.setAnswer(IERC20.balanceOf.selector, 100, MANY, false);
        expectSettled(100, 300);
        settle(paymentOf(400, 1));
    }

    function test_ABalanceThatRevertsWithManyBytesIsNone() public {
        long.setAnswer(IERC20.balanceOf.selector, 100, MANY, true);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
    }

    function test_ALongAllowanceCountsByItsFirstWord() public {
        long.setAnswer(IERC20.allowance.selector, 100, MANY, false);
        expectSettled(100, 300);
        settle(paymentOf(400, 1));
    }

    function test_AnAllowanceThatRevertsWithManyBytesIsNone() public {
        long.setAnswer(IERC20.allowance.selector, 100, MANY, true);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
    }

    function test_ALongTrueIsTrue() public {
        long.setAnswer(IERC20.transferFrom.selector, 1, MANY, false);
        expectSettled(400, 0);
        settle(paymentOf(400, 1));
    }

    function test_AShortBalanceIsNone() public {
        long.setAnswer(IERC20.balanceOf.selector, type(uint256).max, 31, false);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
    }

    function test_ABalanceBeyondEveryTotalIsTakenAsTheLargest() public {
        // The wallet claims more than it has; the pull then fails.
        drainTo(10);
        long.setAnswer(IERC20.balanceOf.selector, type(uint256).max, 32, false);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
    }

    function test_ARevertOfManyBytesIsAFailure() public {
        long.setAnswer(IERC20.transferFrom.selector, 1, MANY, true);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
    }

    function test_AnAnswerOfTwoIsAFailure() public {
        long.setAnswer(IERC20.transferFrom.selector, 2, 32, false);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
    }

    function test_ATrueOf31BytesIsAFailure() public {
        // The last byte of the word is missing.
        long.setAnswer(IERC20.transferFrom.selector, 1, 31, false);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
    }

    function test_ABombCostsNoMoreThanTheStipends() public {
        long.setAnswer(IERC20.transferFrom.selector, 1, 55_000, true);
        IFlashSettlement.Payment memory payment = paymentOf(400, 1);
        bytes memory callData = abi.encodeCall(
            IFlashSettlement.settleSignedPayment,
            (payment, sign(client, payment), false)
        );
        vm.prank(server.addr);
        uint256 before = gasleft();
        (bool ok, ) = address(settlement).call(callData);
        uint256 used = before - gasleft();
        assertTrue(ok);
        assertLt(used, 2 * 60_000 + 200_000 + 120_000);
    }
}

/// @notice The push of a token whose `transfer` alone is hostile.
contract HostilePushTest is FlashTest {
    function test_ATransferThatBurnsAllGasBecomesACredit() public {
        GasBurningToken burner = new GasBurningToken();
        useToken(burner, 10_000);
        open();
        burner.setBurns(true);
        closeByBoth();
        assertEq(settlement.creditOf(client.addr, token), ESCROW);
    }

    function test_ATransferThatAnswersTrueWithManyBytesIsPaid() public {
        ReturnBombToken bomb = new ReturnBombToken();
        useToken(bomb, 10_000);
        open();
        bomb.arm(20_000, false);
        closeByBoth();
        assertEq(settlement.creditOf(client.addr, token), 0);
        assertEq(bomb.balanceOf(client.addr), 10_000);
    }

    function test_ATransferThatRevertsWithManyBytesBecomesACredit() public {
        ReturnBombToken bomb = new ReturnBombToken();
        useToken(bomb, 10_000);
        open();
        bomb.arm(20_000, true);
        closeByBoth();
        assertEq(settlement.creditOf(client.addr, token), ESCROW);
    }
}
