// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IFlashSettlement} from "../interfaces/IFlashSettlement.sol";
import {BoundedToken} from "../libraries/BoundedToken.sol";
import {NonceBitmap} from "../libraries/NonceBitmap.sol";
import {SignatureVerification} from "../libraries/SignatureVerification.sol";
import {EscrowWords} from "./EscrowWords.sol";

/// @title State of {FlashSettlement} and the few steps that its parts share
/// @notice Escrows, credits, nonces, lanes and settlers, and how tokens come in and go out.
abstract contract FlashStorage is IFlashSettlement, EIP712, ReentrancyGuardTransient {
    using EscrowWords for uint256;
    using NonceBitmap for mapping(uint256 word => uint256 bits);

    /// @dev One escrow; see {EscrowWords}.
    struct EscrowSlots {
        // slot 0
        uint256 money;
        // slot 1
        uint256 terms;
    }

    /// @dev Who else may consume a server's payments.
    struct Settler {
        // slot 0
        uint40 validUntil;
        uint64 sequence;
    }

    /* STORAGE */

    mapping(bytes32 id => EscrowSlots escrow) internal _escrows;

    /// @dev Bit `nonce % 256` of word `epoch << 56 | nonce / 256`: signed payments.
    mapping(bytes32 id => mapping(uint256 word => uint256 bits)) internal _paymentNonces;

    /// @dev Keyed by `epoch << 64 | lane`.
    mapping(bytes32 id => mapping(uint256 epochLane => uint256 settled)) internal _tabs;

    /// @dev Keyed by (id, amount, nonce, deadline, epoch): signed transactions.
    mapping(bytes32 content => bool isUsed) internal _transactions;

    mapping(address account => mapping(address token => uint256 amount)) internal _credits;

    mapping(address server => mapping(address settler => Settler right)) internal _settlers;

    /// @dev Nonces of releases and credit withdrawals.
    mapping(address account => mapping(uint256 word => uint256 bits)) internal _accountNonces;

    /// @dev The token that the original entries mean, which name none.
    mapping(address client => mapping(address server => address token)) internal _pairTokens;

    constructor() EIP712("x402 Flash Settlement", "1") {}

    /* INTERNAL: CHECKS */

    function _escrowId(address client, address server, address token) internal pure returns (bytes32) {
        return keccak256(abi.encode(client, server, token));
    }

    /// @dev The terms word of an open escrow.
    function _openTerms(EscrowSlots storage escrow) internal view returns (uint256 terms) {
        terms = escrow.terms;
        if (!terms.hasFlag(EscrowWords.OPEN)) revert NoEscrow();
    }

    /// @dev The terms word of an escrow that is open in `epoch`.
    function _openTermsIn(EscrowSlots storage escrow, uint256 epoch) internal view returns (uint256 terms) {
        terms = _openTerms(escrow);
        uint256 current = terms.epochOf();
        if (epoch != current) revert WrongEpoch(epoch, current);
    }

    function _checkDeadline(uint256 deadline) internal view {
        if (block.timestamp > deadline) revert Expired(deadline, block.timestamp);
    }

    function _checkAmount(uint256 amount) internal pure {
        if (amount == 0) revert BadTerms(Term.Amount);
    }

    function _checkReceiver(address to) internal view {
        if (to == address(0) || to == address(this)) revert BadTerms(Term.Receiver);
    }

    function _checkSignature(address expected, bytes32 structHash, bytes calldata signature) internal view {
        if (!SignatureVerification.isValid(expected, _hashTypedDataV4(structHash), signature)) {
            revert BadSignature(expected);
        }
    }

    /* INTERNAL: EFFECTS */

    function _consumeAccountNonce(address account, uint256 nonce) internal {
        if (!_accountNonces[account].consume(bytes32(nonce))) revert NonceUsed(nonce);
    }

    /* INTERNAL: INTERACTIONS */

    /// @dev Pays `to` what belongs to `owner`; where the token refuses, `owner` is credited.
    function _push(address owner, address token, address to, uint256 amount) internal {
        if (amount == 0 || BoundedToken.tryTransfer(token, to, amount)) return;
        // After the call, because it depends on the answer; every entry is locked meanwhile.
        _credits[owner][token] += amount;
        emit Credited(owner, token, amount);
    }
}
