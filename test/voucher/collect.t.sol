// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {GasBurningWallet} from "../mocks/GasBurningWallet.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
import {SelectorForgingToken} from "../mocks/SelectorForgingToken.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {SingleMessageTest} from "./SingleMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";

contract CollectTest is SignedMessageTest, SingleMessageTest {
    using VoucherMessages for *;

    uint256 private constant BALANCE = 100;
    uint256 private constant VALUE = 60;

    IVoucherEscrow.Voucher private voucher;

    function setUp() public override {
        super.setUp();
        voucher = voucherOf(VALUE);
        deposit(buyer, seller, BALANCE);
        start = books();
    }

    /* MESSAGE */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return voucher.hash();
    }

    function messageType() internal pure override returns (string memory) {
        return VoucherMessages.VOUCHER;
    }

    function encoded() internal view override returns (bytes memory) {
        return abi.encode(voucher);
    }

    function decode(bytes memory message) internal override {
        voucher = abi.decode(message, (IVoucherEscrow.Voucher));
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.collect, (voucher, signature));
    }

    function replayError() internal pure override returns (bytes memory) {}

    function refusal() internal view override returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.InvalidSignature.selector, voucher.id, voucher.buyer);
    }

    function expiryError(uint64 expiry) internal view override returns (bytes memory) {
        uint256 time = vm.getBlockTimestamp();
        return abi.encodeWithSelector(IVoucherEscrow.VoucherExpired.selector, voucher.id, time, expiry);
    }

    function ownerError(address buyer_) internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer_);
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.account -= VALUE;
        expected.escrow -= VALUE;
        expected.seller += VALUE;
        assertBooks(expected);
        assertEq(escrow.getVoucherCollected(buyer.addr, seller.addr, asset, voucher.id), VALUE);
    }

    /* PARTIES */

    function test_RevertWhen_TheSellerIsZero() public {
        voucher.seller = address(0);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
    }

    function test_RevertWhen_TheSellerIsTheEscrow() public {
        voucher.seller = address(escrow);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
    }

    function test_RevertWhen_TheSellerIsTheBuyer() public {
        voucher.seller = buyer.addr;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
    }

    function test_RevertWhen_TheAssetIsZero() public {
        voucher.asset = address(0);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(0)));
    }

    function test_RevertWhen_TheAssetIsTheEscrow() public {
        voucher.asset = address(escrow);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
    }

    function test_RevertWhen_TheEscrowIsAnother() public {
        voucher.escrow = stranger.addr;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidEscrow.selector, stranger.addr, address(escrow)));
    }

    function test_RevertWhen_TheChainIsAnother() public {
        voucher.chainId = BASE_CHAIN_ID + 1;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidChainId.selector, BASE_CHAIN_ID + 1, BASE_CHAIN_ID));
    }

    function test_RevertGiven_TheChainWasForkedUnderAnotherId() public {
        bytes memory signature = sign(buyer, voucher);
        vm.chainId(1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidChainId.selector, BASE_CHAIN_ID, 1));
        submit(signature);
    }

    function test_CollectsOnAForkWhatWasSignedForTheFork() public {
        vm.chainId(1);
        signedChainId = 1;
        voucher.chainId = 1;
        submit();
        assertDone();
    }

    /* VALUE */

    function test_RevertWhen_TheValueIsZero() public {
        voucher.valueAggregate = 0;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
    }

    function test_CollectsOneUnit() public {
        voucher.valueAggregate = 1;
        submit();
        _assertCollected(1);
    }

    function test_CollectsOneBelowTheBalance() public {
        voucher.valueAggregate = BALANCE - 1;
        submit();
        _assertCollected(BALANCE - 1);
    }

    function test_CollectsTheBalance() public {
        voucher.valueAggregate = BALANCE;
        submit();
        _assertCollected(BALANCE);
    }

    function test_CollectsWhatThereIsWhenTheValueIsOneAboveTheBalance() public {
        voucher.valueAggregate = BALANCE + 1;
        submit();
        _assertCollected(BALANCE);
    }

    function test_CollectsWhatThereIsWhenTheValueIsTheLargestWord() public {
        voucher.valueAggregate = type(uint256).max;
        submit();
        _assertCollected(BALANCE);
    }

    function test_CollectsTheRestAfterATopUp() public {
        voucher.valueAggregate = 250;
        submit();
        deposit(buyer, seller, 1000);
        start = books();
        submit();
        _assertCollected(150);
        assertEq(collectedOf(DEFAULT_LANE), 250);
    }

    function test_CollectsAWholeAccountOf96Bits() public {
        MintableToken token = new MintableToken();
        asset = address(token);
        token.mint(buyer.addr, 1 << 128);
        approve(asset, buyer.addr, type(uint256).max);
        deposit(buyer, seller, type(uint96).max);
        voucher.asset = asset;
        voucher.valueAggregate = type(uint96).max;
        submit();
        assertAccount(0, 0, 0);
        assertEq(collectedOf(DEFAULT_LANE), type(uint96).max);
        assertEq(token.balanceOf(seller.addr), type(uint96).max);
    }

    /* A TOTAL THAT GROWS */

    function test_CollectsTheDifferenceToALaterVoucher() public {
        submit();
        start = books();
        voucher.valueAggregate = VALUE + 1;
        submit();
        _assertCollected(1);
        assertEq(collectedOf(DEFAULT_LANE), VALUE + 1);
    }

    function test_MovesNothingWhenTheVoucherWasCollected() public {
        submit();
        start = books();
        submit();
        assertBooks(start);
    }

    function test_EmitsVoucherAlreadyCollectedWhenTheVoucherWasCollected() public {
        submit();
        expectEvent();
        emit IVoucherEscrow.VoucherAlreadyCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, VALUE);
        submit();
    }

    function test_EmitsVoucherAlreadyCollectedWhenALaterVoucherWasCollected() public {
        submit();
        voucher.valueAggregate = VALUE - 1;
        expectEvent();
        emit IVoucherEscrow.VoucherAlreadyCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, VALUE);
        submit();
        assertEq(collectedOf(DEFAULT_LANE), VALUE);
    }

    function test_RevertWhen_TheVoucherWasCollectedAndTheSignatureIsBad() public {
        submit();
        assertReverts(callOf(""), refusal());
    }

    /* GIVEN NO BALANCE */

    function test_EmitsVoucherNoCollectableBalanceGivenAnEmptyAccount() public {
        voucher.valueAggregate = 150;
        submit();
        expectEvent();
        emit IVoucherEscrow.VoucherNoCollectableBalance(DEFAULT_LANE, buyer.addr, seller.addr, asset, 50, BALANCE);
        submit();
    }

    function test_MovesNothingGivenAnEmptyAccount() public {
        voucher.valueAggregate = 150;
        submit();
        start = books();
        submit();
        assertBooks(start);
        assertEq(collectedOf(DEFAULT_LANE), BALANCE);
    }

    function test_EmitsVoucherNoCollectableBalanceGivenNoAccount() public {
        voucher.asset = stranger.addr;
        expectEvent();
        emit IVoucherEscrow.VoucherNoCollectableBalance(DEFAULT_LANE, buyer.addr, seller.addr, stranger.addr, VALUE, 0);
        submit();
    }

    function test_LeavesTheFreeBalanceAloneGivenAnEmptyAccount() public {
        depositFree(buyer, 1000);
        voucher.valueAggregate = 150;
        start = books();
        submit();
        _assertCollected(BALANCE);
        assertEq(freeBalanceOf(buyer, asset), 1000);
    }

    /* LANES */

    function test_CollectsOnAParallelLane() public {
        voucher.id = LANE;
        submit();
        assertDone();
        assertEq(collectedOf(DEFAULT_LANE), 0);
    }

    function test_CollectsOnTwoLanesFromOneBalance() public {
        submit();
        voucher.id = LANE;
        voucher.valueAggregate = 30;
        submit();
        assertEq(collectedOf(DEFAULT_LANE), VALUE);
        assertEq(collectedOf(LANE), 30);
        assertAccount(10, 0, 0);
    }

    function test_CollectsWhatThereIsOnAParallelLane() public {
        voucher.id = LANE;
        voucher.valueAggregate = type(uint256).max;
        submit();
        _assertCollected(BALANCE);
        assertEq(collectedOf(LANE), BALANCE);
    }

    function test_CollectsTheDifferenceOnAParallelLane() public {
        voucher.id = LANE;
        submit();
        start = books();
        voucher.valueAggregate = VALUE + 1;
        submit();
        _assertCollected(1);
    }

    function test_EmitsVoucherAlreadyCollectedOnAParallelLane() public {
        voucher.id = LANE;
        submit();
        expectEvent();
        emit IVoucherEscrow.VoucherAlreadyCollected(LANE, buyer.addr, seller.addr, asset, VALUE);
        submit();
    }

    function test_EmitsVoucherNoCollectableBalanceOnAParallelLane() public {
        voucher.id = LANE;
        voucher.valueAggregate = 150;
        submit();
        expectEvent();
        emit IVoucherEscrow.VoucherNoCollectableBalance(LANE, buyer.addr, seller.addr, asset, 50, BALANCE);
        submit();
    }

    /* THAW */

    function test_CollectsWhatThaws() public {
        thaw(BALANCE);
        start = books();
        submit();
        assertDone();
        assertAccount(BALANCE - VALUE, BALANCE - VALUE, NOW + 1 days);
    }

    function test_CollectsWhatHasMatured() public {
        thaw(BALANCE);
        vm.warp(NOW + 10 days);
        start = books();
        submit();
        assertDone();
    }

    function test_LeavesAThawAloneThatTheRestStillCovers() public {
        thaw(BALANCE - VALUE);
        submit();
        assertAccount(BALANCE - VALUE, BALANCE - VALUE, NOW + 1 days);
    }

    function test_CutsAThawThatTheRestCoversNoMore() public {
        thaw(BALANCE - VALUE + 1);
        submit();
        assertAccount(BALANCE - VALUE, BALANCE - VALUE, NOW + 1 days);
    }

    function test_EndsTheThawWhenItEmptiesTheAccount() public {
        thaw(1);
        voucher.valueAggregate = BALANCE;
        submit();
        assertAccount(0, 0, 0);
    }

    function test_EndsTheThawWhenAParallelLaneEmptiesTheAccount() public {
        thaw(1);
        voucher.id = LANE;
        voucher.valueAggregate = BALANCE;
        submit();
        assertAccount(0, 0, 0);
    }

    /* SIGNERS */

    function test_CollectsWhatASignerSigned() public {
        _authorizeSigner(EXPIRY);
        submit(sign(signer, voucher));
        assertDone();
    }

    function test_CollectsWhatASignerSignedAtItsLastSecond() public {
        _authorizeSigner(NOW + 100);
        bytes memory signature = sign(signer, voucher);
        vm.warp(NOW + 100);
        submit(signature);
        assertDone();
    }

    function test_RevertWhen_ASignersLastSecondHasPassed() public {
        _authorizeSigner(NOW + 100);
        bytes memory signature = sign(signer, voucher);
        vm.warp(NOW + 101);
        assertReverts(callOf(signature), refusal());
    }

    function test_RevertWhen_ASignerOfAnotherBuyerSigned() public {
        vm.prank(buyer2.addr);
        escrow.authorizeSigner(signer.addr, EXPIRY);
        bytes memory signature = sign(signer, voucher);
        assertReverts(callOf(signature), refusal());
    }

    function test_CollectsWhatTheBuyerSignedGivenASigner() public {
        _authorizeSigner(EXPIRY);
        submit(sign(buyer, voucher));
        assertDone();
    }

    function test_CollectsWhatASignerSignedGivenCodeAtTheBuyer() public {
        _authorizeSigner(EXPIRY);
        bytes memory signature = sign(signer, voucher);
        vm.etch(buyer.addr, hex"fe");
        submit(signature);
        assertDone();
    }

    function test_DoesNotAskAContractThatIsASigner() public {
        // Signers are keys: a contract at a signer's address is not asked.
        _authorizeSigner(EXPIRY);
        vm.etch(signer.addr, type(AcceptingWallet).runtimeCode);
        assertReverts(callOf(""), refusal());
    }

    function test_AsksAContractWalletWithAllGas() public {
        GasBurningWallet wallet = new GasBurningWallet(3_000_000);
        vm.etch(buyer.addr, address(wallet).code);
        vm.store(buyer.addr, 0, bytes32(uint256(3_000_000)));
        submit("");
        assertDone();
    }

    /* PAYMENT */

    function test_PaysTheSellerWhoeverCalls() public {
        bytes memory signature = sign(buyer, voucher);
        vm.prank(stranger.addr);
        escrow.collect(voucher, signature);
        assertDone();
    }

    function test_KeepsEarningsAsFreeBalanceGivenTheSellerWantsIt() public {
        vm.prank(seller.addr);
        escrow.setPayout(true);
        Books memory expected = books();
        submit();
        expected.account -= VALUE;
        expected.freeOfSeller += VALUE;
        assertBooks(expected);
    }

    function test_EmitsFreeCreditedGivenTheSellerKeepsItsEarnings() public {
        vm.prank(seller.addr);
        escrow.setPayout(true);
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, VALUE, VALUE);
        expectEvent();
        emit IVoucherEscrow.FreeCredited(seller.addr, asset, VALUE, VALUE);
        submit();
    }

    function test_RevertGiven_TheSellersFreeBalanceIsFull() public {
        MintableToken token = new MintableToken();
        asset = address(token);
        token.mint(buyer.addr, 1 << 128);
        token.mint(seller.addr, 1 << 128);
        approve(asset, buyer.addr, type(uint256).max);
        approve(asset, seller.addr, type(uint256).max);
        deposit(buyer, seller, BALANCE);
        depositFree(seller, type(uint96).max - VALUE + 1);
        vm.prank(seller.addr);
        escrow.setPayout(true);
        voucher.asset = asset;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, VALUE, VALUE - 1));
    }

    function test_PaysATokenThatReturnsNothing() public {
        NoReturnToken token = new NoReturnToken();
        token.mint(buyer.addr, BALANCE);
        _depositOther(address(token));
        submit();
        assertEq(token.balanceOf(seller.addr), VALUE);
    }

    function test_RevertGiven_TheTokenReturnsFalse() public {
        FalseReturningToken token = new FalseReturningToken();
        token.mint(buyer.addr, BALANCE);
        _depositOther(address(token));
        token.setFails(true);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, seller.addr, VALUE));
    }

    function test_RevertGiven_TheTokenForgesAnErrorOfOurs() public {
        SelectorForgingToken token = new SelectorForgingToken();
        token.mint(buyer.addr, BALANCE);
        _depositOther(address(token));
        token.forge(abi.encodeWithSelector(IVoucherEscrow.InvalidSignature.selector, DEFAULT_LANE, buyer.addr));
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, seller.addr, VALUE));
    }

    function test_RevertGiven_TheSellerIsBlacklisted() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(seller.addr);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, seller.addr, VALUE));
    }

    function test_CollectsGivenTheBuyerIsBlacklisted() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(buyer.addr);
        submit();
        assertDone();
    }

    function test_LeavesTheTotalAloneGivenThePaymentFails() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, seller.addr, VALUE));
        assertEq(collectedOf(DEFAULT_LANE), 0);
        assertAccount(BALANCE, 0, 0);
    }

    /* EVENT */

    function test_EmitsVoucherCollected() public {
        submit();
        voucher.valueAggregate = 85;
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, 25, 85);
        submit();
    }

    function test_EmitsVoucherCollectedWithWhatWasPaidGivenTooLittleBalance() public {
        voucher.id = LANE;
        voucher.valueAggregate = 250;
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(LANE, buyer.addr, seller.addr, asset, BALANCE, BALANCE);
        submit();
    }

    function testFuzz_PaysTheSmallerOfOutstandingAndBalance(
        uint256 first,
        uint256 second,
        uint256 balance,
        bytes32 id
    ) public {
        first = bound(first, 1, type(uint128).max);
        second = bound(second, 1, type(uint128).max);
        balance = bound(balance, 1, FUNDS - BALANCE);
        deposit(buyer, seller, balance);
        balance += BALANCE;
        voucher.id = id;

        Books memory expected = books();
        uint256 paid = first < balance ? first : balance;
        voucher.valueAggregate = first;
        submit();
        if (second > paid) {
            uint256 rest = second - paid;
            paid += rest < balance - paid ? rest : balance - paid;
        }
        voucher.valueAggregate = second;
        submit();

        expected.account -= paid;
        expected.escrow -= paid;
        expected.seller += paid;
        assertBooks(expected);
        assertEq(collectedOf(id), paid);
    }

    /* INTERNAL */

    function _assertCollected(uint256 amount) private view {
        Books memory expected = start;
        expected.account -= amount;
        expected.escrow -= amount;
        expected.seller += amount;
        assertBooks(expected);
    }

    function _authorizeSigner(uint64 validUntil) private {
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, validUntil);
    }

    /// @dev Makes `token` the asset of the account and of the voucher.
    function _depositOther(address token) private {
        asset = token;
        approve(asset, buyer.addr, BALANCE);
        deposit(buyer, seller, BALANCE);
        voucher.asset = token;
    }
}
