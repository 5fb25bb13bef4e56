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
import {VoucherMessages} from "./VoucherMessages.sol";

contract CollectTest is SignedMessageTest {
    using VoucherMessages for *;

    uint256 private constant BALANCE = 100;
    uint256 private constant VALUE = 60;

    IVoucherEscrow.Voucher private voucher;
    Books private start;

    function setUp() public override {
        super.setUp();
        voucher = voucherOf(VALUE);
        deposit(buyer, seller, BALANCE);
        start = books();
    }

    /* SIGNATURE: every case of SignedMessage.tree */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return voucher.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        escrow.collect(voucher, signature);
    }

    function expectRefusal() internal override {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidSignature.selector, voucher.id, voucher.buyer));
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.account -= VALUE;
        expected.escrow -= VALUE;
        expected.seller += VALUE;
        assertBooks(expected);
        assertEq(escrow.getVoucherCollected(buyer.addr, seller.addr, asset, voucher.id), VALUE);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheIdIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.id = LANE;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheBuyerIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.buyer = buyer2.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheSellerIsNotTheOneSigned() public {
        deposit(buyer, seller2, 100);
        bytes memory signature = sign(buyer, voucher);
        voucher.seller = seller2.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheValueIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.valueAggregate = VALUE + 1;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheAssetIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.asset = address(new MintableToken());
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheTimestampIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.timestamp += 1;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheNonceIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.nonce += 1;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheEscrowIsNotTheOneSigned() public {
        voucher.escrow = stranger.addr;
        bytes memory signature = sign(buyer, voucher);
        voucher.escrow = address(escrow);
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheChainIsNotTheOneSigned() public {
        voucher.chainId = 1;
        bytes memory signature = sign(buyer, voucher);
        voucher.chainId = BASE_CHAIN_ID;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheExpiryIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.expiry += 1;
        expectRefusal();
        submit(signature);
    }

    /* PARTIES */

    function test_RevertWhen_TheBuyerIsZero() public {
        voucher.buyer = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        submit(new bytes(65));
    }

    function test_RevertWhen_TheBuyerIsTheEscrow() public {
        voucher.buyer = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _submit();
    }

    function test_RevertWhen_TheSellerIsZero() public {
        voucher.seller = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        _submit();
    }

    function test_RevertWhen_TheSellerIsTheEscrow() public {
        voucher.seller = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _submit();
    }

    function test_RevertWhen_TheSellerIsTheBuyer() public {
        voucher.seller = buyer.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        _submit();
    }

    function test_RevertWhen_TheAssetIsZero() public {
        voucher.asset = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(0)));
        _submit();
    }

    function test_RevertWhen_TheAssetIsTheEscrow() public {
        voucher.asset = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
        _submit();
    }

    function test_RevertWhen_TheEscrowIsAnother() public {
        voucher.escrow = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidEscrow.selector, stranger.addr, address(escrow)));
        _submit();
    }

    function test_RevertWhen_TheChainIsAnother() public {
        voucher.chainId = BASE_CHAIN_ID + 1;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidChainId.selector, BASE_CHAIN_ID + 1, BASE_CHAIN_ID));
        _submit();
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
        _submit();
        assertDone();
    }

    /* VALUE */

    function test_RevertWhen_TheValueIsZero() public {
        voucher.valueAggregate = 0;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        _submit();
    }

    function test_CollectsOneUnit() public {
        voucher.valueAggregate = 1;
        _submit();
        _assertCollected(1);
    }

    function test_CollectsOneBelowTheBalance() public {
        voucher.valueAggregate = BALANCE - 1;
        _submit();
        _assertCollected(BALANCE - 1);
    }

    function test_CollectsTheBalance() public {
        voucher.valueAggregate = BALANCE;
        _submit();
        _assertCollected(BALANCE);
    }

    function test_CollectsWhatThereIsWhenTheValueIsOneAboveTheBalance() public {
        voucher.valueAggregate = BALANCE + 1;
        _submit();
        _assertCollected(BALANCE);
    }

    function test_CollectsWhatThereIsWhenTheValueIsTheLargestWord() public {
        voucher.valueAggregate = type(uint256).max;
        _submit();
        _assertCollected(BALANCE);
    }

    function test_CollectsTheRestAfterATopUp() public {
        voucher.valueAggregate = 250;
        _submit();
        deposit(buyer, seller, 1000);
        start = books();
        _submit();
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
        _submit();
        assertAccount(0, 0, 0);
        assertEq(collectedOf(DEFAULT_LANE), type(uint96).max);
        assertEq(token.balanceOf(seller.addr), type(uint96).max);
    }

    /* EXPIRY */

    function test_CollectsOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        _submit();
        assertDone();
    }

    function test_CollectsAtTheExpiry() public {
        vm.warp(EXPIRY);
        _submit();
        assertDone();
    }

    function test_RevertWhen_OneSecondPastTheExpiry() public {
        vm.warp(EXPIRY + 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.VoucherExpired.selector, DEFAULT_LANE, EXPIRY + 1, EXPIRY));
        _submit();
    }

    function test_CollectsWhenTheExpiryIsTheLargest() public {
        voucher.expiry = type(uint64).max;
        _submit();
        assertDone();
    }

    /* A TOTAL THAT GROWS */

    function test_CollectsTheDifferenceToALaterVoucher() public {
        _submit();
        start = books();
        voucher.valueAggregate = VALUE + 1;
        _submit();
        _assertCollected(1);
        assertEq(collectedOf(DEFAULT_LANE), VALUE + 1);
    }

    function test_MovesNothingWhenTheVoucherWasCollected() public {
        _submit();
        start = books();
        _submit();
        assertBooks(start);
    }

    function test_EmitsVoucherAlreadyCollectedWhenTheVoucherWasCollected() public {
        _submit();
        expectEvent();
        emit IVoucherEscrow.VoucherAlreadyCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, VALUE);
        _submit();
    }

    function test_EmitsVoucherAlreadyCollectedWhenALaterVoucherWasCollected() public {
        _submit();
        voucher.valueAggregate = VALUE - 1;
        expectEvent();
        emit IVoucherEscrow.VoucherAlreadyCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, VALUE);
        _submit();
        assertEq(collectedOf(DEFAULT_LANE), VALUE);
    }

    function test_RevertWhen_TheVoucherWasCollectedAndTheSignatureIsBad() public {
        _submit();
        expectRefusal();
        submit("");
    }

    /* GIVEN NO BALANCE */

    function test_EmitsVoucherNoCollectableBalanceGivenAnEmptyAccount() public {
        voucher.valueAggregate = 150;
        _submit();
        expectEvent();
        emit IVoucherEscrow.VoucherNoCollectableBalance(DEFAULT_LANE, buyer.addr, seller.addr, asset, 50, BALANCE);
        _submit();
    }

    function test_MovesNothingGivenAnEmptyAccount() public {
        voucher.valueAggregate = 150;
        _submit();
        start = books();
        _submit();
        assertBooks(start);
        assertEq(collectedOf(DEFAULT_LANE), BALANCE);
    }

    function test_EmitsVoucherNoCollectableBalanceGivenNoAccount() public {
        voucher.asset = stranger.addr;
        expectEvent();
        emit IVoucherEscrow.VoucherNoCollectableBalance(DEFAULT_LANE, buyer.addr, seller.addr, stranger.addr, VALUE, 0);
        _submit();
    }

    function test_LeavesTheFreeBalanceAloneGivenAnEmptyAccount() public {
        depositFree(buyer, 1000);
        voucher.valueAggregate = 150;
        start = books();
        _submit();
        _assertCollected(BALANCE);
        assertEq(freeBalanceOf(buyer, asset), 1000);
    }

    /* LANES */

    function test_CollectsOnAParallelLane() public {
        voucher.id = LANE;
        _submit();
        assertDone();
        assertEq(collectedOf(DEFAULT_LANE), 0);
    }

    function test_CollectsOnTwoLanesFromOneBalance() public {
        _submit();
        voucher.id = LANE;
        voucher.valueAggregate = 30;
        _submit();
        assertEq(collectedOf(DEFAULT_LANE), VALUE);
        assertEq(collectedOf(LANE), 30);
        assertAccount(10, 0, 0);
    }

    function test_CollectsWhatThereIsOnAParallelLane() public {
        voucher.id = LANE;
        voucher.valueAggregate = type(uint256).max;
        _submit();
        _assertCollected(BALANCE);
        assertEq(collectedOf(LANE), BALANCE);
    }

    function test_CollectsTheDifferenceOnAParallelLane() public {
        voucher.id = LANE;
        _submit();
        start = books();
        voucher.valueAggregate = VALUE + 1;
        _submit();
        _assertCollected(1);
    }

    function test_EmitsVoucherAlreadyCollectedOnAParallelLane() public {
        voucher.id = LANE;
        _submit();
        expectEvent();
        emit IVoucherEscrow.VoucherAlreadyCollected(LANE, buyer.addr, seller.addr, asset, VALUE);
        _submit();
    }

    function test_EmitsVoucherNoCollectableBalanceOnAParallelLane() public {
        voucher.id = LANE;
        voucher.valueAggregate = 150;
        _submit();
        expectEvent();
        emit IVoucherEscrow.VoucherNoCollectableBalance(LANE, buyer.addr, seller.addr, asset, 50, BALANCE);
        _submit();
    }

    /* THAW */

    function test_CollectsWhatThaws() public {
        thaw(BALANCE);
        start = books();
        _submit();
        assertDone();
        assertAccount(BALANCE - VALUE, BALANCE - VALUE, NOW + 1 days);
    }

    function test_CollectsWhatHasMatured() public {
        thaw(BALANCE);
        vm.warp(NOW + 10 days);
        start = books();
        _submit();
        assertDone();
    }

    function test_LeavesAThawAloneThatTheRestStillCovers() public {
        thaw(BALANCE - VALUE);
        _submit();
        assertAccount(BALANCE - VALUE, BALANCE - VALUE, NOW + 1 days);
    }

    function test_CutsAThawThatTheRestCoversNoMore() public {
        thaw(BALANCE - VALUE + 1);
        _submit();
        assertAccount(BALANCE - VALUE, BALANCE - VALUE, NOW + 1 days);
    }

    function test_EndsTheThawWhenItEmptiesTheAccount() public {
        thaw(1);
        voucher.valueAggregate = BALANCE;
        _submit();
        assertAccount(0, 0, 0);
    }

    function test_EndsTheThawWhenAParallelLaneEmptiesTheAccount() public {
        thaw(1);
        voucher.id = LANE;
        voucher.valueAggregate = BALANCE;
        _submit();
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
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_ASignerOfAnotherBuyerSigned() public {
        vm.prank(buyer2.addr);
        escrow.authorizeSigner(signer.addr, EXPIRY);
        bytes memory signature = sign(signer, voucher);
        expectRefusal();
        submit(signature);
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
        expectRefusal();
        submit("");
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
        _submit();
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
        _submit();
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
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, VALUE, VALUE - 1));
        _submit();
    }

    function test_PaysATokenThatReturnsNothing() public {
        NoReturnToken token = new NoReturnToken();
        token.mint(buyer.addr, BALANCE);
        _depositOther(address(token));
        _submit();
        assertEq(token.balanceOf(seller.addr), VALUE);
    }

    function test_RevertGiven_TheTokenReturnsFalse() public {
        FalseReturningToken token = new FalseReturningToken();
        token.mint(buyer.addr, BALANCE);
        _depositOther(address(token));
        token.setFails(true);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, seller.addr, VALUE));
        _submit();
    }

    function test_RevertGiven_TheTokenForgesAnErrorOfOurs() public {
        SelectorForgingToken token = new SelectorForgingToken();
        token.mint(buyer.addr, BALANCE);
        _depositOther(address(token));
        token.forge(abi.encodeWithSelector(IVoucherEscrow.InvalidSignature.selector, DEFAULT_LANE, buyer.addr));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, seller.addr, VALUE));
        _submit();
    }

    function test_RevertGiven_TheSellerIsBlacklisted() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(seller.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, seller.addr, VALUE));
        _submit();
    }

    function test_CollectsGivenTheBuyerIsBlacklisted() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(buyer.addr);
        _submit();
        assertDone();
    }

    function test_LeavesTheTotalAloneGivenThePaymentFails() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, seller.addr, VALUE));
        _submit();
        assertEq(collectedOf(DEFAULT_LANE), 0);
        assertAccount(BALANCE, 0, 0);
    }

    /* EVENT */

    function test_EmitsVoucherCollected() public {
        _submit();
        voucher.valueAggregate = 85;
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, 25, 85);
        _submit();
    }

    function test_EmitsVoucherCollectedWithWhatWasPaidGivenTooLittleBalance() public {
        voucher.id = LANE;
        voucher.valueAggregate = 250;
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(LANE, buyer.addr, seller.addr, asset, BALANCE, BALANCE);
        _submit();
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
        _submit();
        if (second > paid) {
            uint256 rest = second - paid;
            paid += rest < balance - paid ? rest : balance - paid;
        }
        voucher.valueAggregate = second;
        _submit();

        expected.account -= paid;
        expected.escrow -= paid;
        expected.seller += paid;
        assertBooks(expected);
        assertEq(collectedOf(id), paid);
    }

    /* INTERNAL */

    /// @dev Signs what the voucher says now, and collects it.
    function _submit() private {
        bytes memory signature = sign(buyer, voucher);
        vm.prank(relayer);
        escrow.collect(voucher, signature);
    }

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
