// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignedTransaction} from "../../contracts/libraries/SignedTransaction.sol";
import {RawTransactions} from "../helpers/RawTransactions.sol";
import {Actor, Test} from "../helpers/Test.sol";

contract SignedTransactionTest is Test {
    using RawTransactions for *;

    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant CHAIN = 8453;
    address private constant TARGET = 0x1234567890123456789012345678901234567890;
    uint256 private constant DATA_LENGTH = 196;

    Actor private _client;

    function setUp() public {
        _client = makeActor("client");
        vm.chainId(CHAIN);
    }

    /* A GOOD TRANSACTION */

    function test_ReadsSignerAndCalldata() public view {
        RawTransactions.Transaction memory transaction = _transaction();
        _reads(transaction);
    }

    function test_ReadsCalldataOf56And255Bytes() public view {
        RawTransactions.Transaction memory transaction = _transaction();
        transaction.data = _data(56);
        _reads(transaction);
        transaction.data = _data(255);
        _reads(transaction);
    }

    /// @dev Around 255 bytes the header of a list grows, of the signed items and of the whole list apart from each other.
    function test_ReadsListsAroundTheLengthThatNeedsTwoBytes() public view {
        RawTransactions.Transaction memory transaction = _transaction();
        for (uint256 length = 56; length <= 255; ++length) {
            transaction.data = _data(length);
            _reads(transaction);
        }
    }

    /// @dev Against an encoder that knows nothing of the parser.
    function testFuzz_ReadsWhatAnyKeySigned(RawTransactions.Transaction memory transaction, uint256 keySeed) public {
        transaction.data = _data(bound(transaction.data.length, 56, 255));
        transaction.value = 0;
        transaction.chainId = bound(transaction.chainId, 1, type(uint64).max);
        vm.chainId(transaction.chainId);
        _client.key = bound(keySeed, 1, ORDER - 1);
        _client.addr = vm.addr(_client.key);
        _reads(transaction);
    }

    /// @dev Integers of few bytes are rare among random words.
    function testFuzz_ReadsIntegersOfEveryLength(uint256[5] memory numbers, uint8[5] memory bits) public {
        RawTransactions.Transaction memory transaction = _transaction();
        transaction.chainId = bound(numbers[0] >> (192 + (bits[0] % 64)), 1, type(uint64).max);
        transaction.nonce = numbers[1] >> bits[1];
        transaction.maxPriorityFeePerGas = numbers[2] >> bits[2];
        transaction.maxFeePerGas = numbers[3] >> bits[3];
        transaction.gasLimit = numbers[4] >> bits[4];
        vm.chainId(transaction.chainId);
        _reads(transaction);
    }

    /// @dev What is accepted is what the encoder writes of it: one content, one encoding.
    function testFuzz_RefusesOrReadsAnotherSignerOnceAByteChanges(uint256 position, uint8 change) public view {
        bytes memory raw = _signed(_transaction());
        position = bound(position, 0, raw.length - 1);
        raw[position] ^= bytes1(uint8(bound(change, 1, 255)));
        try this.parse(raw, TARGET, DATA_LENGTH) returns (address signer, bytes memory) {
            assertNotEq(signer, _client.addr);
        } catch (bytes memory reason) {
            assertEq(bytes32(bytes4(reason)), bytes32(SignedTransaction.BadTransaction.selector));
            assertEq(reason.length, 36);
        }
    }

    /// @dev No bytes make it panic, or read beyond their end.
    function testFuzz_RefusesAnyBytes(bytes memory raw, uint8 cut) public view {
        _refusesSomehow(raw);
        _refusesSomehow(bytes.concat(hex"02f90131", raw));
        bytes memory good = _signed(_transaction());
        uint256 length = bound(cut, 0, good.length - 1);
        assembly {
            mstore(good, length)
        }
        _refusesSomehow(good);
        _refusesSomehow(bytes.concat(good, raw));
    }

    /* FIRST BYTE */

    function test_RevertWhen_ThereAreNoBytes() public {
        _refuses("", SignedTransaction.Fault.Type);
    }

    function test_RevertWhen_ThereAreThreeBytes() public {
        _refuses(hex"02f901", SignedTransaction.Fault.Type);
    }

    function test_RevertWhen_TheTypeIsOneBelow() public {
        _refusesType(0x01);
    }

    function test_RevertWhen_TheTypeIsOneAbove() public {
        _refusesType(0x03);
    }

    function test_RevertWhen_TheTypeHasAHighBit() public {
        _refusesType(0x82);
    }

    /* LIST */

    function test_RevertWhen_AByteFollows() public {
        _refuses(bytes.concat(_signed(_transaction()), hex"00"), SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_TheLastByteIsMissing() public {
        bytes memory raw = _signed(_transaction());
        assembly {
            mstore(raw, sub(mload(raw), 1))
        }
        _refuses(raw, SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_TheListSaysOneByteMore() public {
        bytes memory raw = _signed(_transaction());
        raw[3] = bytes1(uint8(raw[3]) + 1);
        _refuses(raw, SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_TheListSaysOneByteLess() public {
        bytes memory raw = _signed(_transaction());
        raw[3] = bytes1(uint8(raw[3]) - 1);
        _refuses(raw, SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_TheListIsAString() public {
        bytes memory raw = _signed(_transaction());
        raw[1] = 0xb9;
        _refuses(raw, SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_TheListHasThreeBytesOfLength() public {
        bytes memory body = _body(_transaction());
        bytes memory raw = abi.encodePacked(hex"02fa", uint24(body.length), body);
        _refuses(raw, SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_AListOf255BytesHasTwoBytesOfLength() public {
        _refusesHeaderOf(255, hex"02f900ff");
    }

    function test_RevertWhen_AListOf256BytesHasOneByteOfLength() public {
        _refusesHeaderOf(256, hex"02f800");
    }

    function test_RevertWhen_AListOf55BytesHasAByteOfLength() public {
        _refuses(bytes.concat(hex"02f837", _data(55)), SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_AListOf55BytesHasItsLengthInTheFirst() public {
        _refuses(bytes.concat(hex"02f7", _data(55)), SignedTransaction.Fault.Length);
    }

    /* ITEMS */

    function test_RevertWhen_TheLastItemIsMissing() public {
        bytes[] memory items = _transaction().items();
        bytes memory raw = items.assembleEncoded(hex"80", RawTransactions.encodeInteger(5), "");
        _refuses(raw, SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_ThereIsAThirteenthItem() public {
        bytes[] memory items = _transaction().items();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_client.key, items.digest());
        bytes memory last = bytes.concat(RawTransactions.encodeInteger(uint256(s)), hex"80");
        bytes memory raw = items.assembleEncoded(
            RawTransactions.encodeInteger(v - 27),
            RawTransactions.encodeInteger(uint256(r)),
            last
        );
        _refuses(raw, SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_OnlyTheSignedItemsAreThere() public {
        _refuses(_transaction().items().assembleEncoded("", "", ""), SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_TheFirstItemIsMissing() public {
        // The nonce is read as the chain id, and no target stands where it must.
        bytes[] memory items = _transaction().items();
        items[RawTransactions.CHAIN_ID] = "";
        _refuses(_assembled(items), SignedTransaction.Fault.ChainId);
    }

    /* INTEGERS: of the five in front, and of parity, r and s */

    function test_RevertWhen_AnIntegerIsAZeroByte() public {
        _refusesInteger(hex"00");
    }

    function test_RevertWhen_AnIntegerHasALeadingZero() public {
        _refusesInteger(hex"820080");
    }

    function test_RevertWhen_ASmallIntegerHasAHeader() public {
        _refusesInteger(hex"817f");
    }

    function test_RevertWhen_AZeroByteHasAHeader() public {
        _refusesInteger(hex"8100");
    }

    function test_RevertWhen_AnIntegerHas33Bytes() public {
        _refusesInteger(bytes.concat(hex"a1", _data(33)));
    }

    function test_RevertWhen_AnIntegerHasALengthOfItsOwn() public {
        _refusesInteger(bytes.concat(hex"b838", _data(56)));
    }

    function test_RevertWhen_AnIntegerIsAList() public {
        _refusesInteger(hex"c0");
    }

    function test_RevertWhen_AnIntegerEndsBehindTheBytes() public {
        // The last item says 32 bytes, and 31 follow.
        bytes memory raw = _transaction().items().assembleEncoded(hex"80", hex"01", bytes.concat(hex"a0", _data(31)));
        _refuses(raw, SignedTransaction.Fault.Length);
    }

    function test_ReadsTheSmallestIntegerWithAHeader() public view {
        RawTransactions.Transaction memory transaction = _transaction();
        transaction.nonce = 0x80;
        transaction.gasLimit = 0x7f;
        _reads(transaction);
    }

    function test_ReadsIntegersOf32Bytes() public view {
        RawTransactions.Transaction memory transaction = _transaction();
        transaction.nonce = type(uint256).max;
        transaction.maxPriorityFeePerGas = type(uint256).max;
        transaction.maxFeePerGas = type(uint256).max;
        transaction.gasLimit = type(uint256).max;
        _reads(transaction);
    }

    /* CHAIN ID */

    function test_RevertWhen_TheChainIdIsOneBelow() public {
        _refusesChain(CHAIN - 1);
    }

    function test_RevertWhen_TheChainIdIsOneAbove() public {
        _refusesChain(CHAIN + 1);
    }

    function test_RevertWhen_TheChainIdIsZero() public {
        _refusesChain(0);
    }

    function test_RevertWhen_TheChainIdHasItInItsLowerBits() public {
        _refusesChain(CHAIN | (1 << 64));
        _refusesChain(CHAIN | (1 << 255));
    }

    /* TARGET */

    function test_RevertWhen_TheTargetIsAnother() public {
        RawTransactions.Transaction memory transaction = _transaction();
        transaction.to = address(uint160(TARGET) ^ 1);
        _refuses(_signed(transaction), SignedTransaction.Fault.Target);
        transaction.to = address(uint160(TARGET) ^ (1 << 159));
        _refuses(_signed(transaction), SignedTransaction.Fault.Target);
    }

    function test_RevertWhen_ThereIsNoTarget() public {
        _refusesItem(RawTransactions.TO, hex"80", SignedTransaction.Fault.Target);
    }

    function test_RevertWhen_TheTargetHas19Bytes() public {
        _refusesItem(RawTransactions.TO, hex"93345678901234567890123456789012345678", SignedTransaction.Fault.Target);
    }

    function test_RevertWhen_TheTargetHas21Bytes() public {
        bytes memory item = bytes.concat(hex"9500", abi.encodePacked(TARGET));
        _refusesItem(RawTransactions.TO, item, SignedTransaction.Fault.Target);
    }

    function test_RevertWhen_TheTargetIsAList() public {
        bytes memory item = bytes.concat(hex"d4", abi.encodePacked(TARGET));
        _refusesItem(RawTransactions.TO, item, SignedTransaction.Fault.Target);
    }

    /* VALUE */

    function test_RevertWhen_ItCarriesOneWei() public {
        _refusesItem(RawTransactions.VALUE, hex"01", SignedTransaction.Fault.Value);
    }

    function test_RevertWhen_ItCarriesTheLargestValue() public {
        bytes memory item = RawTransactions.encodeInteger(type(uint256).max);
        _refusesItem(RawTransactions.VALUE, item, SignedTransaction.Fault.Value);
    }

    function test_RevertWhen_TheValueIsAZeroByte() public {
        _refusesItem(RawTransactions.VALUE, hex"00", SignedTransaction.Fault.Value);
    }

    function test_RevertWhen_TheValueIsAList() public {
        _refusesItem(RawTransactions.VALUE, hex"c0", SignedTransaction.Fault.Value);
    }

    /* CALLDATA */

    function test_RevertWhen_TheCalldataIsOneByteShort() public {
        bytes memory item = RawTransactions.encodeBytes(_data(DATA_LENGTH - 1));
        _refusesItem(RawTransactions.DATA, item, SignedTransaction.Fault.Data);
    }

    function test_RevertWhen_TheCalldataIsOneByteLong() public {
        bytes memory item = RawTransactions.encodeBytes(_data(DATA_LENGTH + 1));
        _refusesItem(RawTransactions.DATA, item, SignedTransaction.Fault.Data);
    }

    function test_RevertWhen_TheCalldataHasTwoBytesOfLength() public {
        bytes memory item = bytes.concat(hex"b900c4", _data(DATA_LENGTH));
        _refusesItem(RawTransactions.DATA, item, SignedTransaction.Fault.Data);
    }

    function test_RevertWhen_TheCalldataIsAList() public {
        bytes memory item = bytes.concat(hex"f8c4", _data(DATA_LENGTH));
        _refusesItem(RawTransactions.DATA, item, SignedTransaction.Fault.Data);
    }

    function test_RevertWhen_ThereIsNoCalldata() public {
        _refusesItem(RawTransactions.DATA, hex"80", SignedTransaction.Fault.Length);
    }

    /* ACCESS LIST */

    function test_RevertWhen_TheAccessListHasAnAddress() public {
        bytes memory item = bytes.concat(hex"d7d694", abi.encodePacked(TARGET), hex"c0");
        _refusesItem(RawTransactions.ACCESS_LIST, item, SignedTransaction.Fault.AccessList);
    }

    function test_RevertWhen_TheAccessListIsAString() public {
        _refusesItem(RawTransactions.ACCESS_LIST, hex"80", SignedTransaction.Fault.AccessList);
    }

    function test_RevertWhen_TheAccessListHasALengthOfItsOwn() public {
        _refusesItem(RawTransactions.ACCESS_LIST, hex"f800", SignedTransaction.Fault.AccessList);
    }

    /* SIGNATURE */

    function test_ReadsBothParities() public view {
        bool[2] memory seen;
        RawTransactions.Transaction memory transaction = _transaction();
        for (uint256 i = 0; i < 40; ++i) {
            transaction.nonce = i;
            (uint8 v, , ) = vm.sign(_client.key, transaction.items().digest());
            seen[v - 27] = true;
            _reads(transaction);
        }
        assertTrue(seen[0] && seen[1], "both");
    }

    function test_RevertWhen_TheParityIsTwo() public {
        _refusesSignature(2, _r(), _s());
    }

    function test_RevertWhen_TheParityIs27() public {
        _refusesSignature(27, _r(), _s());
    }

    function test_RevertWhen_TheParityHasItInItsLowerByte() public {
        _refusesSignature(256, _r(), _s());
        _refusesSignature(257, _r(), _s());
    }

    function test_RevertWhen_RIsZero() public {
        _refusesSignature(0, 0, _s());
    }

    function test_RevertWhen_RIsTheOrder() public {
        _refusesSignature(0, ORDER, _s());
    }

    function test_RevertWhen_RIsTheLargestWord() public {
        _refusesSignature(0, type(uint256).max, _s());
    }

    function test_RevertWhen_NoPointHasR() public {
        _refusesSignature(0, 5, _s());
        _refusesSignature(1, 5, _s());
    }

    function test_RevertWhen_SIsZero() public {
        _refusesSignature(0, _r(), 0);
    }

    function test_ReadsSOfHalfOfTheOrder() public view {
        // Nobody can aim at an s, so only that it is no fault shows.
        bytes memory raw = _withSignature(0, _r(), ORDER / 2);
        (address signer, ) = this.parse(raw, TARGET, DATA_LENGTH);
        assertNotEq(signer, address(0));
    }

    function test_RevertWhen_SIsOneAboveHalfOfTheOrder() public {
        _refusesSignature(0, _r(), ORDER / 2 + 1);
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        bytes[] memory items = _transaction().items();
        _refuses(items.assemble(signHighS(_client, items.digest())), SignedTransaction.Fault.Signature);
    }

    function test_RevertWhen_SIsTheOrder() public {
        _refusesSignature(0, _r(), ORDER);
    }

    function test_ReadsAnotherSignerByTheOtherParity() public view {
        bytes[] memory items = _transaction().items();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_client.key, items.digest());
        bytes memory raw = _withSignature(28 - v, uint256(r), uint256(s));
        (address signer, ) = this.parse(raw, TARGET, DATA_LENGTH);
        assertNotEq(signer, _client.addr);
        assertNotEq(signer, address(0));
    }

    /* CALLED BY THE TESTS: the library takes calldata */

    function parse(
        bytes calldata raw,
        address target,
        uint256 dataLength
    ) external view returns (address signer, bytes memory data) {
        return SignedTransaction.parse(raw, target, dataLength);
    }

    /* INTERNAL */

    function _transaction() private pure returns (RawTransactions.Transaction memory) {
        return
            RawTransactions.Transaction({
                chainId: CHAIN,
                nonce: 7,
                maxPriorityFeePerGas: 1_000_000,
                maxFeePerGas: 2_000_000_000,
                gasLimit: 250_000,
                to: TARGET,
                value: 0,
                data: _data(DATA_LENGTH)
            });
    }

    /// @dev Bytes that differ, none of them zero.
    function _data(uint256 length) private pure returns (bytes memory data) {
        data = new bytes(length);
        for (uint256 i = 0; i < length; ++i) data[i] = bytes1(uint8((i % 251) + 1));
    }

    function _signed(RawTransactions.Transaction memory transaction) private view returns (bytes memory) {
        return _assembled(transaction.items());
    }

    /// @dev Items that are signed as they stand.
    function _assembled(bytes[] memory items) private view returns (bytes memory) {
        return items.assemble(sign(_client, items.digest()));
    }

    /// @dev What the list holds.
    function _body(RawTransactions.Transaction memory transaction) private view returns (bytes memory body) {
        bytes memory raw = _signed(transaction);
        body = new bytes(raw.length - 4);
        for (uint256 i = 0; i < body.length; ++i) body[i] = raw[i + 4];
    }

    function _withSignature(uint256 parity, uint256 r, uint256 s) private pure returns (bytes memory) {
        return
            _transaction().items().assembleEncoded(
                RawTransactions.encodeInteger(parity),
                RawTransactions.encodeInteger(r),
                RawTransactions.encodeInteger(s)
            );
    }

    function _r() private view returns (uint256) {
        (, bytes32 r, ) = vm.sign(_client.key, _transaction().items().digest());
        return uint256(r);
    }

    function _s() private view returns (uint256) {
        (, , bytes32 s) = vm.sign(_client.key, _transaction().items().digest());
        return uint256(s);
    }

    function _reads(RawTransactions.Transaction memory transaction) private view {
        (address signer, bytes memory data) = this.parse(_signed(transaction), transaction.to, transaction.data.length);
        assertEq(signer, _client.addr, "signer");
        assertEq(data, transaction.data, "data");
    }

    function _refuses(bytes memory raw, SignedTransaction.Fault fault) private {
        vm.expectRevert(abi.encodeWithSelector(SignedTransaction.BadTransaction.selector, fault));
        this.parse(raw, TARGET, DATA_LENGTH);
    }

    function _refusesSomehow(bytes memory raw) private view {
        try this.parse(raw, TARGET, DATA_LENGTH) {
            assertTrue(false, "it is refused");
        } catch (bytes memory reason) {
            assertEq(bytes32(bytes4(reason)), bytes32(SignedTransaction.BadTransaction.selector));
        }
    }

    function _refusesType(bytes1 first) private {
        bytes memory raw = _signed(_transaction());
        raw[0] = first;
        _refuses(raw, SignedTransaction.Fault.Type);
    }

    /// @dev A list of exactly so many bytes under a header that is not the shortest, or does not fit. All else is good.
    function _refusesHeaderOf(uint256 length, bytes memory header) private {
        RawTransactions.Transaction memory transaction = _transaction();
        transaction.data = _data(56);
        bytes[] memory items = transaction.items();
        // The calldata fills the list, which is 67 bytes of signature longer than the signed items.
        items[RawTransactions.DATA] = RawTransactions.encodeBytes(_data(56 + length - items.join().length - 67));
        bytes memory body = bytes.concat(
            items.join(),
            hex"80a0",
            abi.encodePacked(_r()),
            hex"a0",
            abi.encodePacked(_s())
        );
        assertEq(body.length, length, "length");
        _refuses(bytes.concat(header, body), SignedTransaction.Fault.Length);
    }

    function _refusesInteger(bytes memory item) private {
        for (uint256 i = RawTransactions.CHAIN_ID; i <= RawTransactions.GAS_LIMIT; ++i) {
            _refusesItem(i, item, SignedTransaction.Fault.Integer);
        }
        bytes[] memory items = _transaction().items();
        bytes memory r = RawTransactions.encodeInteger(_r());
        bytes memory s = RawTransactions.encodeInteger(_s());
        _refuses(items.assembleEncoded(item, r, s), SignedTransaction.Fault.Integer);
        _refuses(items.assembleEncoded(hex"80", item, s), SignedTransaction.Fault.Integer);
        _refuses(items.assembleEncoded(hex"80", r, item), SignedTransaction.Fault.Integer);
    }

    /// @dev The client signs the transaction with the item as it stands.
    function _refusesItem(uint256 index, bytes memory item, SignedTransaction.Fault fault) private {
        bytes[] memory items = _transaction().items();
        items[index] = item;
        _refuses(_assembled(items), fault);
    }

    function _refusesChain(uint256 chainId) private {
        _refusesItem(RawTransactions.CHAIN_ID, RawTransactions.encodeInteger(chainId), SignedTransaction.Fault.ChainId);
    }

    function _refusesSignature(uint256 parity, uint256 r, uint256 s) private {
        _refuses(_withSignature(parity, r, s), SignedTransaction.Fault.Signature);
    }
}
