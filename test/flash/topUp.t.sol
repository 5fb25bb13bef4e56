// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {PhantomToken} from "../mocks/PhantomToken.sol";
import {FlashEip3009Test} from "./FlashEip3009Test.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashPermit2Test} from "./FlashPermit2Test.sol";
import {FlashTest} from "./FlashTest.sol";
import {TopUpMembersTest} from "./TopUpMembersTest.sol";

contract TopUpTest is FlashTest {
    function setUp() public override {
        super.setUp();
        open();
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectBadTerms(IFlashSettlement.Term.Amount);
        _topUp(0);
    }

    function test_AddsOneUnit() public {
        _topUp(1);
        assertEscrow(ESCROW + 1, 0, UNLOCK_AT, OPEN);
    }

    function test_FillsTheEscrowButForOneUnit() public {
        _useMintableToken();
        _topUp(MAX_AMOUNT - ESCROW - 1);
        assertEscrow(MAX_AMOUNT - 1, 0, UNLOCK_AT, OPEN);
    }

    function test_FillsTheEscrow() public {
        _useMintableToken();
        _topUp(MAX_AMOUNT - ESCROW);
        assertEscrow(MAX_AMOUNT, 0, UNLOCK_AT, OPEN);
    }

    function test_RevertWhen_TheEscrowHasOneUnitTooLittleRoom() public {
        _useMintableToken();
        expectAmountTooLarge(MAX_AMOUNT - ESCROW + 1, MAX_AMOUNT - ESCROW);
        _topUp(MAX_AMOUNT - ESCROW + 1);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        expectAmountTooLarge(type(uint256).max, MAX_AMOUNT - ESCROW);
        _topUp(type(uint256).max);
    }

    function test_FillsAnEscrowThatWasEmptied() public {
        drainTo(0);
        settle(paymentOf(ESCROW, 1));
        fund(client.addr, FUNDS);
        _topUp(5);
        assertEscrow(5, ESCROW, UNLOCK_AT, OPEN);
    }

    /* STATE */

    function test_RevertGiven_NoEscrowWasEverOpen() public {
        expectNoEscrow();
        vm.prank(client.addr);
        settlement.topUp(server2.addr, token, 1, 0);
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        closeByBoth();
        expectNoEscrow();
        _topUp(1);
    }

    function test_RevertWhen_TheCallerIsNotTheClient() public {
        expectNoEscrow();
        vm.prank(stranger.addr);
        settlement.topUp(server.addr, token, 1, 0);
    }

    function test_RevertWhen_TheEpochIsOneAhead() public {
        epoch = 1;
        expectWrongEpoch(1, 0);
        _topUp(1);
    }

    function test_RevertWhen_TheEpochIsOneBehind() public {
        closeByBoth();
        open();
        epoch = 0;
        expectWrongEpoch(0, 1);
        _topUp(1);
    }

    function test_RevertGiven_TheClientClosed() public {
        closeByClient();
        expectClosed();
        _topUp(1);
    }

    function test_RevertGiven_TheServerClosed() public {
        closeByServer();
        expectClosed();
        _topUp(1);
    }

    function test_AddsAfterTheEndHasPassed() public {
        vm.warp(UNLOCK_AT);
        _topUp(1);
        assertEscrow(ESCROW + 1, 0, UNLOCK_AT, OPEN);
    }

    /* FUNDING */

    function test_RevertGiven_TheAllowanceIsOneUnitShort() public {
        allow(99);
        expectRevert("ERC20: transfer amount exceeds allowance");
        _topUp(100);
    }

    function test_RevertGiven_TheWalletIsOneUnitShort() public {
        drainTo(99);
        expectRevert("ERC20: transfer amount exceeds balance");
        _topUp(100);
    }

    function test_RevertGiven_ATokenThatBeganToTakeAFee() public {
        MintableToken plain = useMintableToken();
        open();
        vm.etch(address(plain), type(FeeOnTransferToken).runtimeCode);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 100, 99));
        _topUp(100);
    }

    /* EFFECTS */

    function test_MovesTheTokensIntoTheEscrow() public {
        openOthers();
        settle(paymentOf(5, 1));
        Books memory expected = books();
        _topUp(100);
        expected.client -= 100;
        expected.settlement += 100;
        expected.escrow += 100;
        assertBooks(expected);
    }

    function test_KeepsTheTerms() public {
        settle(paymentOf(5, 1));
        IFlashSettlement.Escrow memory before = escrowNow();
        _topUp(100);
        IFlashSettlement.Escrow memory escrow = escrowNow();
        assertEq(escrow.settled, 5);
        assertEq(escrow.unlockAt, before.unlockAt);
        assertEq(escrow.signer, before.signer);
        assertEq(escrow.closeDelay, before.closeDelay);
        assertEq(escrow.epoch, before.epoch);
        assertEq(escrow.flags, OPEN);
    }

    function test_EmitsEscrowToppedUp() public {
        expectEvent();
        emit IFlashSettlement.EscrowToppedUp(escrowId(), 0, 100, ESCROW + 100);
        _topUp(100);
    }

    function testFuzz_AddsWhatIsThere(uint256 seed) public {
        uint256 amount = bound(seed, 1, FUNDS - ESCROW);
        Books memory expected = books();
        _topUp(amount);
        expected.client -= amount;
        expected.settlement += amount;
        expected.escrow += amount;
        assertBooks(expected);
    }

    /* INTERNAL */

    function _topUp(uint256 amount) private {
        vm.prank(client.addr);
        settlement.topUp(server.addr, token, amount, epoch);
    }

    function _useMintableToken() private {
        useMintableToken();
        open();
    }
}

contract TopUpByEip3009Test is FlashEip3009Test, TopUpMembersTest {
    using FlashMessages for *;

    function setUp() public override(FlashTest, TopUpMembersTest) {
        TopUpMembersTest.setUp();
    }

    /* SIGNATURE: every case of FlashFunding.tree */

    function messageHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function fundingDigest() internal view override returns (bytes32) {
        return eip3009DigestOf(authorization);
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        settlement.topUpWithAuthorization(authorization, eip3009(signature));
    }

    function assertDone() internal view override {
        assertAdded();
    }

    function signMessage() internal view override returns (bytes memory) {
        return fundingSignature();
    }

    function submitMessage(bytes memory signature) internal override {
        submit(signature);
    }

    function expectNotSigned() internal override {
        expectOtherSigner();
    }

    function expectUsedBefore() internal override {
        expectUsed();
    }

    /* MORE OF ERC-3009 */

    function test_RevertWhen_TheSignatureOpensAnEscrowInstead() public {
        // The same values in an opening hash to another message.
        bytes memory signature = fundingSignature();
        IFlashSettlement.OpenEscrow memory terms = termsOf(ADDED);
        terms.server = stranger.addr;
        expectOtherSigner();
        settlement.openEscrowWithTerms(terms, "", eip3009(signature));
    }

    function test_RevertGiven_ATokenThatTakesAnySignatureButMovesNothing() public {
        useToken(new PhantomToken(), FUNDS);
        open();
        authorization.token = token;
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, ADDED, 0));
        submit(new bytes(65));
    }
}

contract TopUpByPermit2Test is FlashPermit2Test, TopUpMembersTest {
    using FlashMessages for *;

    function setUp() public override(FlashTest, TopUpMembersTest) {
        TopUpMembersTest.setUp();
    }

    /* SIGNATURE: every case of FlashFunding.tree */

    function messageHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function fundingDigest() internal view override returns (bytes32) {
        return permit2DigestOf(authorization);
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        settlement.topUpWithAuthorization(authorization, permit2(signature));
    }

    function assertDone() internal view override {
        assertAdded();
    }

    function signMessage() internal view override returns (bytes memory) {
        return fundingSignature();
    }

    function submitMessage(bytes memory signature) internal override {
        submit(signature);
    }

    function expectNotSigned() internal override {
        expectOtherSigner();
    }

    function expectUsedBefore() internal override {
        expectUsed();
    }

    /* MORE OF PERMIT2 */

    function test_RevertWhen_TheTokenIsNotTheOneSigned() public {
        bytes memory signature = fundingSignature();
        useMintableToken();
        open();
        authorization.token = token;
        expectOtherSigner();
        submit(signature);
    }
}
