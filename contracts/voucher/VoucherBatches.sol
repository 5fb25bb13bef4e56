// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {SignatureVerification} from "../libraries/SignatureVerification.sol";
import {TypedDataRecovery} from "../libraries/TypedDataRecovery.sol";
import {AccountWord} from "./AccountWord.sol";
import {VoucherCollection} from "./VoucherCollection.sol";
import {VoucherHashing} from "./VoucherHashing.sol";

/// @title How a seller is paid, many vouchers at once
/// @notice Groups of vouchers of one seller in one asset, each paid by one transfer; a bad row or a failing group changes no other.
abstract contract VoucherBatches is VoucherCollection {
    using AccountWord for uint256;
    using VoucherHashing for Voucher;

    /// @dev Most gas a contract wallet gets to check a signature in a batch.
    uint256 private constant WALLET_GAS = 100_000;

    /// @dev Least gas before a contract wallet is asked: it leaves `WALLET_GAS` after the 64th that the EVM keeps back, so that a lack of
    /// gas cannot pass for a bad signature.
    uint256 private constant WALLET_GAS_RESERVE = (WALLET_GAS * 64) / 63 + 5_000;

    /// @dev Words of an encoded {Voucher}: its type hash and ten members.
    uint256 private constant VOUCHER_WORDS = 11;

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
        mapping(address buyer => Account account) storage accounts = _accounts[seller][asset];
        uint256[] memory entries = new uint256[](group.rows.length + group.wide.length);
        (uint256 paid, uint256 blanks) = _collectRows(accounts, group.rows, entries, seller, asset);
        (uint256 paidWide, uint256 blanksWide) = _collectWideRows(
            accounts,
            group.wide,
            entries,
            group.rows.length,
            seller,
            asset
        );
        paid += paidWide;
        if (paid == 0) return;
        emit BatchCollected(seller, asset, paid, _withoutBlanks(entries, blanks + blanksWide));

        // Interaction:
        _payout(seller, asset, paid);
    }

    /* INTERNAL */

    /// @dev Writes `buyer << 96 | amount` to the entry of each row with effect and leaves the others blank.
    function _collectRows(
        mapping(address buyer => Account account) storage accounts,
        Row[] calldata rows,
        uint256[] memory entries,
        address seller,
        address asset
    ) private returns (uint256 paid, uint256 blanks) {
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
            // 160 bits are left.
            address buyer = address(uint160(head >> 96));
            uint256 total = head & type(uint96).max;
            words[2] = head >> 96;
            words[4] = terms >> 160;
            words[6] = (terms >> 120) & type(uint40).max;
            words[7] = terms & type(uint80).max;
            words[10] = (terms >> 80) & type(uint40).max;

            Skip reason;
            if (block.timestamp > words[10]) {
                reason = Skip.Expired;
            } else if (total > words[4]) {
                reason = Skip.AboveCeiling;
            } else {
                address signer = TypedDataRecovery.recover(domainSeparator, words, VOUCHER_WORDS, row.r, row.vs);
                if (signer != buyer && !_isSigner(buyer, signer)) {
                    reason = Skip.BadSignature;
                } else {
                    Account storage account = accounts[buyer];
                    (uint256 word, uint256 amount) = account.word.collect(total);
                    if (amount != 0) {
                        account.word = word;
                        entries[i] = (head ^ total) | amount;
                        paid += amount;
                        continue;
                    }
                    reason = word.isCollected(total) ? Skip.AlreadyCollected : Skip.NoBalance;
                }
            }
            // Such parties never have a balance, so only a row without effect needs the question. (A buyer of zero equals the signer of a
            // broken signature above, and ends here.)
            if (_areBadParties(buyer, seller)) reason = Skip.BadParties;
            ++blanks;
            emit VoucherSkipped(bytes32(0), buyer, seller, asset, reason);
        }
    }

    /// @dev As {_collectRows}, from entry `offset` on; other lanes than the default one are told by {VoucherCollected} instead.
    function _collectWideRows(
        mapping(address buyer => Account account) storage accounts,
        WideRow[] calldata rows,
        uint256[] memory entries,
        uint256 offset,
        address seller,
        address asset
    ) private returns (uint256 paid, uint256 blanks) {
        for (uint256 i = 0; i < rows.length; ++i) {
            WideRow calldata row = rows[i];
            (bytes32 id, address buyer) = (row.voucher.id, row.voucher.buyer);

            Skip reason = _checkWideRow(row, seller, asset);
            if (reason == Skip.None) {
                (uint256 amount, uint256 laneTotal) = _draw(accounts[buyer], id, row.total);
                if (amount != 0) {
                    paid += amount;
                    if (id == bytes32(0)) {
                        entries[offset + i] = (uint256(uint160(buyer)) << 96) | amount;
                    } else {
                        ++blanks;
                        emit VoucherCollected(id, buyer, seller, asset, amount, laneTotal);
                    }
                    continue;
                }
                reason = row.total <= laneTotal ? Skip.AlreadyCollected : Skip.NoBalance;
            }
            ++blanks;
            emit VoucherSkipped(id, buyer, seller, asset, reason);
        }
    }

    function _areBadParties(address buyer, address seller) private view returns (bool) {
        return buyer == address(0) || buyer == seller || buyer == address(this);
    }

    function _checkWideRow(WideRow calldata row, address seller, address asset) private view returns (Skip) {
        Voucher calldata voucher = row.voucher;
        address buyer = voucher.buyer;
        if (
            _areBadParties(buyer, seller) ||
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
        bytes memory question = SignatureVerification.encodeErc1271(digest, row.signature);
        // Only now: the encoding costs the more gas the longer the signature is.
        if (gasleft() < WALLET_GAS_RESERVE) revert InsufficientGas(gasleft(), WALLET_GAS_RESERVE);
        return SignatureVerification.askErc1271(buyer, question, WALLET_GAS) ? Skip.None : Skip.BadSignature;
    }

    function _withoutBlanks(uint256[] memory entries, uint256 blanks) private pure returns (uint256[] memory kept) {
        if (blanks == 0) return entries;
        kept = new uint256[](entries.length - blanks);
        uint256 count = 0;
        for (uint256 i = 0; i < entries.length; ++i) {
            if (entries[i] != 0) kept[count++] = entries[i];
        }
    }
}
