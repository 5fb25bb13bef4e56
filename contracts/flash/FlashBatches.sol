// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../interfaces/IFlashSettlement.sol";
import {NonceBitmap} from "../libraries/NonceBitmap.sol";
import {TypedDataRecovery} from "../libraries/TypedDataRecovery.sol";
import {EscrowWords} from "./EscrowWords.sol";
import {FlashCollection} from "./FlashCollection.sol";
import {FlashHashing} from "./FlashHashing.sol";

/// @title How a server is paid, many items at once
/// @notice Groups of payments and tabs of one escrow, settled by one pull; a bad item never changes what another one gets.
abstract contract FlashBatches is FlashCollection {
    using EscrowWords for uint256;
    using NonceBitmap for mapping(uint256 word => uint256 bits);

    /// @dev What the choice of a group's items reads and changes.
    struct Choice {
        bytes32 id;
        uint256 epoch;
        address signer;
        bytes32 domainSeparator;
        // words of the item's EIP-712 struct; every item rewrites its own three
        uint256[11] words;
        bool mayConsume;
        bool allowPartial;
        // true when the items were chosen before, and only the wallet's part is gone
        bool isSecond;
        // what the items not yet looked at can draw on, and what the chosen ones draw, token base units
        uint256 left;
        uint256 due;
        uint256 skipped;
    }

    /// @dev Words of an encoded {Payment} or {Tab}: its type hash and seven members.
    uint256 private constant ITEM_WORDS = 8;

    /// @dev An item's outcome is what it was paid, or its {Skip} above this many bits.
    uint256 private constant SKIP_SHIFT = 128;

    /// @inheritdoc IFlashSettlement
    function settleBatch(Group[] calldata groups, bool allowPartial) external nonReentrant {
        for (uint256 i = 0; i < groups.length; ++i) {
            _settleGroup(groups[i], allowPartial);
        }
    }

    /* INTERNAL */

    function _settleGroup(Group calldata group, bool allowPartial) private {
        Pair memory pair = _pair(group.client, group.server, group.token);
        uint256[] memory payments = new uint256[](group.payments.length);
        uint256[] memory tabs = new uint256[](group.tabs.length);
        (address signer, , uint256 epoch, uint256 flags) = _escrows[pair.id].terms.unpackTerms();
        if (flags == 0) {
            _emitNoEscrow(pair.id, group.payments);
            _emitNoEscrow(pair.id, group.tabs);
            return;
        }

        Choice memory choice;
        choice.id = pair.id;
        choice.epoch = epoch;
        choice.signer = signer;
        choice.domainSeparator = _domainSeparatorV4();
        choice.words[1] = uint256(uint160(pair.client));
        choice.words[2] = uint256(uint160(pair.server));
        choice.words[3] = uint256(uint160(pair.token));
        choice.words[7] = epoch;
        choice.allowPartial = allowPartial;
        choice.mayConsume = payments.length != 0 && _mayConsume(pair.server);
        _collectGroup(pair, choice, group, payments, tabs);
        if (choice.skipped != 0) {
            _emitSkipped(pair.id, group.payments, payments);
            _emitSkipped(pair.id, group.tabs, tabs);
        }
    }

    /// @dev As {_collect}: the marks of the chosen items stand before the pull and are taken back when it fails.
    function _collectGroup(
        Pair memory pair,
        Choice memory choice,
        Group calldata group,
        uint256[] memory payments,
        uint256[] memory tabs
    ) private {
        uint256 money = _escrows[pair.id].money;
        (uint256 balance, uint256 settled, ) = money.unpackMoney();
        uint256 room = EscrowWords.MAX_AMOUNT - settled;
        uint256 fromWallet = _pullable(pair);
        _choose(choice, group, payments, tabs, fromWallet + balance, room);
        if (choice.due < fromWallet) fromWallet = choice.due;
        if (!_tryPull(pair, fromWallet)) {
            fromWallet = 0;
            _unmark(choice, group, payments, tabs);
            choice.isSecond = true;
            _choose(choice, group, payments, tabs, balance, room);
        }
        if (choice.due != 0) _book(pair, choice.epoch, money, fromWallet, choice.due - fromWallet);
    }

    /// @dev Chooses and marks items in their order while `available` covers them.
    function _choose(
        Choice memory choice,
        Group calldata group,
        uint256[] memory payments,
        uint256[] memory tabs,
        uint256 available,
        uint256 room
    ) private {
        choice.left = available < room ? available : room;
        choice.due = 0;
        choice.skipped = 0;
        choice.words[0] = uint256(FlashHashing.PAYMENT_TYPEHASH);
        _choosePayments(choice, group.payments, payments);
        choice.words[0] = uint256(FlashHashing.TAB_TYPEHASH);
        _chooseTabs(choice, group.tabs, tabs);
    }

    function _choosePayments(Choice memory choice, PackedItem[] calldata items, uint256[] memory outcomes) private {
        mapping(uint256 word => uint256 bits) storage nonces = _paymentNonces[choice.id];
        // Payments of one group mostly share a word of nonces, so it is read and written once.
        uint256 word = type(uint256).max;
        uint256 bits = 0;
        uint256 left = choice.left;
        for (uint256 i = 0; i < items.length; ++i) {
            PackedItem calldata item = items[i];
            uint256 head = item.head;
            uint256 paid = head >> 128;
            Skip reason = choice.isSecond ? _firstReason(outcomes[i]) : _check(choice, head, item.r, item.vs);
            if (reason == Skip.None) {
                uint256 nonce = (choice.epoch << 64) | _indexOf(head);
                if (nonce >> 8 != word) {
                    if (bits != 0) nonces[word] = bits;
                    word = nonce >> 8;
                    bits = nonces[word];
                }
                uint256 mask = 1 << (nonce & 0xff);
                if (paid > left) paid = choice.allowPartial ? left : 0;
                if (bits & mask != 0) reason = Skip.Used;
                else if (paid == 0) reason = Skip.NotCovered;
                else bits |= mask;
            }
            if (reason == Skip.None) {
                left -= paid;
                outcomes[i] = paid;
            } else {
                ++choice.skipped;
                outcomes[i] = uint256(reason) << SKIP_SHIFT;
            }
        }
        if (bits != 0) nonces[word] = bits;
        choice.due += choice.left - left;
        choice.left = left;
    }

    function _chooseTabs(Choice memory choice, PackedItem[] calldata items, uint256[] memory outcomes) private {
        mapping(uint256 epochLane => uint256 settled) storage tabs = _tabs[choice.id];
        // A tab harms nobody, so anyone may settle it.
        choice.mayConsume = true;
        for (uint256 i = 0; i < items.length; ++i) {
            PackedItem calldata item = items[i];
            uint256 head = item.head;
            uint256 paid = 0;
            Skip reason = choice.isSecond ? _firstReason(outcomes[i]) : _check(choice, head, item.r, item.vs);
            if (reason == Skip.None) {
                uint256 lane = _laneKey(choice.epoch, _indexOf(head));
                uint256 settled = tabs[lane];
                if (head >> 128 <= settled) {
                    reason = Skip.Used;
                } else if (choice.left == 0) {
                    reason = Skip.NotCovered;
                } else {
                    paid = (head >> 128) - settled;
                    if (paid > choice.left) paid = choice.left;
                    tabs[lane] = settled + paid;
                }
            }
            if (reason == Skip.None) {
                choice.left -= paid;
                choice.due += paid;
                outcomes[i] = paid;
            } else {
                ++choice.skipped;
                outcomes[i] = uint256(reason) << SKIP_SHIFT;
            }
        }
    }

    /// @dev What the first choice found out about an item by itself. Whether it is covered depends on the wallet, and whether its nonce or lane
    /// is used on items chosen before it, which may not be chosen again.
    function _firstReason(uint256 outcome) private pure returns (Skip) {
        // The upper bits were written from a {Skip}.
        Skip reason = Skip(outcome >> SKIP_SHIFT);
        return reason == Skip.NotCovered || reason == Skip.Used ? Skip.None : reason;
    }

    function _check(Choice memory choice, uint256 head, bytes32 r, bytes32 vs) private view returns (Skip) {
        uint256[11] memory words = choice.words;
        uint256 amount = head >> 128;
        uint256 deadline = (head >> 24) & type(uint40).max;
        if (amount == 0 || head & type(uint24).max != 0) return Skip.Malformed;
        if (deadline != 0 && block.timestamp > deadline) return Skip.Expired;
        if (!choice.mayConsume) return Skip.NotServer;
        words[4] = amount;
        words[5] = _indexOf(head);
        words[6] = deadline;
        address signer = TypedDataRecovery.recover(choice.domainSeparator, words, ITEM_WORDS, r, vs);
        return signer == choice.signer ? Skip.None : Skip.BadSignature;
    }

    function _unmark(
        Choice memory choice,
        Group calldata group,
        uint256[] memory payments,
        uint256[] memory tabs
    ) private {
        for (uint256 i = 0; i < payments.length; ++i) {
            if (payments[i] >> SKIP_SHIFT != 0) continue;
            _paymentNonces[choice.id].restore(_paymentNonce(choice.epoch, _indexOf(group.payments[i].head)));
        }
        for (uint256 i = 0; i < tabs.length; ++i) {
            if (tabs[i] >> SKIP_SHIFT != 0) continue;
            _tabs[choice.id][_laneKey(choice.epoch, _indexOf(group.tabs[i].head))] -= tabs[i];
        }
    }

    /// @dev Nonce or lane.
    function _indexOf(uint256 head) private pure returns (uint256) {
        return (head >> 64) & type(uint64).max;
    }

    function _emitNoEscrow(bytes32 id, PackedItem[] calldata items) private {
        for (uint256 i = 0; i < items.length; ++i) emit RowSkipped(id, items[i].head, Skip.NoEscrow);
    }

    function _emitSkipped(bytes32 id, PackedItem[] calldata items, uint256[] memory outcomes) private {
        for (uint256 i = 0; i < items.length; ++i) {
            uint256 reason = outcomes[i] >> SKIP_SHIFT;
            if (reason != 0) emit RowSkipped(id, items[i].head, Skip(reason));
        }
    }
}
