// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {VoucherHashing} from "../../contracts/voucher/VoucherHashing.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @notice Reproduces `test/vectors/voucher.json` with the hashing of the contract, and with the contract itself where it has a view.
contract VoucherVectorsTest is VoucherTest {
    using VoucherHashing for *;

    uint256 private constant CASES = 4;

    string private _json;

    function setUp() public override {
        super.setUp();
        _json = vm.readFile("test/vectors/voucher.json");
    }

    /* DOMAINS */

    /// @dev The same code at another address or on another chain has another domain: nothing of it is frozen at deployment.
    function test_DomainSeparators() external {
        bytes memory code = address(escrow).code;
        for (uint256 i = 0; i < 3; ++i) {
            string memory path = string.concat(".domains[", vm.toString(i), "]");
            address place = _address(path, "escrow");
            vm.etch(place, code);
            vm.chainId(_uint(path, "chainId"));
            assertEq(IVoucherEscrow(place).DOMAIN_SEPARATOR(), _bytes32(path, "separator"));
        }
    }

    /* MESSAGES */

    function test_Voucher() external view {
        assertEq(VoucherHashing.VOUCHER_TYPEHASH, _typeHash("Voucher"), "type hash");
        for (uint256 i = 0; i < _count("Voucher"); ++i) {
            string memory path = _at("Voucher", i);
            _assertHashes(path, this.hashVoucher(_readVoucher(string.concat(path, ".message"))));
        }
    }

    function test_DepositAuthorization() external view {
        assertEq(VoucherHashing.DEPOSIT_AUTHORIZATION_TYPEHASH, _typeHash("DepositAuthorization"), "type hash");
        for (uint256 i = 0; i < _count("DepositAuthorization"); ++i) {
            string memory path = _at("DepositAuthorization", i);
            _assertHashes(
                path,
                this.hashDepositAuthorization(_readDepositAuthorization(string.concat(path, ".message")))
            );
        }
    }

    function test_FlushAuthorization() external view {
        assertEq(VoucherHashing.FLUSH_AUTHORIZATION_TYPEHASH, _typeHash("FlushAuthorization"), "type hash");
        for (uint256 i = 0; i < _count("FlushAuthorization"); ++i) {
            string memory path = _at("FlushAuthorization", i);
            _assertHashes(path, this.hashFlushAuthorization(_readFlushAuthorization(string.concat(path, ".message"))));
        }
    }

    function test_FlushAllAuthorization() external view {
        assertEq(VoucherHashing.FLUSH_ALL_AUTHORIZATION_TYPEHASH, _typeHash("FlushAllAuthorization"), "type hash");
        for (uint256 i = 0; i < _count("FlushAllAuthorization"); ++i) {
            string memory path = _at("FlushAllAuthorization", i);
            _assertHashes(
                path,
                this.hashFlushAllAuthorization(_readFlushAllAuthorization(string.concat(path, ".message")))
            );
        }
    }

    function test_AllocateAuthorization() external view {
        assertEq(VoucherHashing.ALLOCATE_AUTHORIZATION_TYPEHASH, _typeHash("AllocateAuthorization"), "type hash");
        for (uint256 i = 0; i < _count("AllocateAuthorization"); ++i) {
            string memory path = _at("AllocateAuthorization", i);
            _assertHashes(
                path,
                this.hashAllocateAuthorization(_readAllocateAuthorization(string.concat(path, ".message")))
            );
        }
    }

    function test_WithdrawFreeAuthorization() external view {
        assertEq(
            VoucherHashing.WITHDRAW_FREE_AUTHORIZATION_TYPEHASH,
            _typeHash("WithdrawFreeAuthorization"),
            "type hash"
        );
        for (uint256 i = 0; i < _count("WithdrawFreeAuthorization"); ++i) {
            string memory path = _at("WithdrawFreeAuthorization", i);
            _assertHashes(
                path,
                this.hashWithdrawFreeAuthorization(_readWithdrawFreeAuthorization(string.concat(path, ".message")))
            );
        }
    }

    function test_SignerAuthorization() external view {
        assertEq(VoucherHashing.SIGNER_AUTHORIZATION_TYPEHASH, _typeHash("SignerAuthorization"), "type hash");
        for (uint256 i = 0; i < _count("SignerAuthorization"); ++i) {
            string memory path = _at("SignerAuthorization", i);
            _assertHashes(
                path,
                this.hashSignerAuthorization(_readSignerAuthorization(string.concat(path, ".message")))
            );
        }
    }

    function test_SignerRevocation() external view {
        assertEq(VoucherHashing.SIGNER_REVOCATION_TYPEHASH, _typeHash("SignerRevocation"), "type hash");
        for (uint256 i = 0; i < _count("SignerRevocation"); ++i) {
            string memory path = _at("SignerRevocation", i);
            _assertHashes(path, this.hashSignerRevocation(_readSignerRevocation(string.concat(path, ".message"))));
        }
    }

    function test_ReleaseAuthorization() external view {
        assertEq(VoucherHashing.RELEASE_AUTHORIZATION_TYPEHASH, _typeHash("ReleaseAuthorization"), "type hash");
        for (uint256 i = 0; i < _count("ReleaseAuthorization"); ++i) {
            string memory path = _at("ReleaseAuthorization", i);
            _assertHashes(
                path,
                this.hashReleaseAuthorization(_readReleaseAuthorization(string.concat(path, ".message")))
            );
        }
    }

    function test_PayoutAuthorization() external view {
        assertEq(VoucherHashing.PAYOUT_AUTHORIZATION_TYPEHASH, _typeHash("PayoutAuthorization"), "type hash");
        for (uint256 i = 0; i < _count("PayoutAuthorization"); ++i) {
            string memory path = _at("PayoutAuthorization", i);
            _assertHashes(
                path,
                this.hashPayoutAuthorization(_readPayoutAuthorization(string.concat(path, ".message")))
            );
        }
    }

    /// @dev Guards the type strings by the structs as the interface declares them.
    function test_TypeHashesAreThoseOfTheStructs() external view {
        string[10] memory names = [
            "Voucher",
            "DepositAuthorization",
            "FlushAuthorization",
            "FlushAllAuthorization",
            "AllocateAuthorization",
            "WithdrawFreeAuthorization",
            "SignerAuthorization",
            "SignerRevocation",
            "ReleaseAuthorization",
            "PayoutAuthorization"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            assertEq(vm.eip712HashType(names[i]), _typeHash(names[i]), names[i]);
        }
    }

    function test_TypeHashViews() external view {
        assertEq(escrow.VOUCHER_TYPEHASH(), _typeHash("Voucher"));
        assertEq(escrow.DEPOSIT_AUTHORIZATION_TYPEHASH(), _typeHash("DepositAuthorization"));
        assertEq(escrow.FLUSH_AUTHORIZATION_TYPEHASH(), _typeHash("FlushAuthorization"));
        assertEq(escrow.FLUSH_ALL_AUTHORIZATION_TYPEHASH(), _typeHash("FlushAllAuthorization"));
    }

    /* MESSAGES OF OTHER CONTRACTS */

    function test_Eip3009() external view {
        for (uint256 i = 0; i < CASES; ++i) {
            string memory path = string.concat(".eip3009[", vm.toString(i), "]");
            IVoucherEscrow.DepositAuthorization memory message = _readDeposit(path);
            bytes32 structHash = VoucherMessages.receiveWithAuthorizationHash(message, _escrowOf(0));
            assertEq(structHash, _bytes32(path, "structHash"), "struct hash");
            assertEq(_digest(_tokenDomain(message.asset), structHash), _bytes32(path, "digest"), "digest");
        }
    }

    function test_Permit2() external view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
                keccak256("Permit2"),
                BASE_CHAIN_ID,
                PERMIT2
            )
        );
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,",
                VoucherHashing.DEPOSIT_WITNESS_TYPE
            )
        );
        for (uint256 i = 0; i < CASES; ++i) {
            string memory path = string.concat(".permit2[", vm.toString(i), "]");
            IVoucherEscrow.DepositAuthorization memory message = _readDeposit(path);
            bytes32 witness = this.hashDepositAuthorization(message);
            bytes32 permitted = keccak256(
                abi.encode(keccak256("TokenPermissions(address token,uint256 amount)"), message.asset, message.amount)
            );
            bytes32 structHash = keccak256(
                abi.encode(typeHash, permitted, _escrowOf(0), witness, uint256(message.expiry), witness)
            );
            assertEq(structHash, _bytes32(path, "structHash"), "struct hash");
            assertEq(_digest(domain, structHash), _bytes32(path, "digest"), "digest");
        }
    }

    function test_Permit() external view {
        bytes32 typeHash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        );
        for (uint256 i = 0; i < 3; ++i) {
            string memory path = string.concat(".permit[", vm.toString(i), "]");
            string memory permit = string.concat(path, ".permit");
            bytes32 structHash = keccak256(
                abi.encode(
                    typeHash,
                    vm.parseJsonAddress(_json, ".owner"),
                    _escrowOf(0),
                    _uint(permit, "value"),
                    _uint(permit, "nonce"),
                    _uint(permit, "deadline")
                )
            );
            assertEq(structHash, _bytes32(path, "structHash"), "struct hash");
            assertEq(_digest(USDC.DOMAIN_SEPARATOR(), structHash), _bytes32(path, "digest"), "digest");
        }
    }

    /* SIGNATURES */

    function test_SignaturesOfTheOwner() external {
        address place = _escrowOf(0);
        vm.etch(place, address(escrow).code);
        IVoucherEscrow placed = IVoucherEscrow(place);
        assertTrue(
            placed.isVoucherSignatureValid(_readVoucher(".messages.Voucher[3].message"), _signature("Voucher")),
            "voucher"
        );
        assertTrue(
            placed.isDepositAuthorizationValid(
                _readDepositAuthorization(".messages.DepositAuthorization[3].message"),
                _signature("DepositAuthorization")
            ),
            "deposit"
        );
        assertTrue(
            placed.isFlushAuthorizationValid(
                _readFlushAuthorization(".messages.FlushAuthorization[3].message"),
                _signature("FlushAuthorization")
            ),
            "flush"
        );
        assertTrue(
            placed.isFlushAllAuthorizationValid(
                _readFlushAllAuthorization(".messages.FlushAllAuthorization[3].message"),
                _signature("FlushAllAuthorization")
            ),
            "flush all"
        );
    }

    /* HASHING OF THE CONTRACT, which takes calldata */

    function hashVoucher(IVoucherEscrow.Voucher calldata message) external pure returns (bytes32) {
        return message.hash();
    }

    function hashDepositAuthorization(
        IVoucherEscrow.DepositAuthorization calldata message
    ) external pure returns (bytes32) {
        return message.hash();
    }

    function hashFlushAuthorization(
        IVoucherEscrow.FlushAuthorization calldata message
    ) external pure returns (bytes32) {
        return message.hash();
    }

    function hashFlushAllAuthorization(
        IVoucherEscrow.FlushAllAuthorization calldata message
    ) external pure returns (bytes32) {
        return message.hash();
    }

    function hashAllocateAuthorization(
        IVoucherEscrow.AllocateAuthorization calldata message
    ) external pure returns (bytes32) {
        return message.hash();
    }

    function hashWithdrawFreeAuthorization(
        IVoucherEscrow.WithdrawFreeAuthorization calldata message
    ) external pure returns (bytes32) {
        return message.hash();
    }

    function hashSignerAuthorization(
        IVoucherEscrow.SignerAuthorization calldata message
    ) external pure returns (bytes32) {
        return message.hash();
    }

    function hashSignerRevocation(IVoucherEscrow.SignerRevocation calldata message) external pure returns (bytes32) {
        return message.hash();
    }

    function hashReleaseAuthorization(
        IVoucherEscrow.ReleaseAuthorization calldata message
    ) external pure returns (bytes32) {
        return message.hash();
    }

    function hashPayoutAuthorization(
        IVoucherEscrow.PayoutAuthorization calldata message
    ) external pure returns (bytes32) {
        return message.hash();
    }

    /* INTERNAL */

    function _assertHashes(string memory path, bytes32 structHash) private view {
        assertEq(structHash, _bytes32(path, "structHash"), string.concat(path, " struct hash"));
        for (uint256 i = 0; i < 3; ++i) {
            string memory index = string.concat("[", vm.toString(i), "]");
            bytes32 separator = vm.parseJsonBytes32(_json, string.concat(".domains", index, ".separator"));
            bytes32 digest = vm.parseJsonBytes32(_json, string.concat(path, ".digests", index));
            assertEq(_digest(separator, structHash), digest, string.concat(path, " digest"));
        }
    }

    /// @dev A case that is added to the file is tested; one that vanishes fails.
    function _count(string memory name) private view returns (uint256 count) {
        while (vm.keyExistsJson(_json, _at(name, count))) ++count;
        assertEq(count, CASES, "cases");
    }

    function _digest(bytes32 separator, bytes32 structHash) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function _tokenDomain(address token) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256(bytes(vm.parseJsonString(_json, ".token.name"))),
                    keccak256(bytes(vm.parseJsonString(_json, ".token.version"))),
                    BASE_CHAIN_ID,
                    token
                )
            );
    }

    /* INTERNAL: THE FILE */

    function _at(string memory name, uint256 index) private pure returns (string memory) {
        return string.concat(".messages.", name, "[", vm.toString(index), "]");
    }

    function _member(string memory path, string memory name) private pure returns (string memory) {
        return string.concat(path, ".", name);
    }

    function _typeHash(string memory name) private view returns (bytes32) {
        return _bytes32(".typeHashes", name);
    }

    function _signature(string memory name) private view returns (bytes memory) {
        return vm.parseJsonBytes(_json, string.concat(_at(name, 3), ".signature"));
    }

    function _escrowOf(uint256 domain) private view returns (address) {
        return _address(string.concat(".domains[", vm.toString(domain), "]"), "escrow");
    }

    function _address(string memory path, string memory name) private view returns (address) {
        return vm.parseJsonAddress(_json, _member(path, name));
    }

    function _bytes32(string memory path, string memory name) private view returns (bytes32) {
        return vm.parseJsonBytes32(_json, _member(path, name));
    }

    function _uint(string memory path, string memory name) private view returns (uint256) {
        return vm.parseJsonUint(_json, _member(path, name));
    }

    function _uint64(string memory path, string memory name) private view returns (uint64) {
        uint256 value = _uint(path, name);
        assertLe(value, type(uint64).max);
        return uint64(value);
    }

    function _readDeposit(string memory path) private view returns (IVoucherEscrow.DepositAuthorization memory) {
        return _readDepositAuthorization(string.concat(path, ".authorization"));
    }

    function _readVoucher(string memory path) private view returns (IVoucherEscrow.Voucher memory) {
        return
            IVoucherEscrow.Voucher({
                id: _bytes32(path, "id"),
                buyer: _address(path, "buyer"),
                seller: _address(path, "seller"),
                valueAggregate: _uint(path, "valueAggregate"),
                asset: _address(path, "asset"),
                timestamp: _uint64(path, "timestamp"),
                nonce: _uint(path, "nonce"),
                escrow: _address(path, "escrow"),
                chainId: _uint(path, "chainId"),
                expiry: _uint64(path, "expiry")
            });
    }

    function _readDepositAuthorization(
        string memory path
    ) private view returns (IVoucherEscrow.DepositAuthorization memory) {
        return
            IVoucherEscrow.DepositAuthorization({
                buyer: _address(path, "buyer"),
                seller: _address(path, "seller"),
                asset: _address(path, "asset"),
                amount: _uint(path, "amount"),
                nonce: _bytes32(path, "nonce"),
                expiry: _uint64(path, "expiry")
            });
    }

    function _readFlushAuthorization(
        string memory path
    ) private view returns (IVoucherEscrow.FlushAuthorization memory) {
        return
            IVoucherEscrow.FlushAuthorization({
                buyer: _address(path, "buyer"),
                seller: _address(path, "seller"),
                asset: _address(path, "asset"),
                nonce: _bytes32(path, "nonce"),
                expiry: _uint64(path, "expiry")
            });
    }

    function _readFlushAllAuthorization(
        string memory path
    ) private view returns (IVoucherEscrow.FlushAllAuthorization memory) {
        return
            IVoucherEscrow.FlushAllAuthorization({
                buyer: _address(path, "buyer"),
                nonce: _bytes32(path, "nonce"),
                expiry: _uint64(path, "expiry")
            });
    }

    function _readAllocateAuthorization(
        string memory path
    ) private view returns (IVoucherEscrow.AllocateAuthorization memory) {
        return
            IVoucherEscrow.AllocateAuthorization({
                buyer: _address(path, "buyer"),
                seller: _address(path, "seller"),
                asset: _address(path, "asset"),
                amount: _uint(path, "amount"),
                nonce: _uint64(path, "nonce"),
                expiry: _uint64(path, "expiry")
            });
    }

    function _readWithdrawFreeAuthorization(
        string memory path
    ) private view returns (IVoucherEscrow.WithdrawFreeAuthorization memory) {
        return
            IVoucherEscrow.WithdrawFreeAuthorization({
                buyer: _address(path, "buyer"),
                asset: _address(path, "asset"),
                amount: _uint(path, "amount"),
                nonce: _uint64(path, "nonce"),
                expiry: _uint64(path, "expiry")
            });
    }

    function _readSignerAuthorization(
        string memory path
    ) private view returns (IVoucherEscrow.SignerAuthorization memory) {
        return
            IVoucherEscrow.SignerAuthorization({
                buyer: _address(path, "buyer"),
                signer: _address(path, "signer"),
                validUntil: _uint64(path, "validUntil"),
                expiry: _uint64(path, "expiry")
            });
    }

    function _readSignerRevocation(string memory path) private view returns (IVoucherEscrow.SignerRevocation memory) {
        return
            IVoucherEscrow.SignerRevocation({
                buyer: _address(path, "buyer"),
                signer: _address(path, "signer"),
                expiry: _uint64(path, "expiry")
            });
    }

    function _readReleaseAuthorization(
        string memory path
    ) private view returns (IVoucherEscrow.ReleaseAuthorization memory) {
        return
            IVoucherEscrow.ReleaseAuthorization({
                buyer: _address(path, "buyer"),
                seller: _address(path, "seller"),
                asset: _address(path, "asset"),
                id: _bytes32(path, "id"),
                collectedAtLeast: _uint(path, "collectedAtLeast"),
                amount: _uint(path, "amount"),
                nonce: _bytes32(path, "nonce"),
                expiry: _uint64(path, "expiry")
            });
    }

    function _readPayoutAuthorization(
        string memory path
    ) private view returns (IVoucherEscrow.PayoutAuthorization memory) {
        return
            IVoucherEscrow.PayoutAuthorization({
                seller: _address(path, "seller"),
                toFreeBalance: vm.parseJsonBool(_json, _member(path, "toFreeBalance")),
                nonce: uint96(_uint(path, "nonce")),
                expiry: _uint64(path, "expiry")
            });
    }
}
