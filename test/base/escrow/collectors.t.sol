// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IPreApprovalPaymentCollector} from "../../../contracts/interfaces/external/IPreApprovalPaymentCollector.sol";
import {ITokenCollector} from "../../../contracts/interfaces/external/ITokenCollector.sol";
import {ITokenStore} from "../../../contracts/interfaces/external/ITokenStore.sol";
import {BonusToken} from "../../mocks/BonusToken.sol";
import {FalseReturningToken} from "../../mocks/FalseReturningToken.sol";
import {FeeOnTransferToken} from "../../mocks/FeeOnTransferToken.sol";
import {MintableToken} from "../../mocks/MintableToken.sol";
import {OwnedWallet} from "../../mocks/OwnedWallet.sol";
import {ReentrantToken} from "../../mocks/ReentrantToken.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {OnV10, OnV11} from "./Generations.sol";

/// @notice Deploys wallets, and remembers who asked.
contract WalletFactory {
    address public caller;

    function deploy(address owner) external returns (OwnedWallet wallet) {
        caller = msg.sender;
        return new OwnedWallet{salt: 0}(owner);
    }

    function predict(address owner) external view returns (address) {
        bytes memory initcode = bytes.concat(type(OwnedWallet).creationCode, abi.encode(owner));
        bytes32 hash = keccak256(abi.encodePacked(bytes1(0xff), address(this), bytes32(0), keccak256(initcode)));
        return address(uint160(uint256(hash)));
    }
}

/// @notice The collectors: where each gets tokens from, by whose consent, and that nobody but the escrow can ask them.
abstract contract CollectorsTest is EscrowTest {
    bytes32 private constant WRAPPED = 0x6492649264926492649264926492649264926492649264926492649264926492;

    /* WHO MAY ASK */

    function test_Types() external view {
        assertTrue(_type(where.erc3009Collector) == ITokenCollector.CollectorType.Payment, "ERC-3009");
        assertTrue(_type(where.permit2Collector) == ITokenCollector.CollectorType.Payment, "Permit2");
        assertTrue(_type(where.preApprovalCollector) == ITokenCollector.CollectorType.Payment, "pre-approval");
        assertTrue(_type(where.operatorRefundCollector) == ITokenCollector.CollectorType.Refund, "refund");
    }

    function test_RevertWhen_NotTheEscrowAsks() external {
        address[4] memory collectors = [
            where.erc3009Collector,
            where.permit2Collector,
            where.preApprovalCollector,
            where.operatorRefundCollector
        ];
        for (uint256 i = 0; i < collectors.length; ++i) {
            vm.expectRevert(ITokenCollector.OnlyAuthCaptureEscrow.selector);
            vm.prank(operator);
            ITokenCollector(collectors[i]).collectTokens(payment, operator, 1, "");
        }
    }

    function test_RevertWhen_NotTheEscrowAsksATokenStore() external {
        hold();
        succeeds(operator, captureCall(1e6, MIN_FEE_BPS, feeReceiver));
        address store = escrow.getTokenStore(operator);
        vm.expectRevert(ITokenStore.OnlyAuthCaptureEscrow.selector);
        vm.prank(operator);
        ITokenStore(store).sendTokens(address(USDC), operator, 1);
    }

    /* PERMIT2 */

    function test_Permit2TakesWhatIsNeeded() external {
        uint256 before = USDC.balanceOf(payer.addr);
        succeeds(operator, authorizeCall(AMOUNT - 1, where.permit2Collector));
        assertState(AMOUNT - 1, 0);
        assertBalances(0, 0, AMOUNT - 1);
        assertEq(USDC.balanceOf(payer.addr), before - (AMOUNT - 1), "payer");
    }

    /* PRE-APPROVAL */

    function test_PreApprovalTakesByAllowance() external {
        vm.expectEmit(where.preApprovalCollector);
        emit IPreApprovalPaymentCollector.PaymentPreApproved(paymentHash());
        _preApprove(payer.addr, "");
        assertTrue(IPreApprovalPaymentCollector(where.preApprovalCollector).isPreApproved(paymentHash()));
        succeeds(operator, authorizeCall(AMOUNT, where.preApprovalCollector));
        assertBalances(0, 0, AMOUNT);
    }

    function test_RevertGiven_NotPreApproved() external {
        reverts(
            operator,
            authorizeCall(AMOUNT, where.preApprovalCollector),
            abi.encodeWithSelector(IPreApprovalPaymentCollector.PaymentNotPreApproved.selector, paymentHash())
        );
    }

    function test_RevertWhen_NotThePayerPreApproves() external {
        _preApprove(operator, invalidSender(operator, payer.addr));
    }

    function test_RevertWhen_PreApprovedTooLate() external {
        vm.warp(COLLECT_UNTIL);
        _preApprove(
            payer.addr,
            abi.encodeWithSelector(
                IAuthCaptureEscrowCommon.AfterPreApprovalExpiry.selector,
                COLLECT_UNTIL,
                COLLECT_UNTIL
            )
        );
    }

    function test_RevertGiven_PreApproved() external {
        _preApprove(payer.addr, "");
        _preApprove(
            payer.addr,
            abi.encodeWithSelector(IPreApprovalPaymentCollector.PaymentAlreadyPreApproved.selector, paymentHash())
        );
    }

    function test_RevertWhen_PreApprovedAfterTheCollection() external {
        hold();
        _preApprove(
            payer.addr,
            abi.encodeWithSelector(IPreApprovalPaymentCollector.PaymentAlreadyCollected.selector, paymentHash())
        );
    }

    /* TOKENS AND COLLECTORS THAT ARE NOT AS THEY SHOULD BE */

    function test_RevertWhen_TheTokenTakesAFee() external {
        _useToken(new FeeOnTransferToken());
        _collectionFails();
    }

    function test_RevertWhen_TheTokenGivesMore() external {
        _useToken(new BonusToken());
        _collectionFails();
    }

    function test_RevertWhen_TheTokenReturnsFalse() external {
        FalseReturningToken token = new FalseReturningToken();
        _useToken(token);
        token.setFails(true);
        reverts(
            operator,
            authorizeCall(AMOUNT, where.preApprovalCollector),
            abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token)
        );
    }

    function collectTokens(
        IAuthCaptureEscrowCommon.PaymentInfo calldata,
        address,
        uint256,
        bytes calldata
    ) external pure {}

    function collectorType() external pure returns (ITokenCollector.CollectorType) {
        return ITokenCollector.CollectorType.Payment;
    }

    /// @dev This test is the collector.
    function test_RevertWhen_TheCollectorBringsNothing() external {
        reverts(
            operator,
            authorizeCall(AMOUNT, address(this)),
            abi.encodePacked(IAuthCaptureEscrowCommon.TokenCollectionFailed.selector)
        );
    }

    function test_RevertWhen_ATokenCallsBack() external {
        ReentrantToken token = new ReentrantToken();
        _useToken(token);
        bytes[5] memory calls = [
            authorizeCall(1, where.preApprovalCollector),
            captureCall(1, MIN_FEE_BPS, feeReceiver),
            voidCall(),
            reclaimCall(),
            refundCall(1, where.operatorRefundCollector)
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            token.arm(address(escrow), calls[i]);
            succeeds(operator, authorizeCall(AMOUNT, where.preApprovalCollector));
            assertEq(token.calls(), 1, "calls");
            assertEq(token.answer(), abi.encodePacked(IAuthCaptureEscrowCommon.Reentrancy.selector), "answer");
            vm.revertToStateAndDelete(snapshot);
        }
    }

    /* ERC-6492 */

    function test_Erc3009DeploysThePayersWallet() external {
        WalletFactory factory = _payByWallet();
        _authorizeWrapped(factory, where.erc3009Collector, signErc3009(payer));
        assertEq(factory.caller(), MULTICALL3, "who deployed");
        assertBalances(0, 0, AMOUNT);
    }

    function test_Permit2DeploysThePayersWallet() external {
        WalletFactory factory = _payByWallet();
        vm.prank(payment.payer);
        USDC.approve(PERMIT2, AMOUNT);
        _authorizeWrapped(factory, where.permit2Collector, signPermit2(payer));
        assertEq(factory.caller(), MULTICALL3, "who deployed");
        assertBalances(0, 0, AMOUNT);
    }

    function test_AWalletThatIsThereNeedsNoPreparation() external {
        WalletFactory factory = _payByWallet();
        factory.deploy(payer.addr);
        _authorizeWrapped(factory, where.erc3009Collector, signErc3009(payer));
        assertBalances(0, 0, AMOUNT);
    }

    /// @dev Too short to be wrapped: the token says what it thinks of it.
    function test_RevertWhen_TheSignatureIsShort() external {
        bytes memory data = abi.encodeCall(
            IAuthCaptureEscrowCommon.authorize,
            (payment, AMOUNT, where.erc3009Collector, hex"6492")
        );
        reverts(operator, data, abi.encodeWithSignature("Error(string)", "ECRecover: invalid signature length"));
    }

    /* INTERNAL */

    function _type(address collector) private view returns (ITokenCollector.CollectorType) {
        return ITokenCollector(collector).collectorType();
    }

    function _preApprove(address caller, bytes memory expected) private {
        vm.prank(caller);
        (bool ok, bytes memory answer) = where.preApprovalCollector.call(
            abi.encodeCall(IPreApprovalPaymentCollector.preApprove, (payment))
        );
        assertEq(answer, expected, "answer");
        assertEq(ok, expected.length == 0, "call");
    }

    /// @dev The payer has some of the token, and has approved the payment.
    function _useToken(MintableToken token) private {
        payment.token = address(token);
        token.mint(payer.addr, AMOUNT);
        vm.prank(payer.addr);
        token.approve(where.preApprovalCollector, AMOUNT);
        _preApprove(payer.addr, "");
    }

    function _collectionFails() private {
        reverts(
            operator,
            authorizeCall(AMOUNT, where.preApprovalCollector),
            abi.encodePacked(IAuthCaptureEscrowCommon.TokenCollectionFailed.selector)
        );
    }

    /// @dev The payer becomes a wallet that is not there yet, and that the payer's key owns.
    function _payByWallet() private returns (WalletFactory factory) {
        factory = new WalletFactory();
        payment.payer = factory.predict(payer.addr);
        fundUsdc(payment.payer, AMOUNT);
    }

    function _authorizeWrapped(WalletFactory factory, address collector, bytes memory signature) private {
        bytes memory preparation = abi.encodeCall(WalletFactory.deploy, (payer.addr));
        bytes memory wrapped = bytes.concat(abi.encode(factory, preparation, signature), WRAPPED);
        succeeds(operator, abi.encodeCall(IAuthCaptureEscrowCommon.authorize, (payment, AMOUNT, collector, wrapped)));
    }
}

contract CollectorsOnV11Test is CollectorsTest, OnV11 {}

contract CollectorsOnV10Test is CollectorsTest, OnV10 {}
