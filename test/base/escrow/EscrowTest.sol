// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {Actor} from "../../helpers/Test.sol";
import {CommerceChain} from "../CommerceChain.sol";
import {IUsdc} from "../IUsdc.sol";

/// @notice Base of the tests of the local AuthCaptureEscrow, which run on both generations: a payment, its parties with funds and
/// approvals, the payer's signatures, and calls whose answer is compared word for word.
abstract contract EscrowTest is CommerceChain {
    /// @dev The time that {BaseChain} starts at.
    uint48 internal constant NOW = 1_800_000_000;
    uint48 internal constant COLLECT_UNTIL = NOW + 1 hours;
    uint48 internal constant CAPTURE_UNTIL = NOW + 2 hours;
    uint48 internal constant REFUND_UNTIL = NOW + 1 days;

    /// @dev What the payment is about, token base units.
    uint120 internal constant AMOUNT = 10e6;
    uint16 internal constant MIN_FEE_BPS = 100;
    uint16 internal constant MAX_FEE_BPS = 500;

    uint256 private constant FUNDS = 1_000_000e6;
    uint256 private constant TOO_MUCH = uint256(type(uint120).max) + 1;

    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)TokenPermissions(address token,uint256 amount)"
    );
    bytes32 private constant PERMISSIONS_TYPEHASH = keccak256("TokenPermissions(address token,uint256 amount)");

    Commerce internal where;
    IAuthCaptureEscrowCommon internal escrow;

    /// @dev A test changes it before it calls.
    IAuthCaptureEscrowCommon.PaymentInfo internal payment;

    Actor internal payer;
    address internal operator;
    address internal receiver;
    address internal feeReceiver;
    address internal stranger;

    function setUp() public virtual override {
        super.setUp();
        where = generation();
        escrow = IAuthCaptureEscrowCommon(where.escrow);
        payer = makeActor("payer");
        operator = makeAddr("operator");
        receiver = makeAddr("receiver");
        feeReceiver = makeAddr("fee receiver");
        stranger = makeAddr("stranger");
        payment = IAuthCaptureEscrowCommon.PaymentInfo({
            operator: operator,
            payer: payer.addr,
            receiver: receiver,
            token: address(USDC),
            maxAmount: AMOUNT,
            preApprovalExpiry: COLLECT_UNTIL,
            authorizationExpiry: CAPTURE_UNTIL,
            refundExpiry: REFUND_UNTIL,
            minFeeBps: MIN_FEE_BPS,
            maxFeeBps: MAX_FEE_BPS,
            feeReceiver: feeReceiver,
            salt: 1
        });
        _fund(payer.addr, PERMIT2);
        _fund(payer.addr, where.preApprovalCollector);
        _fund(operator, where.operatorRefundCollector);
    }

    /* THE GENERATION */

    function generation() internal pure virtual returns (Commerce memory);

    /// @dev `charge` of {payment} by ERC-3009, with a fee of so many basis points of the amount, rounded down.
    function chargeCall(
        uint256 amount,
        address collector,
        uint16 feeBps,
        address to
    ) internal view virtual returns (bytes memory);

    function captureCall(uint256 amount, uint16 feeBps, address to) internal view virtual returns (bytes memory);

    /// @dev What a fee outside the bounds of {payment} is answered with.
    function feeOutOfRange(uint256 amount, uint16 feeBps) internal view virtual returns (bytes memory);

    /* CALLS */

    function authorizeCall(uint256 amount, address collector) internal view returns (bytes memory) {
        bytes memory data = collector == where.permit2Collector ? signPermit2(payer) : signErc3009(payer);
        return abi.encodeCall(IAuthCaptureEscrowCommon.authorize, (payment, amount, collector, data));
    }

    function refundCall(uint256 amount, address collector) internal view returns (bytes memory) {
        return abi.encodeCall(IAuthCaptureEscrowCommon.refund, (payment, amount, collector, ""));
    }

    function voidCall() internal view returns (bytes memory) {
        return abi.encodeCall(IAuthCaptureEscrowCommon.void, (payment));
    }

    function reclaimCall() internal view returns (bytes memory) {
        return abi.encodeCall(IAuthCaptureEscrowCommon.reclaim, (payment));
    }

    /// @dev Collects {payment} in full and holds it.
    function hold() internal {
        succeeds(operator, authorizeCall(payment.maxAmount, where.erc3009Collector));
    }

    function succeeds(address caller, bytes memory data) internal {
        vm.prank(caller);
        (bool ok, bytes memory answer) = address(escrow).call(data);
        assertEq(answer, "", "answer");
        assertTrue(ok, "call");
    }

    function reverts(address caller, bytes memory data, bytes memory expected) internal {
        vm.prank(caller);
        (bool ok, bytes memory answer) = address(escrow).call(data);
        assertEq(answer, expected, "answer");
        assertFalse(ok, "call");
    }

    /* SIGNATURES OF THE PAYER */

    function signErc3009(Actor memory signer) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                RECEIVE_TYPEHASH,
                payment.payer,
                where.erc3009Collector,
                payment.maxAmount,
                0,
                payment.preApprovalExpiry,
                payerAgnosticHash()
            )
        );
        return sign(signer, keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), structHash)));
    }

    function signPermit2(Actor memory signer) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                PERMIT_TYPEHASH,
                keccak256(abi.encode(PERMISSIONS_TYPEHASH, payment.token, payment.maxAmount)),
                where.permit2Collector,
                payerAgnosticHash(),
                payment.preApprovalExpiry
            )
        );
        return sign(signer, keccak256(abi.encodePacked(hex"1901", IUsdc(PERMIT2).DOMAIN_SEPARATOR(), structHash)));
    }

    function payerAgnosticHash() internal view returns (bytes32) {
        IAuthCaptureEscrowCommon.PaymentInfo memory agnostic = payment;
        agnostic.payer = address(0);
        return escrow.getHash(agnostic);
    }

    function paymentHash() internal view returns (bytes32) {
        return escrow.getHash(payment);
    }

    /* BOOKS */

    function assertState(uint256 capturable, uint256 refundable) internal view {
        (bool collected, uint120 held, uint120 captured) = escrow.paymentState(paymentHash());
        assertTrue(collected, "collected");
        assertEq(held, capturable, "capturable");
        assertEq(captured, refundable, "refundable");
    }

    /// @dev Of the parties that begin with nothing, and of the token store.
    function assertBalances(uint256 ofReceiver, uint256 ofFeeReceiver, uint256 ofStore) internal view {
        assertEq(USDC.balanceOf(receiver), ofReceiver, "receiver");
        assertEq(USDC.balanceOf(feeReceiver), ofFeeReceiver, "fee receiver");
        assertEq(USDC.balanceOf(escrow.getTokenStore(operator)), ofStore, "token store");
        assertEq(USDC.balanceOf(where.erc3009Collector), 0, "collector");
        assertEq(USDC.balanceOf(address(escrow)), 0, "escrow");
    }

    /// @dev More than fits a state.
    function tooMuch() internal pure returns (uint256 amount, bytes memory answer) {
        answer = abi.encodeWithSelector(IAuthCaptureEscrowCommon.AmountOverflow.selector, TOO_MUCH, type(uint120).max);
        return (TOO_MUCH, answer);
    }

    function invalidSender(address sender, address expected) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAuthCaptureEscrowCommon.InvalidSender.selector, sender, expected);
    }

    function _fund(address account, address spender) private {
        fundUsdc(account, FUNDS);
        vm.prank(account);
        USDC.approve(spender, type(uint256).max);
    }
}
