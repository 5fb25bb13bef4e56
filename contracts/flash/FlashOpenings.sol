// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../interfaces/IFlashSettlement.sol";
import {TokenFunding} from "../libraries/TokenFunding.sol";
import {EscrowWords} from "./EscrowWords.sol";
import {FlashHashing} from "./FlashHashing.sol";
import {FlashStorage} from "./FlashStorage.sol";

/// @title How an escrow is opened, filled and prolonged
/// @notice By the client's call or signature, funded by allowance, ERC-3009 or Permit2.
abstract contract FlashOpenings is FlashStorage {
    using EscrowWords for uint256;
    using FlashHashing for OpenEscrow;
    using FlashHashing for TopUp;
    using FlashHashing for ExtendEscrow;

    uint256 private constant MIN_CLOSE_DELAY = 60 seconds;
    uint256 private constant MAX_CLOSE_DELAY = 30 days;

    /// @dev `unlockAt` of an escrow that only a close ends.
    uint256 private constant NEVER = type(uint40).max;

    /// @inheritdoc IFlashSettlement
    function openEscrow(address server, address token, uint256 amount, uint64 ttlSeconds) external nonReentrant {
        // Check, effect:
        uint256 closeDelay = ttlSeconds == 0 || ttlSeconds > MAX_CLOSE_DELAY ? MAX_CLOSE_DELAY : ttlSeconds;
        _open(msg.sender, server, token, amount, ttlSeconds, closeDelay, msg.sender);
        _namePairToken(server, token);

        // Interaction:
        TokenFunding.pull(token, msg.sender, amount);
    }

    /// @inheritdoc IFlashSettlement
    function openEscrowWithTerms(
        OpenEscrow calldata terms,
        bytes calldata signature,
        Funding calldata funding
    ) external nonReentrant {
        address client = terms.client;
        bytes32 structHash = terms.hash();

        // Check:
        _checkDeadline(terms.deadline);
        if (funding.method != FundingMethod.Allowance) {
            if (signature.length != 0) revert BadTerms(Term.Funding);
        } else if (msg.sender != client) {
            _checkSignature(client, structHash, signature);
        }

        // Effect:
        uint256 epoch = _open(
            client,
            terms.server,
            terms.token,
            terms.amount,
            terms.ttlSeconds,
            terms.closeDelay,
            terms.signer == address(0) ? client : terms.signer
        );
        if (terms.epoch != epoch) revert WrongEpoch(terms.epoch, epoch);

        // Interaction:
        _fund(
            funding,
            client,
            terms.token,
            terms.amount,
            terms.deadline,
            structHash,
            FlashHashing.OPEN_ESCROW_WITNESS_TYPE
        );
    }

    /// @inheritdoc IFlashSettlement
    function topUp(address server, address token, uint256 amount, uint32 epoch) external nonReentrant {
        // Check, effect:
        _topUp(msg.sender, server, token, amount, epoch);

        // Interaction:
        TokenFunding.pull(token, msg.sender, amount);
    }

    /// @inheritdoc IFlashSettlement
    function topUpWithAuthorization(TopUp calldata authorization, Funding calldata funding) external nonReentrant {
        (address client, address token) = (authorization.client, authorization.token);

        // Check: an allowance is no nonce, so anyone could pull by it again.
        _checkDeadline(authorization.deadline);
        if (funding.method == FundingMethod.Allowance) revert BadTerms(Term.Funding);

        // Effect:
        _topUp(client, authorization.server, token, authorization.amount, authorization.epoch);

        // Interaction:
        _fund(
            funding,
            client,
            token,
            authorization.amount,
            authorization.deadline,
            authorization.hash(),
            FlashHashing.TOP_UP_WITNESS_TYPE
        );
    }

    /// @inheritdoc IFlashSettlement
    function extendEscrow(address server, address token, uint32 epoch, uint40 newUnlockAt) external nonReentrant {
        _extend(msg.sender, server, token, epoch, newUnlockAt);
    }

    /// @inheritdoc IFlashSettlement
    function extendEscrowWithAuthorization(
        ExtendEscrow calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        // Check:
        _checkDeadline(authorization.deadline);
        _checkSignature(authorization.client, authorization.hash(), signature);

        // Effect:
        _extend(
            authorization.client,
            authorization.server,
            authorization.token,
            authorization.epoch,
            authorization.newUnlockAt
        );
    }

    /* INTERNAL */

    function _open(
        address client,
        address server,
        address token,
        uint256 amount,
        uint256 ttl,
        uint256 closeDelay,
        address signer
    ) private returns (uint256 epoch) {
        // Check:
        if (
            client == address(0) ||
            client == address(this) ||
            server == address(0) ||
            server == address(this) ||
            client == server
        ) revert BadTerms(Term.Parties);
        if (signer == server) revert BadTerms(Term.Signer);
        if (token.code.length == 0) revert BadTerms(Term.Token);
        _checkAmount(amount);
        if (amount > EscrowWords.MAX_AMOUNT) revert AmountTooLarge(amount, EscrowWords.MAX_AMOUNT);
        if (closeDelay < MIN_CLOSE_DELAY || closeDelay > MAX_CLOSE_DELAY) revert BadTerms(Term.CloseDelay);
        uint256 unlockAt = ttl == 0 ? NEVER : block.timestamp + ttl;
        if (unlockAt > NEVER || (ttl != 0 && closeDelay > ttl)) revert BadTerms(Term.Ttl);

        bytes32 id = _escrowId(client, server, token);
        EscrowSlots storage escrow = _escrows[id];
        uint256 flags;
        (, , epoch, flags) = escrow.terms.unpackTerms();
        if (flags != 0) revert EscrowExists(id);

        // Effect:
        escrow.money = EscrowWords.packMoney(amount, 0, unlockAt);
        escrow.terms = EscrowWords.packTerms(signer, closeDelay, epoch, EscrowWords.OPEN);
        // The words hold the three numbers in as many bits.
        emit EscrowOpened(
            id,
            client,
            server,
            token,
            amount,
            uint40(unlockAt),
            uint32(closeDelay),
            uint32(epoch),
            signer
        );
    }

    /// @dev Nobody but the client itself, and never while another token's escrow is open, changes what the original entries mean.
    function _namePairToken(address server, address token) private {
        address named = _pairTokens[msg.sender][server];
        if (named == token) return;
        if (named != address(0)) {
            if (_escrows[_escrowId(msg.sender, server, named)].terms.hasFlag(EscrowWords.OPEN)) return;
        }
        _pairTokens[msg.sender][server] = token;
    }

    function _topUp(address client, address server, address token, uint256 amount, uint256 epoch) private {
        bytes32 id = _escrowId(client, server, token);
        EscrowSlots storage escrow = _escrows[id];

        // Check:
        _checkAmount(amount);
        _checkNotClosed(_openTermsIn(escrow, epoch));
        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();
        uint256 limit = EscrowWords.MAX_AMOUNT - balance;
        if (amount > limit) revert AmountTooLarge(amount, limit);

        // Effect:
        balance += amount;
        escrow.money = EscrowWords.packMoney(balance, settled, unlockAt);
        // An open escrow's epoch has 32 bits.
        emit EscrowToppedUp(id, uint32(epoch), amount, balance);
    }

    function _extend(address client, address server, address token, uint32 epoch, uint40 newUnlockAt) private {
        bytes32 id = _escrowId(client, server, token);
        EscrowSlots storage escrow = _escrows[id];

        // Check:
        _checkNotClosed(_openTermsIn(escrow, epoch));
        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();
        if (newUnlockAt <= unlockAt) return;

        // Effect:
        escrow.money = EscrowWords.packMoney(balance, settled, newUnlockAt);
        emit EscrowExtended(id, epoch, newUnlockAt);
    }

    function _checkNotClosed(uint256 terms) private pure {
        if (terms.hasFlag(EscrowWords.CLIENT_CLOSED | EscrowWords.SERVER_CLOSED)) revert Closed();
    }

    function _fund(
        Funding calldata funding,
        address client,
        address token,
        uint256 amount,
        uint256 deadline,
        bytes32 structHash,
        string memory witnessType
    ) private {
        if (funding.method == FundingMethod.Allowance) {
            TokenFunding.pull(token, client, amount);
        } else if (funding.method == FundingMethod.Eip3009) {
            TokenFunding.pullWithEip3009(token, client, amount, deadline + 1, structHash, funding.signature);
        } else {
            TokenFunding.pullWithPermit2(token, client, amount, deadline, structHash, witnessType, funding.signature);
        }
    }
}
