// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITokenCollector} from "../../contracts/interfaces/external/ITokenCollector.sol";
import {ISignedRefundCollector} from "../../contracts/interfaces/ISignedRefundCollector.sol";
import {Actor} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";

contract CollectTokensTest is AuthCaptureTest {
    ISignedRefundCollector private collector;
    address private tokenStore;

    function setUp() public override {
        super.setUp();
        chargeOnce();
        collector = ISignedRefundCollector(refundCollector);
        tokenStore = escrow().getTokenStore(address(operator));
    }

    function collects(bytes memory data) private {
        vm.prank(address(escrow()));
        collector.collectTokens(payment, tokenStore, PART, data);
    }

    function assertCollectedFrom(Actor memory funder) private view {
        assertEq(token.balanceOf(funder.addr), FUNDS + (funder.addr == receiver.addr ? _income() : 0) - PART);
        assertEq(token.balanceOf(tokenStore), PART);
        assertEq(token.balanceOf(address(collector)), 0);
    }

    function _income() private view returns (uint256) {
        return AMOUNT - feeOf(AMOUNT);
    }

    function _refuses(bytes memory data, bytes memory reason) private {
        vm.prank(address(escrow()));
        vm.expectRevert(reason);
        collector.collectTokens(payment, tokenStore, PART, data);
    }

    /* WHO CALLS */

    function test_RevertWhen_TheCallerIsNotTheEscrow() public {
        bytes memory data = refundData(receiver, PART, DEADLINE);
        expectRevert(ITokenCollector.OnlyAuthCaptureEscrow.selector);
        vm.prank(address(operator));
        collector.collectTokens(payment, tokenStore, PART, data);
    }

    function test_RevertWhen_TheCallerIsTheOtherEscrow() public {
        bytes memory data = refundData(receiver, PART, DEADLINE);
        expectRevert(ITokenCollector.OnlyAuthCaptureEscrow.selector);
        vm.prank((isOnV10() ? commerce() : commerceV1_0()).escrow);
        collector.collectTokens(payment, tokenStore, PART, data);
    }

    /* METHOD */

    function test_RevertWhen_TheMethodIsZero() public {
        _refusesMethod(0);
    }

    function test_RevertWhen_TheMethodIsThree() public {
        _refusesMethod(3);
    }

    function test_RevertWhen_TheDataIsNotEncoded() public {
        vm.prank(address(escrow()));
        vm.expectRevert();
        collector.collectTokens(payment, tokenStore, PART, "");
    }

    /* ERC-3009 */

    function test_CollectsByEip3009() public {
        collects(refundData(receiver, PART, DEADLINE));
        assertCollectedFrom(receiver);
    }

    function test_CollectsByEip3009FromASponsor() public {
        collects(refundData(sponsor, PART, DEADLINE));
        assertCollectedFrom(sponsor);
    }

    function test_CollectsByEip3009FromAContractWallet() public {
        bytes memory data = refundData(sponsor, PART, DEADLINE);
        vm.etch(sponsor.addr, type(AcceptingWallet).runtimeCode);
        collects(data);
        assertCollectedFrom(sponsor);
    }

    function test_CollectsByEip3009AtTheDeadline() public {
        vm.warp(DEADLINE);
        collects(refundData(receiver, PART, DEADLINE));
        assertCollectedFrom(receiver);
    }

    function test_RevertWhen_OneSecondPastTheDeadlineOfEip3009() public {
        vm.warp(DEADLINE + 1);
        _refuses(refundData(receiver, PART, DEADLINE), "FiatTokenV2: authorization is expired");
    }

    function test_CollectsByEip3009WithTheLatestDeadline() public {
        collects(refundData(receiver, PART, type(uint48).max));
        assertCollectedFrom(receiver);
    }

    function test_RevertWhen_Eip3009IsReplayed() public {
        bytes memory data = refundData(receiver, PART, DEADLINE);
        collects(data);
        _refuses(data, "FiatTokenV2: authorization is used or canceled");
    }

    /* PERMIT2 */

    function test_CollectsByPermit2() public {
        collects(refundDataByPermit2(receiver, PART, DEADLINE));
        assertCollectedFrom(receiver);
    }

    function test_CollectsByPermit2AtTheDeadline() public {
        vm.warp(DEADLINE);
        collects(refundDataByPermit2(sponsor, PART, DEADLINE));
        assertCollectedFrom(sponsor);
    }

    function test_RevertWhen_OneSecondPastTheDeadlineOfPermit2() public {
        vm.warp(DEADLINE + 1);
        _refuses(
            refundDataByPermit2(receiver, PART, DEADLINE),
            abi.encodeWithSignature("SignatureExpired(uint256)", DEADLINE)
        );
    }

    function test_RevertWhen_Permit2IsReplayed() public {
        bytes memory data = refundDataByPermit2(receiver, PART, DEADLINE);
        collects(data);
        _refuses(data, abi.encodeWithSignature("InvalidNonce()"));
    }

    /* WHAT THE SIGNATURE BINDS */

    function test_RevertWhen_SignedForAnotherAmount() public {
        _refuses(refundData(receiver, PART + 1, DEADLINE), "FiatTokenV2: invalid signature");
    }

    function test_RevertWhen_SignedForAnotherPayment() public {
        uint256 salt = payment.salt;
        payment.salt = OTHER_SALT;
        bytes memory data = refundData(receiver, PART, DEADLINE);
        payment.salt = salt;
        _refuses(data, "FiatTokenV2: invalid signature");
    }

    function test_RevertWhen_SignedForAnotherChain() public {
        signedChainId = 1;
        _refuses(refundData(receiver, PART, DEADLINE), "FiatTokenV2: invalid signature");
    }

    function test_RevertWhen_SignedForAnotherCollector() public {
        refundCollector = stranger.addr;
        _refuses(refundData(receiver, PART, DEADLINE), "FiatTokenV2: invalid signature");
    }

    function test_RevertWhen_TheFunderIsNotTheSigner() public {
        bytes32 nonce = refundNonce(sponsor.addr, PART, 1, DEADLINE);
        bytes memory signature = signTransfer(receiver, refundCollector, PART, DEADLINE + 1, nonce);
        _refuses(_encode(sponsor.addr, 1, DEADLINE, signature), "FiatTokenV2: invalid signature");
    }

    function test_RevertWhen_TheSaltIsNotTheSignedOne() public {
        bytes32 nonce = refundNonce(receiver.addr, PART, 1, DEADLINE);
        bytes memory signature = signTransfer(receiver, refundCollector, PART, DEADLINE + 1, nonce);
        _refuses(_encode(receiver.addr, 2, DEADLINE, signature), "FiatTokenV2: invalid signature");
    }

    function test_RevertWhen_TheDeadlineIsNotTheSignedOne() public {
        bytes32 nonce = refundNonce(receiver.addr, PART, 1, DEADLINE);
        bytes memory signature = signTransfer(receiver, refundCollector, PART, DEADLINE + 1, nonce);
        _refuses(_encode(receiver.addr, 1, DEADLINE + 1, signature), "FiatTokenV2: invalid signature");
    }

    function test_RevertWhen_Permit2IsSignedForAnotherPayment() public {
        uint256 salt = payment.salt;
        payment.salt = OTHER_SALT;
        bytes memory data = refundDataByPermit2(receiver, PART, DEADLINE);
        payment.salt = salt;
        _refuses(data, abi.encodeWithSignature("InvalidSigner()"));
    }

    function test_AnAllowanceToTheCollectorIsNeverUsed() public {
        vm.prank(receiver.addr);
        USDC.approve(address(collector), type(uint256).max);
        _refuses(_encode(receiver.addr, 1, DEADLINE, new bytes(65)), "ECRecover: invalid signature 'v' value");
    }

    /* INTERNAL */

    function _refusesMethod(uint8 method) private {
        bytes memory data = abi.encode(method, receiver.addr, uint256(1), DEADLINE, new bytes(65));
        _refuses(data, abi.encodeWithSelector(ISignedRefundCollector.InvalidMethod.selector, method));
    }

    function _encode(
        address funder,
        uint256 salt,
        uint48 deadline,
        bytes memory signature
    ) private pure returns (bytes memory) {
        return abi.encode(uint8(1), funder, salt, deadline, signature);
    }
}

contract CollectTokensOnV10Test is CollectTokensTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
