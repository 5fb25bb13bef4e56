// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IFlashSettlement} from "../interfaces/IFlashSettlement.sol";
import {EscrowWords} from "./EscrowWords.sol";
import {FlashHashing} from "./FlashHashing.sol";
import {FlashStorage} from "./FlashStorage.sol";

/// @title How money leaves other than by a collection
/// @notice Closes, releases, refunds and withdrawals of credit.
abstract contract FlashExits is FlashStorage {
    using EscrowWords for uint256;
    using FlashHashing for CloseEscrow;
    using FlashHashing for ReleaseEscrow;
    using FlashHashing for WithdrawCredit;
    using SafeERC20 for IERC20;

    /// @inheritdoc IFlashSettlement
    function clientCloseEscrow(address server) external nonReentrant {
        address token = _pairTokens[msg.sender][server];
        uint256 epoch = _escrows[_escrowId(msg.sender, server, token)].terms.epochOf();
        _close(msg.sender, server, token, epoch, false);
    }

    /// @inheritdoc IFlashSettlement
    function serverCloseEscrow(address client) external nonReentrant {
        address token = _pairTokens[client][msg.sender];
        uint256 epoch = _escrows[_escrowId(client, msg.sender, token)].terms.epochOf();
        _close(client, msg.sender, token, epoch, true);
    }

    /// @inheritdoc IFlashSettlement
    function closeEscrow(address client, address server, address token, uint32 epoch) external nonReentrant {
        if (msg.sender != client && msg.sender != server) revert NotServer(msg.sender);
        _close(client, server, token, epoch, msg.sender == server);
    }

    /// @inheritdoc IFlashSettlement
    function closeEscrowWithAuthorization(
        CloseEscrow calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        (address client, address server, bool byServer) = (
            authorization.client,
            authorization.server,
            authorization.byServer
        );

        // Check:
        _checkDeadline(authorization.deadline);
        _checkSignature(byServer ? server : client, authorization.hash(), signature);

        // Effect, interaction:
        _close(client, server, authorization.token, authorization.epoch, byServer);
    }

    /// @inheritdoc IFlashSettlement
    function finalizeClose(address client, address server, address token) external nonReentrant {
        bytes32 id = _escrowId(client, server, token);
        EscrowSlots storage escrow = _escrows[id];

        // Check:
        if (!_openTerms(escrow).hasFlag(EscrowWords.CLIENT_CLOSED)) revert NotClosed();
        _checkUnlocked(escrow);

        // Effect, interaction:
        _refund(id, client, token, client);
    }

    /// @inheritdoc IFlashSettlement
    function withdrawEscrow(address server, address token, address to) external nonReentrant {
        bytes32 id = _escrowId(msg.sender, server, token);
        EscrowSlots storage escrow = _escrows[id];

        // Check:
        _checkReceiver(to);
        _openTerms(escrow);
        _checkUnlocked(escrow);

        // Effect, interaction:
        _refund(id, msg.sender, token, to);
    }

    /// @inheritdoc IFlashSettlement
    function releaseEscrow(address client, address token, uint32 epoch, uint256 amount) external nonReentrant {
        _release(client, msg.sender, token, epoch, amount);
    }

    /// @inheritdoc IFlashSettlement
    function releaseEscrowWithAuthorization(
        ReleaseEscrow calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        address server = authorization.server;

        // Check:
        _checkDeadline(authorization.deadline);
        _checkSignature(server, authorization.hash(), signature);

        // Effect, interaction:
        _consumeAccountNonce(server, authorization.nonce);
        _release(authorization.client, server, authorization.token, authorization.epoch, authorization.amount);
    }

    /// @inheritdoc IFlashSettlement
    function withdrawCredit(address token, address to, uint256 amount) external nonReentrant {
        _withdrawCredit(msg.sender, token, to, amount);
    }

    /// @inheritdoc IFlashSettlement
    function withdrawCreditWithAuthorization(
        WithdrawCredit calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        address account = authorization.account;

        // Check:
        _checkDeadline(authorization.deadline);
        _checkSignature(account, authorization.hash(), signature);

        // Effect, interaction:
        _consumeAccountNonce(account, authorization.nonce);
        _withdrawCredit(account, authorization.token, authorization.to, authorization.amount);
    }

    /* INTERNAL */

    function _close(address client, address server, address token, uint256 epoch, bool byServer) private {
        bytes32 id = _escrowId(client, server, token);
        EscrowSlots storage escrow = _escrows[id];

        // Check:
        uint256 terms = _openTermsIn(escrow, epoch);
        (, uint256 closeDelay, , ) = terms.unpackTerms();
        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();

        // Effect:
        uint256 end = byServer ? block.timestamp : block.timestamp + closeDelay;
        if (end < unlockAt) unlockAt = end;
        terms = terms.withFlag(byServer ? EscrowWords.SERVER_CLOSED : EscrowWords.CLIENT_CLOSED);
        escrow.money = EscrowWords.packMoney(balance, settled, unlockAt);
        escrow.terms = terms;
        // An open escrow's epoch has 32 bits, its end 40.
        emit EscrowClosing(id, uint32(epoch), byServer ? server : client, uint40(unlockAt));

        // Interaction: only the client's own close lets its money go home.
        if (block.timestamp >= unlockAt && terms.hasFlag(EscrowWords.CLIENT_CLOSED)) _refund(id, client, token, client);
    }

    function _checkUnlocked(EscrowSlots storage escrow) private view {
        (, , uint256 unlockAt) = escrow.money.unpackMoney();
        if (block.timestamp < unlockAt) revert StillLocked(unlockAt, block.timestamp);
    }

    /// @dev Ends the epoch: a new one voids every signature, nonce and lane of this one.
    function _refund(bytes32 id, address client, address token, address to) private {
        // Effect:
        EscrowSlots storage escrow = _escrows[id];
        (uint256 balance, , ) = escrow.money.unpackMoney();
        // The word holds 32 bits, more than any pair will open.
        uint32 epoch = uint32(escrow.terms.epochOf());
        escrow.money = 0;
        escrow.terms = EscrowWords.packTerms(address(0), 0, epoch + 1, 0);
        emit EscrowRefunded(id, epoch, balance, to);

        // Interaction:
        _push(client, token, to, balance);
    }

    function _release(address client, address server, address token, uint32 epoch, uint256 amount) private {
        bytes32 id = _escrowId(client, server, token);
        EscrowSlots storage escrow = _escrows[id];

        // Check:
        _checkAmount(amount);
        _openTermsIn(escrow, epoch);
        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();
        if (amount > balance) revert NotCovered(balance, amount);

        // Effect:
        escrow.money = EscrowWords.packMoney(balance - amount, settled, unlockAt);
        emit EscrowReleased(id, epoch, amount, client);

        // Interaction:
        _push(client, token, client, amount);
    }

    function _withdrawCredit(address account, address token, address to, uint256 amount) private {
        // Check:
        _checkAmount(amount);
        _checkReceiver(to);
        uint256 credit = _credits[account][token];
        if (amount > credit) revert NotCovered(credit, amount);

        // Effect:
        _credits[account][token] = credit - amount;
        emit CreditWithdrawn(account, token, amount, to);

        // Interaction:
        IERC20(token).safeTransfer(to, amount);
    }
}
