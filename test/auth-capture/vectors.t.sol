// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OperatorHashing} from "../../contracts/auth-capture/OperatorHashing.sol";
import {Test} from "../helpers/Test.sol";
import {OperatorMessages} from "./OperatorMessages.sol";

/// @notice Reproduces `test/vectors/auth-capture.json` with the hashing of the operators and with the tests' own.
contract OperatorVectorsTest is Test {
    uint256 private constant CASES = 4;
    uint256 private constant DOMAINS = 3;

    /// @dev A message of the file.
    struct Entry {
        string path;
        bytes32 paymentInfoHash;
        uint256 capturable;
        uint256 refundable;
        uint48 deadline;
    }

    string private _json;

    function setUp() public {
        _json = vm.readFile("test/vectors/auth-capture.json");
    }

    /* DOMAINS */

    function test_DomainSeparators() public {
        for (uint256 i = 0; i < DOMAINS; ++i) {
            string memory path = string.concat(".domains[", vm.toString(i), "]");
            (uint256 chainId, address operator) = (_uint(path, "chainId"), _address(path, "operator"));
            assertEq(OperatorMessages.domainSeparator(chainId, operator), _bytes32(path, "separator"), path);
            vm.chainId(chainId);
            assertEq(OperatorHashing.domainSeparator(operator), _bytes32(path, "separator"), path);
        }
        assertFalse(vm.keyExistsJson(_json, ".domains[3]"), "more domains than are read");
    }

    /* MESSAGES */

    function test_Capture() public view {
        _assertCaptures("v1_1", "Capture", OperatorHashing.CAPTURE_TYPEHASH);
        _assertCaptures("v1_0", "Capture", OperatorHashing.CAPTURE_V1_0_TYPEHASH);
    }

    function test_CaptureAndVoid() public view {
        _assertCaptures("v1_1", "CaptureAndVoid", OperatorHashing.CAPTURE_AND_VOID_TYPEHASH);
        _assertCaptures("v1_0", "CaptureAndVoid", OperatorHashing.CAPTURE_AND_VOID_V1_0_TYPEHASH);
    }

    function test_Void() public view {
        for (uint256 g = 0; g < 2; ++g) {
            for (uint256 i = 0; i < CASES; ++i) {
                Entry memory entry = _entry(g, "Void", OperatorHashing.VOID_TYPEHASH, i);
                _assertHash(
                    entry,
                    OperatorHashing.voidHash(entry.paymentInfoHash),
                    OperatorMessages.voidHash(entry.paymentInfoHash)
                );
            }
        }
    }

    function test_Refund() public view {
        for (uint256 g = 0; g < 2; ++g) {
            for (uint256 i = 0; i < CASES; ++i) {
                Entry memory entry = _entry(g, "Refund", OperatorHashing.REFUND_TYPEHASH, i);
                _assertHash(
                    entry,
                    OperatorHashing.refundHash(
                        entry.paymentInfoHash,
                        _member(entry, "amount"),
                        _party(entry, "tokenCollector"),
                        entry.capturable,
                        entry.refundable
                    ),
                    OperatorMessages.refundHash(
                        entry.paymentInfoHash,
                        _member(entry, "amount"),
                        _party(entry, "tokenCollector"),
                        entry.capturable,
                        entry.refundable
                    )
                );
            }
        }
    }

    function test_Release() public view {
        for (uint256 g = 0; g < 2; ++g) {
            for (uint256 i = 0; i < CASES; ++i) {
                Entry memory entry = _entry(g, "Release", OperatorHashing.RELEASE_TYPEHASH, i);
                (uint256 held, bool disputed) = (entry.capturable, _flag(entry));
                _assertHash(
                    entry,
                    OperatorHashing.releaseHash(entry.paymentInfoHash, held, disputed, entry.deadline),
                    OperatorMessages.releaseHash(entry.paymentInfoHash, held, disputed, entry.deadline)
                );
            }
        }
    }

    function test_Dispute() public view {
        for (uint256 g = 0; g < 2; ++g) {
            for (uint256 i = 0; i < CASES; ++i) {
                Entry memory entry = _entry(g, "Dispute", OperatorHashing.DISPUTE_TYPEHASH, i);
                bytes32 reasonHash = _bytes32(entry.path, "message.reasonHash");
                _assertHash(
                    entry,
                    OperatorHashing.disputeHash(entry.paymentInfoHash, reasonHash, entry.deadline),
                    OperatorMessages.disputeHash(entry.paymentInfoHash, reasonHash, entry.deadline)
                );
            }
        }
    }

    function test_Rule() public view {
        for (uint256 g = 0; g < 2; ++g) {
            for (uint256 i = 0; i < CASES; ++i) {
                Entry memory entry = _entry(g, "Rule", OperatorHashing.RULE_TYPEHASH, i);
                uint256 receiverAmount = _member(entry, "receiverAmount");
                _assertHash(
                    entry,
                    OperatorHashing.ruleHash(entry.paymentInfoHash, receiverAmount),
                    OperatorMessages.ruleHash(entry.paymentInfoHash, receiverAmount)
                );
            }
        }
    }

    function test_Settle() public view {
        for (uint256 g = 0; g < 2; ++g) {
            for (uint256 i = 0; i < CASES; ++i) {
                Entry memory entry = _entry(g, "Settle", OperatorHashing.SETTLE_TYPEHASH, i);
                _assertHash(
                    entry,
                    OperatorHashing.settleHash(
                        entry.paymentInfoHash,
                        _member(entry, "receiverAmount"),
                        entry.capturable,
                        entry.refundable,
                        _flag(entry),
                        entry.deadline
                    ),
                    OperatorMessages.settleHash(
                        entry.paymentInfoHash,
                        _member(entry, "receiverAmount"),
                        entry.capturable,
                        entry.refundable,
                        _flag(entry),
                        entry.deadline
                    )
                );
            }
        }
    }

    /* INTERNAL */

    function _assertCaptures(string memory generation, string memory name, bytes32 typehash) private view {
        bool isOnV10 = keccak256(bytes(generation)) == keccak256("v1_0");
        for (uint256 i = 0; i < CASES; ++i) {
            Entry memory entry = _entry(isOnV10 ? 1 : 0, name, typehash, i);
            OperatorMessages.Capture memory message = OperatorMessages.Capture({
                paymentInfoHash: entry.paymentInfoHash,
                amount: _member(entry, "amount"),
                fee: _member(entry, isOnV10 ? "feeBps" : "feeAmount"),
                feeReceiver: _party(entry, "feeReceiver"),
                capturable: entry.capturable,
                refundable: entry.refundable
            });
            bytes32 own = OperatorHashing.captureHash({
                typehash: typehash,
                paymentInfoHash: message.paymentInfoHash,
                amount: message.amount,
                fee: message.fee,
                feeReceiver: message.feeReceiver,
                capturable: message.capturable,
                refundable: message.refundable
            });
            _assertHash(entry, own, OperatorMessages.captureHash(name, isOnV10, message));
        }
    }

    /// @dev A case that is added to the file and not read here fails, as one that vanishes does.
    function _entry(
        uint256 generation,
        string memory name,
        bytes32 typehash,
        uint256 index
    ) private view returns (Entry memory entry) {
        string memory head = string.concat(".generations.", generation == 0 ? "v1_1." : "v1_0.", name);
        assertEq(_bytes32(head, "typeHash"), typehash, head);
        assertFalse(vm.keyExistsJson(_json, string.concat(head, ".cases[4]")), "more cases than are read");
        entry.path = string.concat(head, ".cases[", vm.toString(index), "]");
        entry.paymentInfoHash = _bytes32(entry.path, "message.paymentInfoHash");
        if (_has(entry, "expectedCapturableAmount")) entry.capturable = _member(entry, "expectedCapturableAmount");
        if (_has(entry, "expectedRefundableAmount")) entry.refundable = _member(entry, "expectedRefundableAmount");
        // The type has 48 bits.
        if (_has(entry, "deadline")) entry.deadline = uint48(_member(entry, "deadline"));
    }

    function _assertHash(Entry memory entry, bytes32 own, bytes32 ofTests) private view {
        bytes32 structHash = _bytes32(entry.path, "structHash");
        assertEq(own, structHash, entry.path);
        assertEq(ofTests, structHash, entry.path);
        for (uint256 i = 0; i < DOMAINS; ++i) {
            string memory domain = string.concat(".domains[", vm.toString(i), "]");
            assertEq(
                OperatorMessages.digest(_uint(domain, "chainId"), _address(domain, "operator"), structHash),
                _bytes32(entry.path, string.concat("digests[", vm.toString(i), "]")),
                entry.path
            );
        }
    }

    function _has(Entry memory entry, string memory name) private view returns (bool) {
        return vm.keyExistsJson(_json, string.concat(entry.path, ".message.", name));
    }

    function _member(Entry memory entry, string memory name) private view returns (uint256) {
        return _uint(entry.path, string.concat("message.", name));
    }

    function _party(Entry memory entry, string memory name) private view returns (address) {
        return _address(entry.path, string.concat("message.", name));
    }

    function _flag(Entry memory entry) private view returns (bool) {
        return vm.parseJsonBool(_json, string.concat(entry.path, ".message.disputed"));
    }

    function _uint(string memory path, string memory name) private view returns (uint256) {
        return vm.parseJsonUint(_json, string.concat(path, ".", name));
    }

    function _address(string memory path, string memory name) private view returns (address) {
        return vm.parseJsonAddress(_json, string.concat(path, ".", name));
    }

    function _bytes32(string memory path, string memory name) private view returns (bytes32) {
        return vm.parseJsonBytes32(_json, string.concat(path, ".", name));
    }
}
