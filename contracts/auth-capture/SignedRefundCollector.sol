// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";

import {IAuthCaptureEscrowCommon} from "../interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IERC3009} from "../interfaces/external/IERC3009.sol";
import {IPermit2} from "../interfaces/external/IPermit2.sol";
import {ITokenCollector} from "../interfaces/external/ITokenCollector.sol";
import {ISignedRefundCollector} from "../interfaces/ISignedRefundCollector.sol";
import {TokenFunding} from "../libraries/TokenFunding.sol";
import {PaymentInfoHash} from "./PaymentInfoHash.sol";

/// @title Refunds that their funder signs one by one; see {ISignedRefundCollector}
/// @notice Serves one escrow, fixed at its construction, by ERC-3009 and Permit2.
contract SignedRefundCollector is ISignedRefundCollector, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev What `collectorData` decodes to.
    struct Funding {
        address funder;
        uint256 salt;
        uint48 deadline;
        bytes signature;
    }

    /* CONSTANTS */

    bytes32 private constant SIGNED_REFUND_TYPEHASH = keccak256(
        "SignedRefund(uint256 chainId,address collector,bytes32 paymentInfoHash,address funder,address token,uint256 amount,uint256 salt,uint48 deadline)"
    );

    uint8 private constant EIP3009 = 1;
    uint8 private constant PERMIT2 = 2;

    /* IMMUTABLES */

    address private immutable ESCROW;

    /* CONSTRUCTOR */

    /// @notice Binds the collector to one escrow, for good.
    /// @param escrow Canonical AuthCaptureEscrow, v1.1 or v1.0.
    constructor(address escrow) {
        ESCROW = escrow;
    }

    /// @inheritdoc ITokenCollector
    function collectTokens(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        address tokenStore,
        uint256 amount,
        bytes calldata collectorData
    ) external nonReentrant {
        // Check:
        if (msg.sender != ESCROW) revert OnlyAuthCaptureEscrow();
        uint8 method;
        Funding memory funding;
        (method, funding.funder, funding.salt, funding.deadline, funding.signature) = abi.decode(
            collectorData,
            (uint8, address, uint256, uint48, bytes)
        );
        if (method != EIP3009 && method != PERMIT2) revert InvalidMethod(method);

        // Interaction:
        address token = paymentInfo.token;
        bytes32 nonce = _nonceOf(funding, token, amount);
        if (method == EIP3009) _pullWithEip3009(token, tokenStore, amount, nonce, funding);
        else _pullWithPermit2(token, tokenStore, amount, nonce, funding);
    }

    /* VIEWS */

    /// @inheritdoc ITokenCollector
    function collectorType() external pure returns (CollectorType) {
        return CollectorType.Refund;
    }

    /// @inheritdoc ITokenCollector
    function authCaptureEscrow() external view returns (address) {
        return ESCROW;
    }

    /* INTERNAL */

    /// @dev The nonce of the funder's authorization or permit; all that this refund is stands in it.
    function _nonceOf(Funding memory funding, address token, uint256 amount) private view returns (bytes32) {
        return
            EfficientHashLib.hash(
                SIGNED_REFUND_TYPEHASH,
                bytes32(block.chainid),
                _word(address(this)),
                PaymentInfoHash.compute(ESCROW),
                _word(funding.funder),
                _word(token),
                bytes32(amount),
                bytes32(funding.salt),
                bytes32(uint256(funding.deadline))
            );
    }

    function _pullWithEip3009(
        address token,
        address tokenStore,
        uint256 amount,
        bytes32 nonce,
        Funding memory funding
    ) private {
        IERC3009(token).receiveWithAuthorization({
            from: funding.funder,
            to: address(this),
            value: amount,
            validAfter: 0,
            validBefore: uint256(funding.deadline) + 1,
            nonce: nonce,
            signature: funding.signature
        });
        IERC20(token).safeTransfer(tokenStore, amount);
    }

    function _pullWithPermit2(
        address token,
        address tokenStore,
        uint256 amount,
        bytes32 nonce,
        Funding memory funding
    ) private {
        TokenFunding.PERMIT2.permitTransferFrom({
            permit: IPermit2.PermitTransferFrom({
                permitted: IPermit2.TokenPermissions({token: token, amount: amount}),
                nonce: uint256(nonce),
                deadline: funding.deadline
            }),
            transferDetails: IPermit2.SignatureTransferDetails({to: tokenStore, requestedAmount: amount}),
            owner: funding.funder,
            signature: funding.signature
        });
    }

    function _word(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
