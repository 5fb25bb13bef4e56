// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FlashHashing} from "../../contracts/flash/FlashHashing.sol";
import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {SignedTransaction} from "../../contracts/libraries/SignedTransaction.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashVectorReader} from "./FlashVectorReader.sol";

/// @notice Reproduces `test/vectors/flash.json` with the hashing of the contract, with the tests' own, and with the contract itself.
contract FlashVectorsTest is FlashVectorReader {
    using FlashHashing for *;

    uint256 private constant CASES = 4;
    uint256 private constant DOMAINS = 3;

    /// @dev Members of each message, in the order of the interface.
    string private constant PAYMENT = "client,server,token,amount,nonce,deadline,epoch";
    string private constant TAB = "client,server,token,total,lane,deadline,epoch";
    string private constant OPEN_ESCROW = "client,server,token,amount,ttlSeconds,closeDelay,signer,epoch,deadline";
    string private constant TOP_UP = "client,server,token,amount,epoch,salt,deadline";
    string private constant EXTEND_ESCROW = "client,server,token,epoch,newUnlockAt,deadline";
    string private constant CLOSE_ESCROW = "client,server,token,epoch,byServer,deadline";
    string private constant RELEASE_ESCROW = "client,server,token,epoch,amount,nonce,deadline";
    string private constant SETTLER_AUTHORIZATION = "server,settler,validUntil,sequence,deadline";
    string private constant WITHDRAW_CREDIT = "account,token,to,amount,nonce,deadline";

    function file() internal pure override returns (string memory) {
        return "flash.json";
    }

    function ownerKey() internal pure override returns (string memory) {
        return "owner";
    }

    /* DOMAINS */

    function test_DomainSeparators() external {
        for (uint256 i = 0; i < count(".domains", DOMAINS); ++i) {
            string memory path = entryAt(".domains", i);
            (signedChainId, signedContract) = (_uint(path, "chainId"), _address(path, "settlement"));
            assertEq(domainSeparator(), _bytes32(path, "separator"), path);
        }
    }

    /// @dev The same code at another address or on another chain has another domain: nothing of it is frozen at deployment.
    function test_DigestsOfThePlacedContract() external {
        for (uint256 i = 0; i < DOMAINS; ++i) {
            string memory path = entryAt(".domains", i);
            place(_address(path, "settlement"));
            vm.chainId(_uint(path, "chainId"));
            for (uint256 j = 0; j < CASES; ++j) {
                IFlashSettlement.Payment memory payment = abi.decode(
                    _words("Payment", PAYMENT, j),
                    (IFlashSettlement.Payment)
                );
                IFlashSettlement.Tab memory tab = abi.decode(_words("Tab", TAB, j), (IFlashSettlement.Tab));
                assertEq(settlement.paymentDigest(payment), _digest("Payment", j, i), "payment");
                assertEq(settlement.tabDigest(tab), _digest("Tab", j, i), "tab");
            }
        }
    }

    /* MESSAGES: the hashing of the contract by the file, the hashing of the tests by the contract's */

    function test_Payment() external view {
        _assertTypeHash("Payment", FlashHashing.PAYMENT_TYPEHASH);
        for (uint256 i = 0; i < count(".messages.Payment", CASES); ++i) {
            IFlashSettlement.Payment memory m = abi.decode(_words("Payment", PAYMENT, i), (IFlashSettlement.Payment));
            _assertHashes("Payment", i, this.hashPayment(m), FlashMessages.hash(m));
        }
    }

    function test_Tab() external view {
        _assertTypeHash("Tab", FlashHashing.TAB_TYPEHASH);
        for (uint256 i = 0; i < count(".messages.Tab", CASES); ++i) {
            IFlashSettlement.Tab memory m = abi.decode(_words("Tab", TAB, i), (IFlashSettlement.Tab));
            _assertHashes("Tab", i, this.hashTab(m), FlashMessages.hash(m));
        }
    }

    function test_OpenEscrow() external view {
        _assertTypeHash("OpenEscrow", FlashHashing.OPEN_ESCROW_TYPEHASH);
        for (uint256 i = 0; i < count(".messages.OpenEscrow", CASES); ++i) {
            IFlashSettlement.OpenEscrow memory m = _open(_words("OpenEscrow", OPEN_ESCROW, i));
            _assertHashes("OpenEscrow", i, this.hashOpenEscrow(m), FlashMessages.hash(m));
        }
    }

    function test_TopUp() external view {
        _assertTypeHash("TopUp", FlashHashing.TOP_UP_TYPEHASH);
        for (uint256 i = 0; i < count(".messages.TopUp", CASES); ++i) {
            IFlashSettlement.TopUp memory m = _topUp(_words("TopUp", TOP_UP, i));
            _assertHashes("TopUp", i, this.hashTopUp(m), FlashMessages.hash(m));
        }
    }

    function test_ExtendEscrow() external view {
        _assertTypeHash("ExtendEscrow", FlashHashing.EXTEND_ESCROW_TYPEHASH);
        for (uint256 i = 0; i < count(".messages.ExtendEscrow", CASES); ++i) {
            bytes memory words = _words("ExtendEscrow", EXTEND_ESCROW, i);
            IFlashSettlement.ExtendEscrow memory m = abi.decode(words, (IFlashSettlement.ExtendEscrow));
            _assertHashes("ExtendEscrow", i, this.hashExtendEscrow(m), FlashMessages.hash(m));
        }
    }

    function test_CloseEscrow() external view {
        _assertTypeHash("CloseEscrow", FlashHashing.CLOSE_ESCROW_TYPEHASH);
        for (uint256 i = 0; i < count(".messages.CloseEscrow", CASES); ++i) {
            bytes memory words = _words("CloseEscrow", CLOSE_ESCROW, i);
            IFlashSettlement.CloseEscrow memory m = abi.decode(words, (IFlashSettlement.CloseEscrow));
            _assertHashes("CloseEscrow", i, this.hashCloseEscrow(m), FlashMessages.hash(m));
        }
    }

    function test_ReleaseEscrow() external view {
        _assertTypeHash("ReleaseEscrow", FlashHashing.RELEASE_ESCROW_TYPEHASH);
        for (uint256 i = 0; i < count(".messages.ReleaseEscrow", CASES); ++i) {
            bytes memory words = _words("ReleaseEscrow", RELEASE_ESCROW, i);
            IFlashSettlement.ReleaseEscrow memory m = abi.decode(words, (IFlashSettlement.ReleaseEscrow));
            _assertHashes("ReleaseEscrow", i, this.hashReleaseEscrow(m), FlashMessages.hash(m));
        }
    }

    function test_SettlerAuthorization() external view {
        _assertTypeHash("SettlerAuthorization", FlashHashing.SETTLER_AUTHORIZATION_TYPEHASH);
        for (uint256 i = 0; i < count(".messages.SettlerAuthorization", CASES); ++i) {
            bytes memory words = _words("SettlerAuthorization", SETTLER_AUTHORIZATION, i);
            IFlashSettlement.SettlerAuthorization memory m = abi.decode(words, (IFlashSettlement.SettlerAuthorization));
            _assertHashes("SettlerAuthorization", i, this.hashSettlerAuthorization(m), FlashMessages.hash(m));
        }
    }

    function test_WithdrawCredit() external view {
        _assertTypeHash("WithdrawCredit", FlashHashing.WITHDRAW_CREDIT_TYPEHASH);
        for (uint256 i = 0; i < count(".messages.WithdrawCredit", CASES); ++i) {
            bytes memory words = _words("WithdrawCredit", WITHDRAW_CREDIT, i);
            IFlashSettlement.WithdrawCredit memory m = abi.decode(words, (IFlashSettlement.WithdrawCredit));
            _assertHashes("WithdrawCredit", i, this.hashWithdrawCredit(m), FlashMessages.hash(m));
        }
    }

    /* MESSAGES OF OTHER CONTRACTS */

    function test_Eip3009() external {
        signedContract = _address(entryAt(".domains", 0), "settlement");
        for (uint256 i = 0; i < count(".eip3009.OpenEscrow", CASES); ++i) {
            string memory path = entryAt(".eip3009.OpenEscrow", i);
            assertEq(eip3009DigestOf(_open(_wordsAt(path, OPEN_ESCROW))), _bytes32(path, "digest"), path);
        }
        for (uint256 i = 0; i < count(".eip3009.TopUp", CASES); ++i) {
            string memory path = entryAt(".eip3009.TopUp", i);
            assertEq(eip3009DigestOf(_topUp(_wordsAt(path, TOP_UP))), _bytes32(path, "digest"), path);
        }
    }

    function test_Permit2() external {
        signedContract = _address(entryAt(".domains", 0), "settlement");
        for (uint256 i = 0; i < count(".permit2.OpenEscrow", CASES); ++i) {
            string memory path = entryAt(".permit2.OpenEscrow", i);
            assertEq(permit2DigestOf(_open(_wordsAt(path, OPEN_ESCROW))), _bytes32(path, "digest"), path);
        }
        for (uint256 i = 0; i < count(".permit2.TopUp", CASES); ++i) {
            string memory path = entryAt(".permit2.TopUp", i);
            assertEq(permit2DigestOf(_topUp(_wordsAt(path, TOP_UP))), _bytes32(path, "digest"), path);
        }
    }

    /* SIGNATURES: the contract does what the signed case of each message says */

    function test_SignedPayment() external {
        _place();
        bytes memory words = _words("Payment", PAYMENT, 3);
        IFlashSettlement.Payment memory m = abi.decode(words, (IFlashSettlement.Payment));
        placeToken(m.token);
        openAsOwner(m.server, m.token, 1);
        vm.prank(m.server);
        settlement.settleSignedPayment(m, _signature("Payment"), false);
        assertEq(MintableToken(m.token).balanceOf(m.server), m.amount);
    }

    function test_SignedTab() external {
        _place();
        IFlashSettlement.Tab memory m = abi.decode(_words("Tab", TAB, 3), (IFlashSettlement.Tab));
        placeToken(m.token);
        openAsOwner(m.server, m.token, 1);
        settlement.settleTab(m, _signature("Tab"));
        assertEq(MintableToken(m.token).balanceOf(m.server), m.total);
    }

    function test_SignedOpenEscrow() external {
        _place();
        IFlashSettlement.OpenEscrow memory m = _open(_words("OpenEscrow", OPEN_ESCROW, 3));
        placeToken(m.token);
        settlement.openEscrowWithTerms(m, _signature("OpenEscrow"), allowance());
        assertEq(settlement.escrowOf(owner, m.server, m.token).balance, m.amount);
    }

    function test_SignedOpenEscrowByEip3009() external {
        _place();
        string memory path = entryAt(".eip3009.OpenEscrow", 3);
        IFlashSettlement.OpenEscrow memory m = _open(_wordsAt(path, OPEN_ESCROW));
        fundUsdc(owner, m.amount);
        settlement.openEscrowWithTerms(m, "", eip3009(_bytes(path, "signature")));
        assertEq(settlement.escrowOf(owner, m.server, m.token).balance, m.amount);
    }

    function test_SignedOpenEscrowByPermit2() external {
        _place();
        string memory path = entryAt(".permit2.OpenEscrow", 3);
        IFlashSettlement.OpenEscrow memory m = _open(_wordsAt(path, OPEN_ESCROW));
        fundUsdc(owner, m.amount);
        approve(address(USDC), owner, type(uint256).max);
        settlement.openEscrowWithTerms(m, "", permit2(_bytes(path, "signature")));
        assertEq(settlement.escrowOf(owner, m.server, m.token).balance, m.amount);
    }

    function test_SignedTopUpByEip3009() external {
        _place();
        string memory path = entryAt(".eip3009.TopUp", 3);
        IFlashSettlement.TopUp memory m = _topUp(_wordsAt(path, TOP_UP));
        fundUsdc(owner, m.amount + 1);
        openAsOwner(m.server, m.token, 1);
        settlement.topUpWithAuthorization(m, eip3009(_bytes(path, "signature")));
        assertEq(settlement.escrowOf(owner, m.server, m.token).balance, m.amount + 1);
    }

    function test_SignedTopUpByPermit2() external {
        _place();
        string memory path = entryAt(".permit2.TopUp", 3);
        IFlashSettlement.TopUp memory m = _topUp(_wordsAt(path, TOP_UP));
        fundUsdc(owner, m.amount + 1);
        openAsOwner(m.server, m.token, 1);
        settlement.topUpWithAuthorization(m, permit2(_bytes(path, "signature")));
        assertEq(settlement.escrowOf(owner, m.server, m.token).balance, m.amount + 1);
    }

    function test_SignedExtendEscrow() external {
        _place();
        bytes memory words = _words("ExtendEscrow", EXTEND_ESCROW, 3);
        IFlashSettlement.ExtendEscrow memory m = abi.decode(words, (IFlashSettlement.ExtendEscrow));
        placeToken(m.token);
        vm.prank(owner);
        settlement.openEscrow(m.server, m.token, 1, 60);
        settlement.extendEscrowWithAuthorization(m, _signature("ExtendEscrow"));
        assertEq(settlement.escrowOf(owner, m.server, m.token).unlockAt, m.newUnlockAt);
    }

    function test_SignedCloseEscrow() external {
        _place();
        bytes memory words = _words("CloseEscrow", CLOSE_ESCROW, 3);
        IFlashSettlement.CloseEscrow memory m = abi.decode(words, (IFlashSettlement.CloseEscrow));
        assertEq(m.server, owner);
        _openForClient(m.client, m.token);
        settlement.closeEscrowWithAuthorization(m, _signature("CloseEscrow"));
        assertEq(settlement.escrowOf(m.client, owner, m.token).flags, OPEN | SERVER_CLOSED);
    }

    function test_SignedReleaseEscrow() external {
        _place();
        bytes memory words = _words("ReleaseEscrow", RELEASE_ESCROW, 3);
        IFlashSettlement.ReleaseEscrow memory m = abi.decode(words, (IFlashSettlement.ReleaseEscrow));
        assertEq(m.server, owner);
        _openForClient(m.client, m.token);
        settlement.releaseEscrowWithAuthorization(m, _signature("ReleaseEscrow"));
        assertEq(settlement.escrowOf(m.client, owner, m.token).balance, 2 * m.amount - m.amount);
    }

    function test_SignedSettlerAuthorization() external {
        _place();
        bytes memory words = _words("SettlerAuthorization", SETTLER_AUTHORIZATION, 3);
        IFlashSettlement.SettlerAuthorization memory m = abi.decode(words, (IFlashSettlement.SettlerAuthorization));
        settlement.setSettlerWithAuthorization(m, _signature("SettlerAuthorization"));
        (uint40 validUntil, uint64 sequence) = settlement.settlerOf(owner, m.settler);
        assertEq(validUntil, m.validUntil);
        assertEq(sequence, 1);
    }

    function test_SignedWithdrawCredit() external {
        _place();
        bytes memory words = _words("WithdrawCredit", WITHDRAW_CREDIT, 3);
        IFlashSettlement.WithdrawCredit memory m = abi.decode(words, (IFlashSettlement.WithdrawCredit));
        // The owner earns its credit as a server, from an escrow alone.
        _openForClient(client.addr, m.token);
        vm.startPrank(client.addr);
        MintableToken(m.token).approve(address(settlement), 0);
        settlement.settlePayment(owner, m.token, m.amount);
        vm.stopPrank();
        settlement.withdrawCreditWithAuthorization(m, _signature("WithdrawCredit"));
        assertEq(MintableToken(m.token).balanceOf(m.to), m.amount);
    }

    /* HASHING OF THE CONTRACT, which takes calldata */

    function hashPayment(IFlashSettlement.Payment calldata m) external pure returns (bytes32) {
        return m.hash();
    }

    function hashTab(IFlashSettlement.Tab calldata m) external pure returns (bytes32) {
        return m.hash();
    }

    function hashOpenEscrow(IFlashSettlement.OpenEscrow calldata m) external pure returns (bytes32) {
        return m.hash();
    }

    function hashTopUp(IFlashSettlement.TopUp calldata m) external pure returns (bytes32) {
        return m.hash();
    }

    function hashExtendEscrow(IFlashSettlement.ExtendEscrow calldata m) external pure returns (bytes32) {
        return m.hash();
    }

    function hashCloseEscrow(IFlashSettlement.CloseEscrow calldata m) external pure returns (bytes32) {
        return m.hash();
    }

    function hashReleaseEscrow(IFlashSettlement.ReleaseEscrow calldata m) external pure returns (bytes32) {
        return m.hash();
    }

    function hashSettlerAuthorization(
        IFlashSettlement.SettlerAuthorization calldata m
    ) external pure returns (bytes32) {
        return m.hash();
    }

    function hashWithdrawCredit(IFlashSettlement.WithdrawCredit calldata m) external pure returns (bytes32) {
        return m.hash();
    }

    /* INTERNAL */

    function _place() private {
        place(_address(entryAt(".domains", 0), "settlement"));
        vm.chainId(_uint(entryAt(".domains", 0), "chainId"));
        approve(address(USDC), owner, type(uint256).max);
    }

    /// @dev An account opens an escrow with the owner as its server: twice what the signed messages are about.
    function _openForClient(address of_, address which) private {
        placeToken(which);
        MintableToken(which).mint(of_, 1 << 128);
        approve(which, of_, type(uint256).max);
        vm.prank(of_);
        settlement.openEscrow(owner, which, 2_000_000, 0);
    }

    /// @dev Also by the struct as the interface declares it.
    function _assertTypeHash(string memory name, bytes32 typeHash) private view {
        assertEq(typeHash, _bytes32(".typeHashes", name), "type hash");
        assertEq(typeHash, vm.eip712HashType(_declaration(name)), "type hash of the struct");
    }

    /// @dev The struct's members, without comments, as EIP-712 writes them.
    function _declaration(string memory name) private view returns (string memory text) {
        string memory source = vm.readFile("contracts/interfaces/IFlashSettlement.sol");
        string memory body = vm.split(vm.split(source, string.concat("struct ", name, " {"))[1], "}")[0];
        string[] memory lines = vm.split(body, ";");
        for (uint256 i = 0; i + 1 < lines.length; ++i) {
            string[] memory parts = vm.split(lines[i], "\n");
            string memory member = vm.replace(parts[parts.length - 1], "        ", "");
            text = string.concat(text, i == 0 ? "" : ",", member);
        }
        return string.concat(name, "(", text, ")");
    }

    function _assertHashes(string memory name, uint256 index, bytes32 ofContract, bytes32 ofTests) private view {
        string memory path = entryAt(string.concat(".messages.", name), index);
        assertEq(ofContract, _bytes32(path, "structHash"), string.concat(path, " of the contract"));
        assertEq(ofTests, ofContract, string.concat(path, " of the tests"));
        for (uint256 i = 0; i < DOMAINS; ++i) {
            bytes32 separator = _bytes32(entryAt(".domains", i), "separator");
            bytes32 digest = keccak256(abi.encodePacked(hex"1901", separator, ofContract));
            assertEq(digest, _digest(name, index, i), string.concat(path, " digest"));
        }
        if (index == 3) assertEq(_recover(_digest(name, 3, 0), _signature(name)), owner, "owner");
    }

    function _recover(bytes32 digest, bytes memory signature) private pure returns (address) {
        bytes32 r;
        bytes32 s;
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        return ecrecover(digest, uint8(signature[64]), r, s);
    }

    /* INTERNAL: THE FILE */

    function _digest(string memory name, uint256 index, uint256 domain) private view returns (bytes32) {
        string memory path = entryAt(string.concat(".messages.", name), index);
        return vm.parseJsonBytes32(json, entryAt(string.concat(path, ".digests"), domain));
    }

    function _signature(string memory name) private view returns (bytes memory) {
        return _bytes(entryAt(string.concat(".messages.", name), 3), "signature");
    }

    function _words(string memory name, string memory members, uint256 index) private view returns (bytes memory) {
        return _wordsAt(entryAt(string.concat(".messages.", name), index), members);
    }

    /// @dev A struct's words: each member takes one.
    function _wordsAt(string memory path, string memory members) private view returns (bytes memory words) {
        string[] memory names = vm.split(members, ",");
        path = string.concat(path, ".message");
        for (uint256 i = 0; i < names.length; ++i) {
            words = bytes.concat(words, abi.encode(_word(path, names[i])));
        }
    }

    function _word(string memory path, string memory name) private view returns (uint256) {
        if (keccak256(bytes(name)) == keccak256("byServer")) {
            return vm.parseJsonBool(json, string.concat(path, ".", name)) ? 1 : 0;
        }
        bool isNumber = bytes(_string(path, name)).length != 42;
        return isNumber ? _uint(path, name) : uint160(_address(path, name));
    }

    function _open(bytes memory words) private pure returns (IFlashSettlement.OpenEscrow memory) {
        return abi.decode(words, (IFlashSettlement.OpenEscrow));
    }

    function _topUp(bytes memory words) private pure returns (IFlashSettlement.TopUp memory) {
        return abi.decode(words, (IFlashSettlement.TopUp));
    }
}

/// @notice Reads and settles the raw transactions of `test/vectors/flash-transactions.json`.
contract FlashTransactionVectorsTest is FlashVectorReader {
    string[9] private _faults = [
        "Type",
        "Length",
        "Integer",
        "ChainId",
        "Target",
        "Value",
        "Data",
        "AccessList",
        "Signature"
    ];

    function setUp() public override {
        super.setUp();
        place(_address(entryAt(".transactions", 0), "target"));
        placeToken(_address(entryAt(".settlements", 0), "token"));
        openAsOwner(
            _address(entryAt(".settlements", 0), "server"),
            _address(entryAt(".settlements", 0), "token"),
            1000
        );
    }

    function file() internal pure override returns (string memory) {
        return "flash-transactions.json";
    }

    function ownerKey() internal pure override returns (string memory) {
        return "signer";
    }

    function test_ReadsEveryShape() external {
        for (uint256 i = 0; i < count(".transactions", 52); ++i) {
            string memory path = entryAt(".transactions", i);
            bytes memory data = _bytes(path, "data");
            vm.chainId(_uint(path, "chainId"));
            (address by, bytes memory read) = this.parse(_bytes(path, "raw"), _address(path, "target"), data.length);
            assertEq(by, owner, _string(path, "name"));
            assertEq(read, data, _string(path, "name"));
        }
    }

    function test_SettlesPayments() external {
        for (uint256 i = 0; i < count(".settlements", 3); ++i) {
            string memory path = entryAt(".settlements", i);
            address which = _address(path, "token");
            bytes32 id = keccak256(abi.encode(owner, _address(path, "server"), which));
            settlement.settleSignedTransaction(_bytes(path, "raw"), false);
            assertTrue(
                settlement.isTransactionUsed(
                    id,
                    _uint(path, "amount"),
                    uint64(_uint(path, "nonce")),
                    uint40(_uint(path, "deadline")),
                    uint32(_uint(path, "epoch"))
                ),
                _string(path, "name")
            );
        }
        assertEq(
            settlement.escrowOf(owner, _address(entryAt(".settlements", 0), "server"), _token()).settled,
            MAX_AMOUNT
        );
    }

    function test_RefusesEveryMutation() external {
        for (uint256 i = 0; i < count(".mutations", 114); ++i) {
            string memory path = entryAt(".mutations", i);
            _refuses(path, abi.encodeWithSelector(SignedTransaction.BadTransaction.selector, _fault(path)));
        }
    }

    function test_RefusesEveryOtherCall() external {
        for (uint256 i = 0; i < count(".otherCalls", 12); ++i) {
            _refuses(entryAt(".otherCalls", i), abi.encodeWithSelector(IFlashSettlement.NotNumberedPayment.selector));
        }
    }

    /// @dev The library takes calldata.
    function parse(
        bytes calldata raw,
        address target,
        uint256 dataLength
    ) external view returns (address by, bytes memory data) {
        return SignedTransaction.parse(raw, target, dataLength);
    }

    function _refuses(string memory path, bytes memory expected) private {
        bytes memory callData = abi.encodeCall(IFlashSettlement.settleSignedTransaction, (_bytes(path, "raw"), false));
        (bool ok, bytes memory answer) = address(settlement).call(callData);
        assertFalse(ok, _string(path, "name"));
        assertEq(answer, expected, _string(path, "name"));
    }

    function _token() private view returns (address) {
        return _address(entryAt(".settlements", 0), "token");
    }

    function _fault(string memory path) private view returns (uint256 fault) {
        bytes32 name = keccak256(bytes(_string(path, "fault")));
        while (keccak256(bytes(_faults[fault])) != name) ++fault;
    }
}
