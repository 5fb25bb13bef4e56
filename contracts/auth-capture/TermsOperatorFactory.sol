// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibClone} from "solady/src/utils/LibClone.sol";

import {ITermsOperatorCommon} from "../interfaces/ITermsOperatorCommon.sol";
import {ITermsOperatorFactory} from "../interfaces/ITermsOperatorFactory.sol";
import {CanonicalEscrow} from "./CanonicalEscrow.sol";
import {PackedTerms} from "./PackedTerms.sol";
import {TermsOperator} from "./TermsOperator.sol";
import {TermsOperatorV1_0} from "./TermsOperatorV1_0.sol";

/// @title Deploys and predicts operators; see {ITermsOperatorFactory}
/// @notice One for both generations of the escrow; it deploys the two implementations that operators are clones of.
/// @dev No function calls foreign code and there is no storage, so nothing is locked against reentrancy.
contract TermsOperatorFactory is ITermsOperatorFactory {
    using PackedTerms for ITermsOperatorCommon.Terms;

    /* CONSTANTS */

    uint256 private constant MAX_FLAGS = PackedTerms.CHARGE_FLOW | PackedTerms.DISPUTE_DEFAULT_RECEIVER;
    uint256 private constant BPS = 10_000;

    /// @dev Least time for the payer to dispute, for the arbiter to rule and for the push of a due hold, seconds.
    uint256 private constant MIN_WINDOW = 1 hours;

    /// @dev The arguments commit to the terms; {ITermsOperatorCommon-Terms} has a salt of its own.
    bytes32 private constant CREATE2_SALT = 0;

    /// @dev Length of a clone's code without its arguments, bytes.
    uint256 private constant CLONE_LENGTH = 45;

    /* IMMUTABLES */

    address private immutable OPERATOR;
    address private immutable OPERATOR_V1_0;

    /* CONSTRUCTOR */

    /// @notice Deploys the two implementations, in this order, so that their addresses follow from the factory's.
    /// @param refundCollector The SignedRefundCollector of escrow v1.1, at the same address on every chain.
    /// @param refundCollectorOnV10 The SignedRefundCollector of escrow v1.0, at the same address on every chain.
    constructor(address refundCollector, address refundCollectorOnV10) {
        OPERATOR = address(new TermsOperator(refundCollector));
        OPERATOR_V1_0 = address(new TermsOperatorV1_0(refundCollectorOnV10));
    }

    /// @inheritdoc ITermsOperatorFactory
    function deploy(ITermsOperatorCommon.Terms calldata terms, address escrow) external returns (address operator) {
        // Check:
        address implementation = _implementationFor(escrow);
        _checkTerms(terms);

        // Effect:
        bool isDeployed;
        (isDeployed, operator) = LibClone.createDeterministicClone(implementation, terms.pack(), CREATE2_SALT);
        if (!isDeployed) emit OperatorDeployed(operator, keccak256(abi.encode(terms)), escrow, terms);
    }

    /* VIEWS */

    /// @inheritdoc ITermsOperatorFactory
    function predict(ITermsOperatorCommon.Terms calldata terms, address escrow) external view returns (address) {
        address implementation = _implementationFor(escrow);
        _checkTerms(terms);
        return _predict(implementation, terms.pack());
    }

    /// @inheritdoc ITermsOperatorFactory
    function isOperator(address account) external view returns (bool) {
        if (account.code.length != CLONE_LENGTH + PackedTerms.LENGTH) return false;
        bytes memory packed = LibClone.argsOnClone(account);
        return account == _predict(OPERATOR, packed) || account == _predict(OPERATOR_V1_0, packed);
    }

    /* INTERNAL */

    function _implementationFor(address escrow) private view returns (address) {
        if (escrow == CanonicalEscrow.V1_1) return OPERATOR;
        if (escrow == CanonicalEscrow.V1_0) return OPERATOR_V1_0;
        revert UnknownEscrow(escrow);
    }

    function _predict(address implementation, bytes memory packed) private view returns (address) {
        return LibClone.predictDeterministicAddress(implementation, packed, CREATE2_SALT, address(this));
    }

    function _checkTerms(ITermsOperatorCommon.Terms calldata terms) private pure {
        if (terms.flags > MAX_FLAGS) revert InvalidTerms(1);
        if (terms.feeBps >= BPS) revert InvalidTerms(2);
        if ((terms.feeBps == 0) != (terms.feeReceiver == address(0))) revert InvalidTerms(3);
        if (terms.flags & PackedTerms.CHARGE_FLOW != 0) _checkCharge(terms);
        else _checkHold(terms);
    }

    function _checkCharge(ITermsOperatorCommon.Terms calldata terms) private pure {
        if (terms.flags != PackedTerms.CHARGE_FLOW || !_isWithoutDisputes(terms) || terms.maxHold != 0) {
            revert InvalidTerms(4);
        }
    }

    function _checkHold(ITermsOperatorCommon.Terms calldata terms) private pure {
        bool isDefaultReceiver = terms.flags & PackedTerms.DISPUTE_DEFAULT_RECEIVER != 0;
        if (terms.maxHold == 0) revert InvalidTerms(5);
        if (terms.arbiter == address(0)) {
            if (!_isWithoutDisputes(terms) || isDefaultReceiver) revert InvalidTerms(6);
        } else if (
            terms.arbiter == terms.authorizer ||
            terms.disputeWindow < MIN_WINDOW ||
            terms.releaseLead < terms.ruleLead + MIN_WINDOW
        ) {
            revert InvalidTerms(7);
        }
        if (isDefaultReceiver ? terms.ruleLead < MIN_WINDOW : terms.ruleLead != 0) revert InvalidTerms(8);
        if (uint256(terms.disputeWindow) + terms.releaseLead >= terms.maxHold) revert InvalidTerms(9);
    }

    function _isWithoutDisputes(ITermsOperatorCommon.Terms calldata terms) private pure returns (bool) {
        return terms.arbiter == address(0) && terms.releaseLead == 0 && terms.ruleLead == 0 && terms.disputeWindow == 0;
    }
}
