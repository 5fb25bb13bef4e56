// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {IUsdc} from "../base/IUsdc.sol";
import {Actor} from "../helpers/Test.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {PhantomToken} from "../mocks/PhantomToken.sol";
import {FlashEip3009Test} from "./FlashEip3009Test.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashPermit2Test} from "./FlashPermit2Test.sol";
import {FlashTest} from "./FlashTest.sol";
import {FlashWalletSignatureTest} from "./FlashWalletSignatureTest.sol";
import {OpeningMembersTest} from "./OpeningMembersTest.sol";

interface IMulticall3 {
    struct Call {
        address target;
        bytes callData;
    }

    function aggregate(Call[] calldata calls) external returns (uint256 blockNumber, bytes[] memory returnData);
}

interface IPermit {
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature) external;
}

contract OpenEscrowWithTermsTest is FlashTest {
    uint32 private constant MONTH = 30 days;

    IFlashSettlement.OpenEscrow private terms;

    function setUp() public override {
        super.setUp();
        terms = termsOf(ESCROW);
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        terms.amount = 0;
        _refuses(IFlashSettlement.Term.Amount);
    }

    function test_OpensWithOneUnit() public {
        terms.amount = 1;
        _submit();
        assertEscrow(1, 0, UNLOCK_AT, OPEN);
    }

    function test_OpensWithOneBelowTheLargestAmount() public {
        _useMintableToken(uint128(MAX_AMOUNT) - 1);
        _submit();
        assertEscrow(MAX_AMOUNT - 1, 0, UNLOCK_AT, OPEN);
    }

    function test_OpensWithTheLargestAmount() public {
        _useMintableToken(uint128(MAX_AMOUNT));
        _submit();
        assertEscrow(MAX_AMOUNT, 0, UNLOCK_AT, OPEN);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        _useMintableToken(uint128(MAX_AMOUNT) + 1);
        expectAmountTooLarge(MAX_AMOUNT + 1, MAX_AMOUNT);
        _submit();
    }

    /* CLOSE DELAY */

    function test_RevertWhen_TheCloseDelayIsZero() public {
        terms.closeDelay = 0;
        _refuses(IFlashSettlement.Term.CloseDelay);
    }

    function test_RevertWhen_TheCloseDelayIs59Seconds() public {
        terms.closeDelay = 59;
        _refuses(IFlashSettlement.Term.CloseDelay);
    }

    function test_OpensWithACloseDelayOf60Seconds() public {
        _opensWithCloseDelay(60);
    }

    function test_OpensWithACloseDelayOf61Seconds() public {
        _opensWithCloseDelay(61);
    }

    function test_OpensWithACloseDelayOneSecondBelowAMonth() public {
        terms.ttlSeconds = 0;
        _opensWithCloseDelay(MONTH - 1);
    }

    function test_OpensWithACloseDelayOfAMonth() public {
        terms.ttlSeconds = 0;
        _opensWithCloseDelay(MONTH);
    }

    function test_RevertWhen_TheCloseDelayIsOneSecondAboveAMonth() public {
        terms.ttlSeconds = 0;
        terms.closeDelay = MONTH + 1;
        _refuses(IFlashSettlement.Term.CloseDelay);
    }

    function test_RevertWhen_TheCloseDelayIsTheLargest() public {
        terms.ttlSeconds = 0;
        terms.closeDelay = type(uint32).max;
        _refuses(IFlashSettlement.Term.CloseDelay);
    }

    function test_OpensWithACloseDelayOneSecondBelowTheTtl() public {
        _opensWithCloseDelay(uint32(TTL) - 1);
    }

    function test_OpensWithACloseDelayOfTheWholeTtl() public {
        _opensWithCloseDelay(uint32(TTL));
    }

    function test_RevertWhen_TheCloseDelayIsOneSecondAboveTheTtl() public {
        terms.closeDelay = uint32(TTL) + 1;
        _refuses(IFlashSettlement.Term.Ttl);
    }

    /* TTL */

    function test_OpensWithoutAnEndWhenTheTtlIsZero() public {
        _opensWithTtl(0, NEVER);
    }

    function test_RevertWhen_TheTtlIsOneSecond() public {
        terms.ttlSeconds = 1;
        terms.closeDelay = 60;
        _refuses(IFlashSettlement.Term.Ttl);
    }

    function test_RevertWhen_TheTtlIs59Seconds() public {
        terms.ttlSeconds = 59;
        terms.closeDelay = 60;
        _refuses(IFlashSettlement.Term.Ttl);
    }

    function test_OpensFor60Seconds() public {
        terms.closeDelay = 60;
        _opensWithTtl(60, NOW + 60);
    }

    function test_OpensFor61Seconds() public {
        terms.closeDelay = 60;
        _opensWithTtl(61, NOW + 61);
    }

    function test_OpensUntilOneSecondBeforeTheLargestEnd() public {
        _opensWithTtl(NEVER - NOW - 1, NEVER - 1);
    }

    function test_OpensUntilTheLargestEnd() public {
        _opensWithTtl(NEVER - NOW, NEVER);
    }

    function test_RevertWhen_TheEndIsOneAboveTheLargest() public {
        terms.ttlSeconds = NEVER - NOW + 1;
        _refuses(IFlashSettlement.Term.Ttl);
    }

    function test_RevertWhen_TheTtlIsTheLargest() public {
        terms.ttlSeconds = type(uint40).max;
        _refuses(IFlashSettlement.Term.Ttl);
    }

    /* SIGNER */

    function test_SignsByTheClientWhenTheSignerIsZero() public {
        _submit();
        assertEq(escrowNow().signer, client.addr);
    }

    function test_SignsByTheNamedSigner() public {
        terms.signer = signer.addr;
        _submit();
        assertEq(escrowNow().signer, signer.addr);
    }

    function test_SignsByTheClientWhenItIsNamed() public {
        terms.signer = client.addr;
        _submit();
        assertEq(escrowNow().signer, client.addr);
    }

    function test_RevertWhen_TheSignerIsTheServer() public {
        terms.signer = server.addr;
        _refuses(IFlashSettlement.Term.Signer);
    }

    /* PARTIES AND TOKEN */

    function test_RevertWhen_TheServerIsZero() public {
        terms.server = address(0);
        _refuses(IFlashSettlement.Term.Parties);
    }

    function test_RevertWhen_TheServerIsTheContract() public {
        terms.server = address(settlement);
        _refuses(IFlashSettlement.Term.Parties);
    }

    function test_RevertWhen_TheServerIsTheClient() public {
        terms.server = client.addr;
        _refuses(IFlashSettlement.Term.Parties);
    }

    function test_RevertWhen_TheClientIsZero() public {
        terms.client = address(0);
        expectBadSignature(address(0));
        _submit();
    }

    function test_RevertWhen_TheClientIsZeroWithAFundingOfItsOwn() public {
        terms.client = address(0);
        expectBadTerms(IFlashSettlement.Term.Parties);
        settlement.openEscrowWithTerms(terms, "", eip3009(new bytes(65)));
    }

    function test_RevertWhen_TheClientIsTheContract() public {
        terms.client = address(settlement);
        expectBadTerms(IFlashSettlement.Term.Parties);
        settlement.openEscrowWithTerms(terms, "", permit2(new bytes(65)));
    }

    function test_RevertWhen_TheTokenIsZero() public {
        terms.token = address(0);
        _refuses(IFlashSettlement.Term.Token);
    }

    function test_RevertWhen_TheTokenHasNoCode() public {
        terms.token = stranger.addr;
        _refuses(IFlashSettlement.Term.Token);
    }

    /* DEADLINE */

    function test_OpensOneSecondBeforeTheDeadline() public {
        vm.warp(DEADLINE - 1);
        _submit();
        assertEscrow(ESCROW, 0, DEADLINE - 1 + TTL, OPEN);
    }

    function test_OpensAtTheDeadline() public {
        vm.warp(DEADLINE);
        _submit();
        assertEscrow(ESCROW, 0, DEADLINE + TTL, OPEN);
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        vm.warp(DEADLINE + 1);
        expectExpired(DEADLINE);
        _submit();
    }

    function test_RevertWhen_TheDeadlineIsZero() public {
        terms.deadline = 0;
        expectExpired(0);
        _submit();
    }

    /* STATE */

    function test_RevertWhen_TheEpochIsOneAhead() public {
        terms.epoch = 1;
        expectWrongEpoch(1, 0);
        _submit();
    }

    function test_RevertWhen_TheEpochIsOneBehind() public {
        _submit();
        closeByBoth();
        expectWrongEpoch(0, 1);
        _submit();
    }

    function test_OpensTheNextEpochAfterARefund() public {
        _submit();
        closeByBoth();
        terms.epoch = 1;
        _submit();
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
        assertEq(escrowNow().epoch, 1);
    }

    function test_RevertGiven_TheEscrowIsOpen() public {
        _submit();
        _expectExists();
        _submit();
    }

    function test_RevertGiven_TheEscrowIsClosing() public {
        _submit();
        closeByClient();
        _expectExists();
        _submit();
    }

    function test_RevertGiven_TheEndHasPassed() public {
        _submit();
        vm.warp(UNLOCK_AT);
        _expectExists();
        _submit();
    }

    /* FUNDING BY THE CLIENT'S OWN CALL */

    function test_IgnoresTheSignatureWhenTheClientCalls() public {
        vm.prank(client.addr);
        settlement.openEscrowWithTerms(terms, "no signature is needed", allowance());
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    function test_RevertGiven_TheAllowanceIsOneUnitShort() public {
        allow(ESCROW - 1);
        expectRevert("ERC20: transfer amount exceeds allowance");
        _submit();
    }

    function test_RevertGiven_ATokenThatTakesAFee() public {
        useToken(new FeeOnTransferToken(), FUNDS);
        terms.token = token;
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, ESCROW, ESCROW - 10));
        _submit();
    }

    function test_RevertWhen_ASignatureStandsBesideThatOfEip3009() public {
        bytes memory signature = sign(client, terms);
        bytes memory funding = sign(client, eip3009DigestOf(terms));
        expectBadTerms(IFlashSettlement.Term.Funding);
        settlement.openEscrowWithTerms(terms, signature, eip3009(funding));
    }

    function test_RevertWhen_ASignatureStandsBesideThatOfPermit2() public {
        bytes memory signature = sign(client, terms);
        bytes memory funding = sign(client, permit2DigestOf(terms));
        expectBadTerms(IFlashSettlement.Term.Funding);
        settlement.openEscrowWithTerms(terms, signature, permit2(funding));
    }

    function test_RevertWhen_TheMethodDoesNotExist() public {
        bytes memory good = abi.encodeCall(IFlashSettlement.openEscrowWithTerms, (terms, "", permit2("")));
        // The method stands in the first word of the funding, behind selector, terms and two offsets, and an empty signature.
        uint256 position = 4 + 32 * (9 + 2) + 32;
        assertEq(uint8(good[position + 31]), 2, "the method");
        good[position + 31] = 0x03;
        vm.prank(client.addr);
        (bool ok, ) = address(settlement).call(good);
        assertFalse(ok);
    }

    /* THE TOKEN THAT THE ORIGINAL ENTRIES MEAN */

    function test_NamesNoToken() public {
        _submit();
        assertEq(settlement.escrowBalance(client.addr, server.addr), 0);
        expectNoEscrow();
        vm.prank(client.addr);
        settlement.clientCloseEscrow(server.addr);
    }

    function test_ChangesNoNamedToken() public {
        vm.prank(client.addr);
        settlement.openEscrow(server.addr, token, 7, TTL);
        _useMintableToken(ESCROW);
        _submit();
        assertEq(settlement.escrowBalance(client.addr, server.addr), 7);
    }

    /* EFFECTS */

    function test_MovesTheTokensIntoTheEscrow() public {
        Books memory expected = books();
        _submit();
        expected.client -= ESCROW;
        expected.settlement += ESCROW;
        expected.escrow += ESCROW;
        assertBooks(expected);
    }

    function test_RecordsTheTerms() public {
        terms.signer = signer.addr;
        _submit();
        IFlashSettlement.Escrow memory escrow = escrowNow();
        assertEq(escrow.balance, ESCROW);
        assertEq(escrow.settled, 0);
        assertEq(escrow.unlockAt, UNLOCK_AT);
        assertEq(escrow.signer, signer.addr);
        assertEq(escrow.closeDelay, CLOSE_DELAY);
        assertEq(escrow.epoch, 0);
        assertEq(escrow.flags, OPEN);
    }

    function test_EmitsEscrowOpened() public {
        terms.signer = signer.addr;
        expectEvent();
        emit IFlashSettlement.EscrowOpened(
            escrowId(),
            client.addr,
            server.addr,
            token,
            ESCROW,
            UNLOCK_AT,
            CLOSE_DELAY,
            0,
            signer.addr
        );
        _submit();
    }

    /* INTERNAL */

    function _submit() private {
        vm.prank(client.addr);
        settlement.openEscrowWithTerms(terms, "", allowance());
    }

    function _refuses(IFlashSettlement.Term term) private {
        expectBadTerms(term);
        _submit();
    }

    function _expectExists() private {
        expectRevert(abi.encodeWithSelector(IFlashSettlement.EscrowExists.selector, escrowId()));
    }

    function _opensWithCloseDelay(uint32 closeDelay) private {
        terms.closeDelay = closeDelay;
        _submit();
        assertEq(escrowNow().closeDelay, closeDelay);
    }

    function _opensWithTtl(uint40 ttl, uint40 unlockAt) private {
        terms.ttlSeconds = ttl;
        _submit();
        assertEscrow(ESCROW, 0, unlockAt, OPEN);
    }

    function _useMintableToken(uint128 amount) private {
        useMintableToken();
        terms.token = token;
        terms.amount = amount;
    }
}

contract OpenEscrowRelayedByAllowanceTest is FlashWalletSignatureTest, OpeningMembersTest {
    using FlashMessages for *;

    Books private start;

    function setUp() public override {
        super.setUp();
        terms = termsOf(ESCROW);
        start = books();
    }

    /* SIGNATURE: every case of FlashSignature.tree */

    function owner() internal view override returns (Actor memory) {
        return client;
    }

    function structHash() internal view override returns (bytes32) {
        return terms.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        settlement.openEscrowWithTerms(terms, signature, allowance());
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.client -= ESCROW;
        expected.settlement += ESCROW;
        expected.escrow += ESCROW;
        assertBooks(expected);
    }

    function assertNothingDone() internal view override {
        assertBooks(start);
    }

    function signTerms() internal view override returns (bytes memory) {
        return ownersSignature();
    }

    function submitTerms(bytes memory signature) internal override {
        submit(signature);
    }

    function expectNotSigned(address expected) internal override {
        expectBadSignature(expected);
    }

    /* MORE OF THE ALLOWANCE */

    function test_RevertWhen_TheTokenIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        terms.token = address(useMintableToken());
        expectBadSignature(client.addr);
        submit(signature);
    }

    function test_RevertWhen_TheServerRelaysWithoutASignature() public {
        expectBadSignature(client.addr);
        vm.prank(server.addr);
        settlement.openEscrowWithTerms(terms, "", allowance());
    }

    function test_RevertWhen_TheSignerOfPaymentsSigned() public {
        terms.signer = signer.addr;
        refuses(sign(signer, terms));
    }

    function test_RevertGiven_TheAllowanceIsOneUnitShort() public {
        allow(ESCROW - 1);
        bytes memory signature = ownersSignature();
        expectRevert("ERC20: transfer amount exceeds allowance");
        submit(signature);
    }

    function test_OpensBehindAPermitThroughMulticall3() public {
        // A client without any native coin: one permit that exceeds the deposit is its working allowance as well.
        allow(0);
        bytes32 permit = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                client.addr,
                address(settlement),
                uint256(10 * ESCROW),
                USDC.nonces(client.addr),
                uint256(DEADLINE)
            )
        );
        bytes memory permitSignature = sign(
            client,
            keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), permit))
        );
        IMulticall3.Call[] memory calls = new IMulticall3.Call[](2);
        calls[0].target = token;
        calls[0].callData = abi.encodeCall(
            IPermit.permit,
            (client.addr, address(settlement), 10 * ESCROW, DEADLINE, permitSignature)
        );
        calls[1].target = address(settlement);
        calls[1].callData = abi.encodeCall(
            IFlashSettlement.openEscrowWithTerms,
            (terms, ownersSignature(), allowance())
        );
        vm.prank(relayer);
        IMulticall3(MULTICALL3).aggregate(calls);
        assertDone();
        assertEq(IUsdc(token).allowance(client.addr, address(settlement)), 9 * ESCROW);
    }
}

contract OpenEscrowByEip3009Test is FlashEip3009Test, OpeningMembersTest {
    using FlashMessages for *;

    Books private start;

    function setUp() public override {
        super.setUp();
        terms = termsOf(ESCROW);
        start = books();
    }

    /* SIGNATURE: every case of FlashFunding.tree */

    function messageHash() internal view override returns (bytes32) {
        return terms.hash();
    }

    function fundingDigest() internal view override returns (bytes32) {
        return eip3009DigestOf(terms);
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        settlement.openEscrowWithTerms(terms, "", eip3009(signature));
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.client -= ESCROW;
        expected.settlement += ESCROW;
        expected.escrow += ESCROW;
        assertBooks(expected);
    }

    function signTerms() internal view override returns (bytes memory) {
        return fundingSignature();
    }

    function submitTerms(bytes memory signature) internal override {
        submit(signature);
    }

    function expectNotSigned(address) internal override {
        expectOtherSigner();
    }

    /* MORE OF ERC-3009 */

    function test_RevertWhen_TheTokenIsNotTheOneSigned() public {
        // The other token has no ERC-3009.
        bytes memory signature = fundingSignature();
        terms.token = address(useMintableToken());
        expectRevert("");
        submit(signature);
    }

    function test_RevertWhen_AnyoneSubmitsTheSignatureToTheToken() public {
        bytes memory signature = fundingSignature();
        bytes32 nonce = terms.hash();
        expectRevert("FiatTokenV2: caller must be the payee");
        vm.prank(stranger.addr);
        USDC.receiveWithAuthorization(
            client.addr,
            address(settlement),
            ESCROW,
            0,
            uint256(DEADLINE) + 1,
            nonce,
            signature
        );
    }

    function test_RevertGiven_ATokenThatTakesAnySignatureButMovesNothing() public {
        useToken(new PhantomToken(), FUNDS);
        terms.token = token;
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, ESCROW, 0));
        submit(new bytes(65));
    }

    function test_OpensWhenTheDeadlineIsTheLargest() public {
        terms.deadline = type(uint40).max;
        submit(fundingSignature());
        assertDone();
    }

    function test_OpensWithASignerOfItsOwn() public {
        terms.signer = signer.addr;
        submit(fundingSignature());
        assertEq(escrowNow().signer, signer.addr);
    }
}

contract OpenEscrowByPermit2Test is FlashPermit2Test, OpeningMembersTest {
    using FlashMessages for *;

    Books private start;

    function setUp() public override {
        super.setUp();
        terms = termsOf(ESCROW);
        start = books();
    }

    /* SIGNATURE: every case of FlashFunding.tree */

    function messageHash() internal view override returns (bytes32) {
        return terms.hash();
    }

    function fundingDigest() internal view override returns (bytes32) {
        return permit2DigestOf(terms);
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        settlement.openEscrowWithTerms(terms, "", permit2(signature));
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.client -= ESCROW;
        expected.settlement += ESCROW;
        expected.escrow += ESCROW;
        assertBooks(expected);
    }

    function signTerms() internal view override returns (bytes memory) {
        return fundingSignature();
    }

    function submitTerms(bytes memory signature) internal override {
        submit(signature);
    }

    function expectNotSigned(address) internal override {
        expectOtherSigner();
    }

    /* MORE OF PERMIT2 */

    function test_RevertWhen_TheTokenIsNotTheOneSigned() public {
        bytes memory signature = fundingSignature();
        terms.token = address(useMintableToken());
        expectOtherSigner();
        submit(signature);
    }

    function test_RevertGiven_ATokenThatTakesAFee() public {
        useToken(new FeeOnTransferToken(), FUNDS);
        terms.token = token;
        bytes memory signature = fundingSignature();
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, ESCROW, ESCROW - 10));
        submit(signature);
    }

    function test_OpensInATokenWithoutErc3009() public {
        useMintableToken();
        terms.token = token;
        submit(fundingSignature());
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }
}
