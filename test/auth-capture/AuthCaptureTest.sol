// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IAuthCaptureEscrow} from "../../contracts/interfaces/external/IAuthCaptureEscrow.sol";
import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IAuthCaptureEscrowV1_0} from "../../contracts/interfaces/external/IAuthCaptureEscrowV1_0.sol";
import {ITermsOperator} from "../../contracts/interfaces/ITermsOperator.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {ITermsOperatorFactory} from "../../contracts/interfaces/ITermsOperatorFactory.sol";
import {ITermsOperatorV1_0} from "../../contracts/interfaces/ITermsOperatorV1_0.sol";
import {CommerceChain} from "../base/CommerceChain.sol";
import {IUsdc} from "../base/IUsdc.sol";
import {Actor} from "../helpers/Test.sol";
import {OperatorMessages} from "./OperatorMessages.sol";

/// @notice Base of the tests of the operators: the factory and the collectors as they are deployed, parties with funds, terms of each kind, a good
/// payment, builders and signatures of every message, and books that are compared party by party.
///
/// @dev Everything is deployed from build artifacts: the settings that are shipped. A test runs on escrow v1.1; a contract that answers true to
/// {isOnV10} runs the same cases on v1.0.
abstract contract AuthCaptureTest is CommerceChain {
    /// @notice Where the tokens are, and what the escrow and the operator know of the payment.
    struct Books {
        uint256 payer;
        uint256 receiver;
        uint256 feeReceiver;
        uint256 authorizer;
        uint256 arbiter;
        uint256 sponsor;
        uint256 relayer;
        uint256 operator;
        uint256 collector;
        uint256 tokenStore;
        bool collected;
        uint256 capturable;
        uint256 refundable;
        uint256 disputedAt;
    }

    /// @dev The time that {BaseChain} starts at.
    uint48 internal constant NOW = 1_800_000_000;
    uint48 internal constant EXPIRY = NOW + 10 days;
    uint48 internal constant DEADLINE = NOW + 20 days;
    uint32 internal constant RELEASE_LEAD = 3 days;
    uint32 internal constant RULE_LEAD = 1 days;
    uint32 internal constant DISPUTE_WINDOW = 2 days;
    uint32 internal constant MAX_HOLD = 30 days;

    /// @dev W and Q of the payment.
    uint48 internal constant RELEASABLE_FROM = EXPIRY - RELEASE_LEAD;
    uint48 internal constant RULING_DEADLINE = EXPIRY - RULE_LEAD;

    /// @dev What is held, unless a test says otherwise, token base units.
    uint120 internal constant AMOUNT = 1_000_000;
    uint256 internal constant PART = 400_000;

    /// @dev Makes {payment} one that nobody has collected.
    uint256 internal constant OTHER_SALT = type(uint256).max;

    /// @dev What every party holds at the start, token base units.
    uint256 internal constant FUNDS = 1_000_000e6;

    uint16 internal constant FEE_BPS = 250;
    uint8 internal constant CHARGE_FLOW = 1;
    uint8 internal constant DISPUTE_DEFAULT_RECEIVER = 2;

    string private constant ARTIFACTS = "artifacts/contracts/auth-capture/";

    ITermsOperatorFactory internal factory;
    /// @dev Of the escrow under test, as everything below.
    address internal refundCollector;
    ITermsOperatorCommon internal operator;
    IAuthCaptureEscrowCommon.PaymentInfo internal payment;
    IERC20 internal token;

    Actor internal payer;
    Actor internal receiver;
    Actor internal authorizer;
    Actor internal arbiter;
    Actor internal sponsor;
    Actor internal stranger;
    address internal feeReceiver;
    address internal relayer;

    /// @dev Tells the payments of a test apart.
    uint256 private _payments;

    /// @dev The EIP-712 domain that messages are signed for; a test changes them to sign for another chain or contract.
    uint256 internal signedChainId;
    address internal signedContract;

    function setUp() public virtual override {
        super.setUp();
        payer = makeActor("payer");
        receiver = makeActor("receiver");
        authorizer = makeActor("authorizer");
        arbiter = makeActor("arbiter");
        sponsor = makeActor("sponsor");
        stranger = makeActor("stranger");
        feeReceiver = makeAddr("fee receiver");
        relayer = makeAddr("relayer");
        token = IERC20(address(USDC));
        fundUsdc(payer.addr, FUNDS);
        fundUsdc(receiver.addr, FUNDS);
        fundUsdc(sponsor.addr, FUNDS);
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank([payer.addr, receiver.addr, sponsor.addr][i]);
            USDC.approve(PERMIT2, type(uint256).max);
        }

        address collector = deployArtifact("SignedRefundCollector", abi.encode(ESCROW));
        address collectorOnV10 = deployArtifact("SignedRefundCollector", abi.encode(ESCROW_V1_0));
        refundCollector = isOnV10() ? collectorOnV10 : collector;
        factory = ITermsOperatorFactory(deployArtifact("TermsOperatorFactory", abi.encode(collector, collectorOnV10)));
        signedChainId = BASE_CHAIN_ID;
    }

    /* GENERATION */

    /// @dev Whether the tests run on escrow v1.0.
    function isOnV10() internal pure virtual returns (bool) {
        return false;
    }

    function generation() internal pure returns (Commerce memory) {
        return isOnV10() ? commerceV1_0() : commerce();
    }

    function escrow() internal pure returns (IAuthCaptureEscrowCommon) {
        return IAuthCaptureEscrowCommon(generation().escrow);
    }

    /// @dev The implementation of an operator, by the nonce that the factory created it with.
    function implementationOf(ITermsOperatorFactory of_, bool onV10) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", of_, onV10 ? hex"02" : hex"01")))));
    }

    /* SET-UP */

    function deployArtifact(string memory name, bytes memory parameters) internal returns (address deployed) {
        string memory artifact = vm.readFile(string.concat(ARTIFACTS, name, ".sol/", name, ".json"));
        bytes memory initcode = bytes.concat(vm.parseJsonBytes(artifact, ".bytecode"), parameters);
        assembly {
            deployed := create(0, add(initcode, 0x20), mload(initcode))
        }
        assertGt(deployed.code.length, 0, name);
        vm.label(deployed, name);
    }

    /// @notice Deploys the operator of these terms; {operator} and a good payment for it are what a test then uses.
    function useTerms(ITermsOperatorCommon.Terms memory terms) internal {
        operator = ITermsOperatorCommon(factory.deploy(terms, address(escrow())));
        vm.label(address(operator), "operator");
        signedContract = address(operator);
        payment = IAuthCaptureEscrowCommon.PaymentInfo({
            operator: address(operator),
            payer: payer.addr,
            receiver: receiver.addr,
            token: address(token),
            maxAmount: AMOUNT,
            preApprovalExpiry: NOW + 1 hours,
            authorizationExpiry: EXPIRY,
            refundExpiry: EXPIRY + 10 days,
            minFeeBps: terms.feeBps,
            maxFeeBps: terms.feeBps,
            feeReceiver: terms.feeReceiver,
            salt: ++_payments
        });
    }

    /// @dev A plain hold with a fee.
    function holdTerms() internal view returns (ITermsOperatorCommon.Terms memory terms) {
        terms.authorizer = authorizer.addr;
        terms.feeReceiver = feeReceiver;
        terms.feeBps = FEE_BPS;
        terms.maxHold = MAX_HOLD;
    }

    /// @dev A hold whose disputes fall to the payer.
    function arbitratedTerms() internal view returns (ITermsOperatorCommon.Terms memory terms) {
        terms = holdTerms();
        terms.arbiter = arbiter.addr;
        terms.releaseLead = RELEASE_LEAD;
        terms.disputeWindow = DISPUTE_WINDOW;
    }

    /// @dev A hold whose disputes fall to the receiver.
    function defaultReceiverTerms() internal view returns (ITermsOperatorCommon.Terms memory terms) {
        terms = arbitratedTerms();
        terms.ruleLead = RULE_LEAD;
        terms.flags = DISPUTE_DEFAULT_RECEIVER;
    }

    function chargeTerms() internal view returns (ITermsOperatorCommon.Terms memory terms) {
        terms = holdTerms();
        terms.maxHold = 0;
        terms.flags = CHARGE_FLOW;
    }

    /// @notice Deploys an operator of these terms and authorizes a payment on it.
    function hold(ITermsOperatorCommon.Terms memory terms) internal {
        useTerms(terms);
        authorize();
    }

    function authorize() internal {
        bytes memory signature = signPayment();
        operator.authorize(payment, payment.maxAmount, generation().erc3009Collector, signature);
    }

    /// @notice Deploys an operator that charges, and charges {payment}.
    function chargeOnce() internal {
        useTerms(chargeTerms());
        send(address(operator), chargeData(signPayment()));
    }

    /// @notice The authorizer captures, at a time when it may.
    function capture(uint256 amount) internal {
        operator.capture(payment, amount, signCapture(amount));
    }

    function dispute() internal {
        vm.prank(payer.addr);
        operator.dispute(payment, keccak256("reason"), DEADLINE, "");
    }

    /// @dev The relayer sends a call; what it reverts with comes through.
    function send(address to, bytes memory data) internal {
        vm.prank(relayer);
        (bool ok, bytes memory answer) = to.call(data);
        if (ok) return;
        assembly {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    /// @dev {ITermsOperator-charge} of either generation, of the whole payment at the terms' fee.
    function chargeData(bytes memory collectorData) internal view returns (bytes memory) {
        uint256 fee = isOnV10() ? payment.minFeeBps : (uint256(payment.maxAmount) * payment.minFeeBps) / 10_000;
        return chargeData(payment.maxAmount, generation().erc3009Collector, collectorData, fee, payment.feeReceiver);
    }

    function chargeData(
        uint256 amount,
        address tokenCollector,
        bytes memory collectorData,
        uint256 fee,
        address to
    ) internal view returns (bytes memory) {
        bytes4 selector = isOnV10() ? ITermsOperatorV1_0.charge.selector : ITermsOperator.charge.selector;
        return abi.encodeWithSelector(selector, payment, amount, tokenCollector, collectorData, fee, to);
    }

    /* MESSAGES */

    function paymentHash() internal view returns (bytes32) {
        return escrow().getHash(payment);
    }

    /// @dev Read from the only slot of {operator}, which does not answer for another's payment.
    function isDisputed() internal view returns (bool) {
        return vm.load(address(operator), keccak256(abi.encode(paymentHash(), uint256(0)))) != 0;
    }

    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        return OperatorMessages.digest(signedChainId, signedContract, structHash);
    }

    function signStruct(Actor memory by, bytes32 structHash) internal view returns (bytes memory) {
        return sign(by, digestOf(structHash));
    }

    /// @dev The payer's ERC-3009 signature over {payment}.
    function signPayment() internal view returns (bytes memory) {
        IAuthCaptureEscrowCommon.PaymentInfo memory agnostic = payment;
        agnostic.payer = address(0);
        return
            signTransfer(
                payer,
                generation().erc3009Collector,
                payment.maxAmount,
                payment.preApprovalExpiry,
                escrow().getHash(agnostic)
            );
    }

    function signTransfer(
        Actor memory from,
        address to,
        uint256 value,
        uint256 validBefore,
        bytes32 nonce
    ) internal view returns (bytes memory) {
        bytes32 structHash = OperatorMessages.receiveHash(from.addr, to, value, validBefore, nonce);
        return sign(from, keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), structHash)));
    }

    /// @dev Struct hash of `Capture` or `CaptureAndVoid` over what is held now, at the terms' fee.
    function captureHash(string memory name, uint256 amount) internal view returns (bytes32) {
        (, uint256 capturable, uint256 refundable) = escrow().paymentState(paymentHash());
        return
            OperatorMessages.captureHash(
                name,
                isOnV10(),
                OperatorMessages.Capture({
                    paymentInfoHash: paymentHash(),
                    amount: amount,
                    fee: isOnV10() ? payment.minFeeBps : feeOf(amount),
                    feeReceiver: payment.feeReceiver,
                    capturable: capturable,
                    refundable: refundable
                })
            );
    }

    function signCapture(uint256 amount) internal view returns (bytes memory) {
        return signStruct(authorizer, captureHash("Capture", amount));
    }

    /* REFUNDS */

    /// @dev Nonce of the funder's signature over a refund of {payment}.
    function refundNonce(
        address funder,
        uint256 amount,
        uint256 salt,
        uint48 deadline
    ) internal view returns (bytes32) {
        bytes32 typehash = keccak256(
            "SignedRefund(uint256 chainId,address collector,bytes32 paymentInfoHash,address funder,address token,uint256 amount,uint256 salt,uint48 deadline)"
        );
        address collector = refundCollector;
        bytes32 head = paymentHash();
        return
            keccak256(
                abi.encode(typehash, signedChainId, collector, head, funder, payment.token, amount, salt, deadline)
            );
    }

    /// @dev `collectorData` of a refund by ERC-3009.
    function refundData(Actor memory funder, uint256 amount, uint48 deadline) internal view returns (bytes memory) {
        bytes32 nonce = refundNonce(funder.addr, amount, 1, deadline);
        bytes memory signature = signTransfer(funder, refundCollector, amount, uint256(deadline) + 1, nonce);
        return abi.encode(uint8(1), funder.addr, uint256(1), deadline, signature);
    }

    /// @dev `collectorData` of a refund by Permit2.
    function refundDataByPermit2(
        Actor memory funder,
        uint256 amount,
        uint48 deadline
    ) internal view returns (bytes memory) {
        bytes32 structHash = OperatorMessages.permitHash(
            payment.token,
            amount,
            refundCollector,
            refundNonce(funder.addr, amount, 1, deadline),
            deadline
        );
        bytes memory signature = sign(funder, permit2Digest(structHash));
        return abi.encode(uint8(2), funder.addr, uint256(1), deadline, signature);
    }

    function permit2Digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", IUsdc(PERMIT2).DOMAIN_SEPARATOR(), structHash));
    }

    function signRefund(uint256 amount) internal view returns (bytes memory) {
        (, uint256 capturable, uint256 refundable) = escrow().paymentState(paymentHash());
        return
            signStruct(
                authorizer,
                OperatorMessages.refundHash(paymentHash(), amount, refundCollector, capturable, refundable)
            );
    }

    /// @notice The receiver pays part of what it got back.
    function refund(uint256 amount) internal {
        operator.refund(payment, amount, refundCollector, refundData(receiver, amount, DEADLINE), signRefund(amount));
    }

    /// @dev The fee of {payment}, token base units.
    function feeOf(uint256 amount) internal view returns (uint256) {
        return (amount * payment.minFeeBps) / 10_000;
    }

    /* BOOKS */

    function books() internal view returns (Books memory now_) {
        now_.payer = token.balanceOf(payer.addr);
        now_.receiver = token.balanceOf(receiver.addr);
        now_.feeReceiver = token.balanceOf(feeReceiver);
        now_.authorizer = token.balanceOf(authorizer.addr);
        now_.arbiter = token.balanceOf(arbiter.addr);
        now_.sponsor = token.balanceOf(sponsor.addr);
        now_.relayer = token.balanceOf(relayer);
        now_.operator = token.balanceOf(address(operator));
        now_.collector = token.balanceOf(refundCollector);
        now_.tokenStore = token.balanceOf(escrow().getTokenStore(address(operator)));
        ITermsOperatorCommon.Status memory status = operator.statusOf(payment);
        now_.collected = status.collected;
        now_.capturable = status.capturable;
        now_.refundable = status.refundable;
        now_.disputedAt = status.disputedAt;
    }

    function assertBooks(Books memory expected) internal view {
        Books memory actual = books();
        assertEq(actual.payer, expected.payer, "payer");
        assertEq(actual.receiver, expected.receiver, "receiver");
        assertEq(actual.feeReceiver, expected.feeReceiver, "fee receiver");
        assertEq(actual.authorizer, expected.authorizer, "authorizer");
        assertEq(actual.arbiter, expected.arbiter, "arbiter");
        assertEq(actual.sponsor, expected.sponsor, "sponsor");
        assertEq(actual.relayer, expected.relayer, "relayer");
        assertEq(actual.operator, expected.operator, "operator");
        assertEq(actual.collector, expected.collector, "refund collector");
        assertEq(actual.tokenStore, expected.tokenStore, "token store");
        assertEq(actual.collected, expected.collected, "collected");
        assertEq(actual.capturable, expected.capturable, "capturable");
        assertEq(actual.refundable, expected.refundable, "refundable");
        assertEq(actual.disputedAt, expected.disputedAt, "disputedAt");
    }

    /// @dev The books after a capture of `amount`.
    function booksAfterCapture(Books memory from, uint256 amount) internal view returns (Books memory) {
        uint256 fee = feeOf(amount);
        from.receiver += amount - fee;
        from.feeReceiver += fee;
        from.tokenStore -= amount;
        from.capturable -= amount;
        from.refundable += amount;
        return from;
    }

    /// @dev The books after a void of all that is held.
    function booksAfterVoid(Books memory from) internal pure returns (Books memory) {
        from.payer += from.capturable;
        from.tokenStore -= from.capturable;
        from.capturable = 0;
        return from;
    }

    /* EXPECTATIONS */

    function expectRevert(bytes4 selector) internal {
        vm.expectRevert(abi.encodeWithSelector(selector));
    }

    function expectRevert(bytes4 selector, uint256 first) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, first));
    }

    function expectRevert(bytes4 selector, uint256 first, uint256 second) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, first, second));
    }

    function expectRevert(bytes4 selector, address first) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, first));
    }

    function expectInvalidSignature(address expected) internal {
        expectRevert(ITermsOperatorCommon.InvalidSignature.selector, expected);
    }

    /// @dev The escrow's error for a verb that comes too late.
    function expectTooLate(uint48 expiry) internal {
        bytes4 selector = IAuthCaptureEscrowCommon.AfterAuthorizationExpiry.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, vm.getBlockTimestamp(), expiry));
    }

    /// @dev The next event of the operator, with all topics and data.
    function expectOperatorEvent() internal {
        vm.expectEmit(true, true, true, true, address(operator));
    }

    function expectCaptured(uint256 amount) internal {
        vm.expectEmit(true, true, true, true, address(escrow()));
        if (isOnV10()) {
            emit IAuthCaptureEscrowV1_0.PaymentCaptured(paymentHash(), amount, payment.minFeeBps, payment.feeReceiver);
        } else {
            emit IAuthCaptureEscrow.PaymentCaptured(paymentHash(), amount, feeOf(amount), payment.feeReceiver);
        }
    }

    function expectVoided(uint256 amount) internal {
        vm.expectEmit(true, true, true, true, address(escrow()));
        emit IAuthCaptureEscrowCommon.PaymentVoided(paymentHash(), amount);
    }
}
