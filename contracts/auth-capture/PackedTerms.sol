// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibClone} from "solady/src/utils/LibClone.sol";

import {ITermsOperatorCommon} from "../interfaces/ITermsOperatorCommon.sol";

/// @title Terms as the immutable arguments of an operator
/// @notice Packs terms into 111 bytes of an operator's code, and reads single members without unpacking the rest.
/// @dev The members in their order, without padding:
///
/// | byte | 0          | 20      | 40          | 60     | 62          | 66       | 70            | 74      | 78    | 79   |
/// |      | authorizer | arbiter | feeReceiver | feeBps | releaseLead | ruleLead | disputeWindow | maxHold | flags | salt |
library PackedTerms {
    /// @dev 111 bytes.
    uint256 internal constant LENGTH = 111;

    uint256 internal constant CHARGE_FLOW = 1;
    uint256 internal constant DISPUTE_DEFAULT_RECEIVER = 2;

    /// @dev Where a word starts whose lowest bytes are the member: all that is above it is another member's and is cut off.
    uint256 private constant ARBITER = 8;
    uint256 private constant FEE_RECEIVER = 28;
    uint256 private constant NUMBERS = 47;
    uint256 private constant SALT = 79;

    /// @notice Packs terms.
    /// @param terms The rules of an operator.
    /// @return {LENGTH} bytes.
    function pack(ITermsOperatorCommon.Terms calldata terms) internal pure returns (bytes memory) {
        return
            abi.encodePacked(
                abi.encodePacked(terms.authorizer, terms.arbiter, terms.feeReceiver, terms.feeBps),
                abi.encodePacked(terms.releaseLead, terms.ruleLead, terms.disputeWindow, terms.maxHold),
                abi.encodePacked(terms.flags, terms.salt)
            );
    }

    /// @notice Unpacks terms.
    /// @param packed {LENGTH} bytes.
    /// @return terms The rules of an operator.
    function unpack(bytes memory packed) internal pure returns (ITermsOperatorCommon.Terms memory terms) {
        // Every member is as wide as what was packed.
        terms.authorizer = authorizer(packed);
        terms.arbiter = arbiter(packed);
        terms.feeReceiver = feeReceiver(packed);
        terms.feeBps = uint16(feeBps(packed));
        terms.releaseLead = uint32(releaseLead(packed));
        terms.ruleLead = uint32(ruleLead(packed));
        terms.disputeWindow = uint32(disputeWindow(packed));
        terms.maxHold = uint32(maxHold(packed));
        terms.flags = uint8(flags(packed));
        terms.salt = LibClone.argLoad(packed, SALT);
    }

    /// @notice A member of the terms.
    /// @param packed {LENGTH} bytes.
    /// @return Zero for the receiver of each payment.
    function authorizer(bytes memory packed) internal pure returns (address) {
        return address(bytes20(LibClone.argLoad(packed, 0)));
    }

    /// @notice A member of the terms.
    /// @param packed {LENGTH} bytes.
    /// @return Zero for nobody.
    function arbiter(bytes memory packed) internal pure returns (address) {
        return address(uint160(uint256(LibClone.argLoad(packed, ARBITER))));
    }

    /// @notice A member of the terms.
    /// @param packed {LENGTH} bytes.
    /// @return Zero for nobody.
    function feeReceiver(bytes memory packed) internal pure returns (address) {
        return address(uint160(uint256(LibClone.argLoad(packed, FEE_RECEIVER))));
    }

    /// @notice A member of the terms.
    /// @param packed {LENGTH} bytes.
    /// @return Basis points (1/10 000).
    function feeBps(bytes memory packed) internal pure returns (uint256) {
        return uint16(_numbers(packed) >> 136);
    }

    /// @notice A member of the terms.
    /// @param packed {LENGTH} bytes.
    /// @return Seconds.
    function releaseLead(bytes memory packed) internal pure returns (uint256) {
        return uint32(_numbers(packed) >> 104);
    }

    /// @notice A member of the terms.
    /// @param packed {LENGTH} bytes.
    /// @return Seconds.
    function ruleLead(bytes memory packed) internal pure returns (uint256) {
        return uint32(_numbers(packed) >> 72);
    }

    /// @notice A member of the terms.
    /// @param packed {LENGTH} bytes.
    /// @return Seconds.
    function disputeWindow(bytes memory packed) internal pure returns (uint256) {
        return uint32(_numbers(packed) >> 40);
    }

    /// @notice A member of the terms.
    /// @param packed {LENGTH} bytes.
    /// @return Seconds.
    function maxHold(bytes memory packed) internal pure returns (uint256) {
        return uint32(_numbers(packed) >> 8);
    }

    /// @notice A member of the terms.
    /// @param packed {LENGTH} bytes.
    /// @return Bits.
    function flags(bytes memory packed) internal pure returns (uint256) {
        return uint8(_numbers(packed));
    }

    function _numbers(bytes memory packed) private pure returns (uint256) {
        return uint256(LibClone.argLoad(packed, NUMBERS));
    }
}
