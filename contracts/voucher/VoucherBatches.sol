// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {SignatureVerification} from "../libraries/SignatureVerification.sol";
import {TypedDataRecovery} from "../libraries/TypedDataRecovery.sol";
import {VoucherCollection} from "./VoucherCollection.sol";
import {VoucherHashing} from "./VoucherHashing.sol";

/// @title How a seller is paid, many vouchers at once
abstract contract VoucherBatches is VoucherCollection {
    using VoucherHashing for Voucher;

    /// @dev Most gas a contract wallet gets to check a signature in a batch.
    uint256 private constant WALLET_GAS = 100_000;

    /// @dev Least gas before a contract wallet is asked: it leaves `WALLET_GAS` after the 64th that the EVM keeps back, so that a lack of
    /// gas cannot pass for a bad signature.
    uint256 private constant WALLET_GAS_RESERVE = (WALLET_GAS * 64) / 63 + 5_000;

    /// @dev Words of an encoded {Voucher}: its type hash and ten members.
    uint256 private constant VOUCHER_WORDS = 11;

    /// @dev What the rows of a group have done so far.
    struct Tally {
        uint256 paid;
        uint256 count;
        uint256[] rows;
    }

    /// @inheritdoc IVoucherEscrow
    function collectBatch(Group[] calldata groups) external nonReentrant {
        if (groups.length == 0) revert NoVouchersProvided();
        for (uint256 i = 0; i < groups.length; ++i) {
            Group calldata group = groups[i];
            uint256 gasLimit = group.gasLimit == 0 ? gasleft() : group.gasLimit;
            try this.collectGroup{gas: gasLimit}(group) {} catch (bytes memory reason) {
                emit GroupFailed(group.seller, group.asset, bytes4(reason));
            }
        }
    }

    /// @inheritdoc IVoucherEscrow
    function collectGroup(Group calldata group) external {
        // Check:
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        (address seller, address asset) = (group.seller, group.asset);
        if (seller == address(0) || seller == address(this)) revert InvalidAddress(seller);
        if (asset == address(0) || asset == address(this)) revert InvalidAsset(asset);

        // Effect:
        Tally memory tally;
        tally.rows = new uint256[](group.rows.length + group.wide.length);
        mapping(address buyer => Account account) storage accounts = _accounts[seller][asset];
        _collectRows(accounts, group.rows, tally, seller, asset);
        _collectWideRows(accounts, group.wide, tally, seller, asset);
        if (tally.paid == 0) return;
        emit BatchCollected(seller, asset, tally.paid, _trim(tally.rows, tally.count));

        // Interaction:
        _payout(seller, asset, tally.paid);
    }

    /* INTERNAL */

    function _collectRows(
        mapping(address buyer => Account account) storage accounts,
        Row[] calldata rows,
        Tally memory tally,
        address seller,
        address asset
    ) private {
        if (rows.length == 0) return;

        // The words of a default-lane voucher of this group; every row rewrites its own five.
        uint256[VOUCHER_WORDS] memory words;
        words[0] = uint256(VoucherHashing.VOUCHER_TYPEHASH);
        words[3] = uint256(uint160(seller));
        words[5] = uint256(uint160(asset));
        words[8] = uint256(uint160(address(this)));
        words[9] = block.chainid;
        bytes32 domainSeparator = _domainSeparatorV4();

        for (uint256 i = 0; i < rows.length; ++i) {
            Row calldata row = rows[i];
            (uint256 head, uint256 terms) = (row.head, row.terms);
            address buyer = address(uint160(head >> 96));
            words[2] = head >> 96;
            words[4] = terms >> 160;
            words[6] = (terms >> 120) & type(uint40).max;
            words[7] = terms & type(uint80).max;
            words[10] = (terms >> 80) & type(uint40).max;

            uint256 total = head & type(uint96).max;
            Skip reason;
            if (buyer == address(0) || buyer == seller || buyer == address(this)) {
                reason = Skip.BadParties;
            } else if (block.timestamp > words[10]) {
                reason = Skip.Expired;
            } else if (total > words[4]) {
                reason = Skip.AboveCeiling;
            } else if (
                !_isSigner(buyer, TypedDataRecovery.recover(domainSeparator, words, VOUCHER_WORDS, row.r, row.vs))
            ) {
                reason = Skip.BadSignature;
            } else {
                reason = _collectInto(tally, accounts[buyer], buyer, total);
            }
            if (reason != Skip.None) emit VoucherSkipped(bytes32(0), buyer, seller, asset, reason);
        }
    }

    function _collectWideRows(
        mapping(address buyer => Account account) storage accounts,
        WideRow[] calldata rows,
        Tally memory tally,
        address seller,
        address asset
    ) private {
        for (uint256 i = 0; i < rows.length; ++i) {
            WideRow calldata row = rows[i];
            Voucher calldata voucher = row.voucher;
            (bytes32 id, address buyer) = (voucher.id, voucher.buyer);

            Skip reason = _checkWideRow(row, seller, asset);
            if (reason == Skip.None) {
                if (id == bytes32(0)) {
                    reason = _collectInto(tally, accounts[buyer], buyer, row.total);
                } else {
                    (uint256 amount, uint256 outstanding, uint256 collected) = _draw(accounts[buyer], id, row.total);
                    reason = _skipReason(amount, outstanding);
                    if (amount != 0) {
                        tally.paid += amount;
                        emit VoucherCollected(id, buyer, seller, asset, amount, collected);
                    }
                }
            }
            if (reason != Skip.None) emit VoucherSkipped(id, buyer, seller, asset, reason);
        }
    }

    /// @dev Collects on the default lane and adds the result to the tally.
    function _collectInto(
        Tally memory tally,
        Account storage account,
        address buyer,
        uint256 total
    ) private returns (Skip) {
        (uint256 amount, uint256 outstanding, ) = _draw(account, bytes32(0), total);
        if (amount == 0) return _skipReason(amount, outstanding);
        tally.paid += amount;
        tally.rows[tally.count++] = (uint256(uint160(buyer)) << 96) | amount;
        return Skip.None;
    }

    function _skipReason(uint256 amount, uint256 outstanding) private pure returns (Skip) {
        if (outstanding == 0) return Skip.AlreadyCollected;
        return amount == 0 ? Skip.NoBalance : Skip.None;
    }

    function _checkWideRow(WideRow calldata row, address seller, address asset) private view returns (Skip) {
        Voucher calldata voucher = row.voucher;
        address buyer = voucher.buyer;
        if (
            buyer == address(0) ||
            buyer == address(this) ||
            buyer == seller ||
            voucher.seller != seller ||
            voucher.asset != asset ||
            voucher.escrow != address(this) ||
            voucher.chainId != block.chainid
        ) return Skip.BadParties;
        if (block.timestamp > voucher.expiry) return Skip.Expired;
        if (row.total > voucher.valueAggregate) return Skip.AboveCeiling;

        bytes32 digest = _hashTypedDataV4(voucher.hash());
        if (_isSigner(buyer, SignatureVerification.recover(digest, row.signature))) return Skip.None;
        if (buyer.code.length == 0) return Skip.BadSignature;
        if (gasleft() < WALLET_GAS_RESERVE) revert InsufficientGas(gasleft(), WALLET_GAS_RESERVE);
        return
            SignatureVerification.isValidErc1271(buyer, digest, row.signature, WALLET_GAS)
                ? Skip.None
                : Skip.BadSignature;
    }

    /// @dev First `count` rows; the same list when none was skipped.
    function _trim(uint256[] memory rows, uint256 count) private pure returns (uint256[] memory trimmed) {
        if (count == rows.length) return rows;
        trimmed = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) trimmed[i] = rows[i];
    }
}
