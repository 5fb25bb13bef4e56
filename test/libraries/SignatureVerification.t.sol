// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {SignatureVerification} from "../../contracts/libraries/SignatureVerification.sol";
import {Actor, Test} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {AnsweringContract} from "../mocks/AnsweringContract.sol";
import {GasBurningWallet} from "../mocks/GasBurningWallet.sol";
import {OwnedWallet} from "../mocks/OwnedWallet.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";

/// @dev The library takes signatures from calldata.
contract SignatureVerificationCaller {
    function recover(bytes32 digest, bytes calldata signature) external pure returns (address) {
        return SignatureVerification.recover(digest, signature);
    }

    function isValid(address account, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return SignatureVerification.isValid(account, digest, signature);
    }

    function isValidErc1271(address account, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return SignatureVerification.isValidErc1271(account, digest, signature);
    }

    function encodeErc1271(bytes32 digest, bytes calldata signature) external pure returns (bytes memory) {
        return SignatureVerification.encodeErc1271(digest, signature);
    }

    function askErc1271(address account, bytes calldata question, uint256 gasLimit) external view returns (bool) {
        return SignatureVerification.askErc1271(account, question, gasLimit);
    }
}

contract SignatureVerificationTest is Test {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    bytes32 private constant DIGEST = keccak256("a digest");

    SignatureVerificationCaller private caller;
    Actor private actor;

    function setUp() public {
        caller = new SignatureVerificationCaller();
        actor = makeActor("signer");
    }

    /* RECOVER, AGAINST PLAIN SOLIDITY */

    function testFuzz_RecoversBothFormsOfAnyKey(bytes32 digest, uint256 seed) public view {
        Actor memory any;
        any.key = bound(seed, 1, ORDER - 1);
        any.addr = vm.addr(any.key);
        assertEq(caller.recover(digest, sign(any, digest)), any.addr);
        (bytes32 r, bytes32 vs) = signCompact(any, digest);
        assertEq(caller.recover(digest, abi.encodePacked(r, vs)), any.addr);
    }

    function testFuzz_EqualsPlainSolidityFor65Bytes(bytes32 digest, bytes32 r, bytes32 s, uint8 v) public view {
        assertEq(caller.recover(digest, abi.encodePacked(r, s, v)), _recoverPlainly(digest, r, s, v));
    }

    function testFuzz_EqualsPlainSolidityFor64Bytes(bytes32 digest, bytes32 r, bytes32 vs) public view {
        bytes32 s = bytes32(uint256(vs) & (type(uint256).max >> 1));
        uint8 v = 27 + uint8(uint256(vs) >> 255);
        assertEq(caller.recover(digest, abi.encodePacked(r, vs)), _recoverPlainly(digest, r, s, v));
    }

    function testFuzz_EqualsTheLibraryItReplaces(bytes32 digest, bytes memory signature) public view {
        (address expected, , ) = ECDSA.tryRecover(digest, signature);
        if (signature.length == 64) return;
        assertEq(caller.recover(digest, signature), expected);
    }

    function testFuzz_RecoversZeroForAnyOtherLength(bytes memory signature) public view {
        if (signature.length == 64 || signature.length == 65) return;
        assertEq(caller.recover(DIGEST, signature), address(0));
    }

    function testFuzz_RefusesTheTwinOfAnyGoodSignature(bytes32 digest, uint256 seed) public view {
        Actor memory any;
        any.key = bound(seed, 1, ORDER - 1);
        assertEq(caller.recover(digest, signHighS(any, digest)), address(0));
    }

    function test_RecoversOnlyTheRecoveryBytes27And28() public view {
        (, bytes32 r, bytes32 s) = vm.sign(actor.key, DIGEST);
        uint256 recovered = 0;
        for (uint256 v = 0; v < 256; ++v) {
            address key = caller.recover(DIGEST, abi.encodePacked(r, s, uint8(v)));
            if (v == 27 || v == 28) assertNotEq(key, address(0));
            else assertEq(key, address(0));
            if (key == actor.addr) ++recovered;
        }
        assertEq(recovered, 1);
    }

    /* IS VALID: KEYS FIRST */

    function test_AKeysSignatureIsValid() public view {
        assertTrue(caller.isValid(actor.addr, DIGEST, sign(actor, DIGEST)));
    }

    function test_AKeysSignatureIsValidWhateverCodeSitsAtItsAddress() public {
        bytes memory signature = sign(actor, DIGEST);
        vm.etch(actor.addr, type(RejectingWallet).runtimeCode);
        assertTrue(caller.isValid(actor.addr, DIGEST, signature));
        vm.etch(actor.addr, hex"fe");
        assertTrue(caller.isValid(actor.addr, DIGEST, signature));
        // The designator of an EIP-7702 delegation.
        vm.etch(actor.addr, abi.encodePacked(hex"ef0100", address(new RejectingWallet())));
        assertTrue(caller.isValid(actor.addr, DIGEST, signature));
    }

    function test_DoesNotAskTheCodeWhenTheKeySigned() public {
        bytes memory signature = sign(actor, DIGEST);
        vm.etch(actor.addr, type(AcceptingWallet).runtimeCode);
        vm.expectCall(actor.addr, abi.encodeWithSelector(IERC1271.isValidSignature.selector), 0);
        assertTrue(caller.isValid(actor.addr, DIGEST, signature));
    }

    function test_ZeroNeverSigned() public view {
        assertFalse(caller.isValid(address(0), DIGEST, new bytes(65)));
        assertFalse(caller.isValid(address(0), DIGEST, ""));
    }

    function test_AnotherKeysSignatureIsNotValid() public {
        assertFalse(caller.isValid(actor.addr, DIGEST, sign(makeActor("another"), DIGEST)));
    }

    /* CONTRACTS SECOND */

    function test_AnAcceptingWalletsAnswerIsValid() public {
        address wallet = address(new AcceptingWallet());
        assertTrue(caller.isValid(wallet, DIGEST, ""));
        assertTrue(caller.isValidErc1271(wallet, DIGEST, "any bytes"));
    }

    function test_ARejectingWalletsAnswerIsNotValid() public {
        assertFalse(caller.isValid(address(new RejectingWallet()), DIGEST, ""));
    }

    function test_PassesDigestAndSignatureOnToTheWallet() public {
        address wallet = address(new OwnedWallet(actor.addr));
        assertTrue(caller.isValid(wallet, DIGEST, sign(actor, DIGEST)));
        assertFalse(caller.isValid(wallet, keccak256("another digest"), sign(actor, DIGEST)));
    }

    function test_AnAddressWithoutCodeNeverAnswers() public {
        assertFalse(caller.isValidErc1271(makeAddr("nobody"), DIGEST, ""));
    }

    function testFuzz_OnlyTheMagicWordIsValid(bytes32 answer, bool isMagic) public {
        AnsweringContract wallet = new AnsweringContract();
        bytes32 magic = bytes32(IERC1271.isValidSignature.selector);
        if (isMagic) answer = magic;
        wallet.set(abi.encode(answer), false);
        assertEq(caller.isValidErc1271(address(wallet), DIGEST, ""), answer == magic);
    }

    function test_TheMagicSelectorWithDirtyBytesIsNotValid() public {
        AnsweringContract wallet = new AnsweringContract();
        wallet.set(abi.encode(uint256(bytes32(IERC1271.isValidSignature.selector)) | 1), false);
        assertFalse(caller.isValidErc1271(address(wallet), DIGEST, ""));
    }

    function test_TheMagicWordByRevertIsNotValid() public {
        AnsweringContract wallet = new AnsweringContract();
        wallet.set(abi.encode(bytes32(IERC1271.isValidSignature.selector)), true);
        assertFalse(caller.isValidErc1271(address(wallet), DIGEST, ""));
    }

    function test_EncodesTheQuestion() public view {
        assertEq(
            caller.encodeErc1271(DIGEST, "signature"),
            abi.encodeCall(IERC1271.isValidSignature, (DIGEST, "signature"))
        );
    }

    function test_AsksWithTheGasLimitAtMost() public {
        address wallet = address(new GasBurningWallet(50_000));
        bytes memory question = caller.encodeErc1271(DIGEST, "");
        assertFalse(caller.askErc1271(wallet, question, 50_000));
        assertTrue(caller.askErc1271(wallet, question, 60_000));
    }

    /* INTERNAL */

    function _recoverPlainly(bytes32 digest, bytes32 r, bytes32 s, uint8 v) private pure returns (address) {
        if (uint256(s) > ORDER / 2) return address(0);
        return ecrecover(digest, v, r, s);
    }
}
