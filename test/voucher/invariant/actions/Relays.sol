// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {Digests} from "../Digests.sol";
import {Servers} from "./Servers.sol";

/// @title The hostile relayer: everything ever signed, again, changed, for something else, on another chain
abstract contract Relays is Servers {
    using Digests for address;

    /* ACTIONS */

    /// @dev Whatever was signed, in any order, any number of times.
    function replay(uint256 seed) external acts("replay") {
        Dice memory d = _dice(seed);
        for (uint256 i = 1 + _roll(d, 3); i != 0 && items.length != 0; --i) _relay(d, _pickItem(d));
    }

    /// @dev One member changed after signing.
    function tamper(uint256 seed) external acts("tamper") {
        Dice memory d = _dice(seed);
        if (items.length == 0) return;
        Item memory item = items[_pickItem(d)];
        _execute(d, item.kind, _changed(d, item.kind, item.data), item.sig, item.kind <= Kind.DepositPermit2 ? 11 : 14);
    }

    /// @dev One message under the signature of another: of another type, owner, nonce or amount.
    function swapSignatures(uint256 seed) external acts("swapSignatures") {
        Dice memory d = _dice(seed);
        if (items.length < 2) return;
        Item memory item = items[_pickItem(d)];
        Sig memory other = items[_pickItem(d)].sig;
        _execute(d, item.kind, item.data, other, 10);
    }

    /// @dev A deposit by another method than the one that was signed: no relayer chooses where the money comes from.
    function swapMethods(uint256 seed) external acts("swapMethods") {
        Dice memory d = _dice(seed);
        if (items.length == 0) return;
        Item memory item = items[_pickItem(d)];
        if (item.kind > Kind.DepositPermit2) return;
        _execute(d, Kind(_roll(d, 3)), item.data, item.sig, 14);
    }

    /// @dev The chain id changes for a moment: what was signed before is worthless, what is signed now will be later.
    function otherChain(uint256 seed) external acts("otherChain") {
        vm.chainId(OTHER_CHAIN);
        this.onOtherChain(seed);
        vm.chainId(HOME_CHAIN);
    }

    /// @dev In a frame of its own: the compiler takes `block.chainid` for constant within one.
    function onOtherChain(uint256 seed) external {
        Dice memory d = _dice(seed);
        _must(escrow.DOMAIN_SEPARATOR() == address(escrow).domainOf(), 10, "the domain is another chain's");
        for (uint256 i = 2; i != 0 && items.length != 0; --i) _relay(d, _pickItem(d));
        if (_chance(d, 70)) return;
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        _signVoucher(d, _account(b, s, t));
    }

    /* INTERNAL */

    /// @dev Most often one of the newest.
    function _pickItem(Dice memory d) private view returns (uint256) {
        uint256 span = items.length < 16 || _chance(d, 30) ? items.length : 16;
        return items.length - 1 - _roll(d, span);
    }

    function _relay(Dice memory d, uint256 place) internal override returns (bool) {
        Item memory item = items[place];
        uint256 v = item.uses == 0 ? _concern(item.kind) : 4;
        if (!_execute(d, item.kind, item.data, item.sig, v)) return false;
        uint256 uses = ++items[place].uses;
        // Vouchers, flush-alls and signer authorizations are limited by what they say, the others by their nonce.
        bool isRepeatable =
            item.kind == Kind.Voucher ||
                item.kind == Kind.FlushAll ||
                item.kind == Kind.SignerAuthorization ||
                item.kind == Kind.SignerRevocation;
        _must(isRepeatable || uses < 2, 4, "one signature had an effect twice");
        return true;
    }

    /// @return Invariant that a first use is about.
    function _concern(Kind kind) private pure returns (uint256) {
        if (kind <= Kind.DepositPermit2 || kind == Kind.Allocate) return 11;
        if (kind == Kind.SignerAuthorization || kind == Kind.SignerRevocation) return 13;
        if (kind == Kind.Release || kind == Kind.Payout) return 14;
        return kind == Kind.Voucher ? 7 : 15;
    }

    /// @dev Sends a message with a signature to where it belongs; the ghost knows whether it fits.
    /// @param v Invariant to blame when it goes through and must not.
    function _execute(Dice memory d, Kind kind, bytes memory data, Sig memory sig, uint256 v) private returns (bool) {
        address relayer = party[_chance(d, 80) ? MALLORY : _roll(d, PARTIES)];
        if (kind <= Kind.DepositPermit2) {
            return _depositSigned(kind, abi.decode(data, (IVoucherEscrow.DepositAuthorization)), sig, relayer, v);
        }
        if (kind == Kind.Flush) {
            return _flushSigned(abi.decode(data, (IVoucherEscrow.FlushAuthorization)), sig, relayer, v);
        }
        if (kind == Kind.FlushAll) {
            IVoucherEscrow.FlushAllAuthorization memory m = abi.decode(data, (IVoucherEscrow.FlushAllAuthorization));
            return _flushAllSigned(m, _pickKeys(d), sig, relayer, v);
        }
        if (kind == Kind.Allocate) {
            return _allocateSigned(abi.decode(data, (IVoucherEscrow.AllocateAuthorization)), sig, relayer, v);
        }
        if (kind == Kind.WithdrawFree) {
            return _withdrawFreeSigned(abi.decode(data, (IVoucherEscrow.WithdrawFreeAuthorization)), sig, relayer, v);
        }
        if (kind == Kind.SignerAuthorization) {
            return _authorizeSigned(abi.decode(data, (IVoucherEscrow.SignerAuthorization)), sig, relayer, v);
        }
        if (kind == Kind.SignerRevocation) {
            return _revokeSigned(abi.decode(data, (IVoucherEscrow.SignerRevocation)), sig, relayer, v);
        }
        if (kind == Kind.Release) {
            return _releaseSigned(abi.decode(data, (IVoucherEscrow.ReleaseAuthorization)), sig, relayer, v);
        }
        if (kind == Kind.Payout) {
            return _payoutSigned(abi.decode(data, (IVoucherEscrow.PayoutAuthorization)), sig, relayer, v);
        }
        return _collect(abi.decode(data, (IVoucherEscrow.Voucher)), sig, relayer, v);
    }

    /// @dev One word of the message replaced by one that makes sense there.
    function _changed(Dice memory d, Kind kind, bytes memory data) private view returns (bytes memory) {
        if (kind <= Kind.DepositPermit2) {
            IVoucherEscrow.DepositAuthorization memory m = abi.decode(data, (IVoucherEscrow.DepositAuthorization));
            uint256 what = _roll(d, 6);
            if (what == 0) m.seller = _otherSeller(d, m.buyer, m.seller);
            else if (what == 1) m.amount = m.amount / 2 + 1;
            else if (what == 2) m.nonce = bytes32(uint256(m.nonce) + 1);
            else if (what == 3) m.expiry = _other(m.expiry);
            else if (what == 4) m.seller = address(0);
            else m.buyer = _otherBuyer(d, m.buyer, m.seller);
            return abi.encode(m);
        }
        if (kind == Kind.Allocate) {
            IVoucherEscrow.AllocateAuthorization memory m = abi.decode(data, (IVoucherEscrow.AllocateAuthorization));
            uint256 what = _roll(d, 5);
            if (what == 0) m.seller = _otherSeller(d, m.buyer, m.seller);
            else if (what == 1) m.amount = m.amount / 2 + 1;
            else if (what == 2) m.nonce = _other(m.nonce);
            else if (what == 3) m.asset = token[_roll(d, TOKENS)];
            else m.buyer = _otherBuyer(d, m.buyer, m.seller);
            return abi.encode(m);
        }
        if (kind == Kind.Release) {
            IVoucherEscrow.ReleaseAuthorization memory m = abi.decode(data, (IVoucherEscrow.ReleaseAuthorization));
            uint256 what = _roll(d, 5);
            if (what == 0) m.amount = m.amount / 2 + 1;
            else if (what == 1) m.collectedAtLeast /= 2;
            else if (what == 2) m.nonce = bytes32(uint256(m.nonce) + 1);
            else if (what == 3) m.id = lane[_roll(d, LANES)];
            else m.buyer = _otherBuyer(d, m.buyer, m.seller);
            return abi.encode(m);
        }
        if (kind == Kind.Voucher) {
            IVoucherEscrow.Voucher memory m = abi.decode(data, (IVoucherEscrow.Voucher));
            uint256 what = _roll(d, 6);
            if (what == 0) m.valueAggregate += 1;
            else if (what == 1) m.id = lane[_roll(d, LANES)];
            else if (what == 2) m.expiry = _other(m.expiry);
            else if (what == 3) m.seller = _otherSeller(d, m.buyer, m.seller);
            else if (what == 4) m.buyer = _otherBuyer(d, m.buyer, m.seller);
            else m.chainId = m.chainId == HOME_CHAIN ? OTHER_CHAIN : HOME_CHAIN;
            return abi.encode(m);
        }
        return _changedNonce(kind, data);
    }

    function _changedNonce(Kind kind, bytes memory data) private pure returns (bytes memory) {
        if (kind == Kind.Flush) {
            IVoucherEscrow.FlushAuthorization memory m = abi.decode(data, (IVoucherEscrow.FlushAuthorization));
            m.nonce = bytes32(uint256(m.nonce) + 1);
            return abi.encode(m);
        }
        if (kind == Kind.FlushAll) {
            IVoucherEscrow.FlushAllAuthorization memory m = abi.decode(data, (IVoucherEscrow.FlushAllAuthorization));
            m.nonce = bytes32(uint256(m.nonce) + 1);
            return abi.encode(m);
        }
        if (kind == Kind.WithdrawFree) {
            IVoucherEscrow.WithdrawFreeAuthorization memory m = abi.decode(
                data,
                (IVoucherEscrow.WithdrawFreeAuthorization)
            );
            m.nonce = _other(m.nonce);
            return abi.encode(m);
        }
        if (kind == Kind.SignerAuthorization) {
            IVoucherEscrow.SignerAuthorization memory m = abi.decode(data, (IVoucherEscrow.SignerAuthorization));
            m.validUntil = _other(m.validUntil);
            return abi.encode(m);
        }
        if (kind == Kind.SignerRevocation) {
            IVoucherEscrow.SignerRevocation memory m = abi.decode(data, (IVoucherEscrow.SignerRevocation));
            m.expiry = _other(m.expiry);
            return abi.encode(m);
        }
        IVoucherEscrow.PayoutAuthorization memory p = abi.decode(data, (IVoucherEscrow.PayoutAuthorization));
        p.toFreeBalance = !p.toFreeBalance;
        return abi.encode(p);
    }

    function _other(uint64 number) private pure returns (uint64) {
        return number == type(uint64).max ? number - 1 : number + 1;
    }

    function _otherSeller(Dice memory d, address buyer, address seller) private view returns (address other) {
        other = party[_sellerParty(_roll(d, SELLERS))];
        if (other == buyer) other = seller;
    }

    function _otherBuyer(Dice memory d, address buyer, address seller) private view returns (address other) {
        other = party[_roll(d, BUYERS)];
        if (other == seller) other = buyer;
    }
}
