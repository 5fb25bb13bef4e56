// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {FlashTest} from "./FlashTest.sol";

/// @dev How a holder takes an ERC-3009 authorization back.
interface ICancelAuthorization {
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;
}

/// @dev Errors of Permit2, and how a holder takes a permit back.
interface IPermit2Nonces {
    error InvalidNonce();
    error InvalidSigner();
    error InvalidSignature();
    error InvalidSignatureLength();

    function invalidateUnorderedNonces(uint256 word, uint256 mask) external;

    function nonceBitmap(address owner, uint256 word) external view returns (uint256 bits);
}

/// @notice What holds for a message that one signature funds and binds, whatever the message does: an opening or a top-up by ERC-3009 or
/// Permit2 (`FlashFunding.tree`).
abstract contract FlashFundingTest is FlashTest {
    /* WHAT A VERB SAYS */

    /// @dev Struct hash of the good message.
    function messageHash() internal view virtual returns (bytes32);

    /// @dev What the client signs to fund the good message.
    function fundingDigest() internal view virtual returns (bytes32);

    /// @dev Sends the good message with this signature of the funding, as the relayer.
    function submit(bytes memory signature) internal virtual;

    /// @dev The good message did what it says, once.
    function assertDone() internal view virtual;

    /* WHAT A METHOD SAYS */

    /// @dev The next call refuses a signature that is not the client's over this message.
    function expectOtherSigner() internal virtual;

    /// @dev The next call refuses a signature that was used or cancelled.
    function expectUsed() internal virtual;

    /// @dev The client takes its signature back.
    function cancel() internal virtual;

    function fundingSignature() internal view returns (bytes memory) {
        return sign(client, fundingDigest());
    }

    /* FORMS OF THE SIGNATURE */

    function test_FundsByASignatureOf65Bytes() public {
        submit(fundingSignature());
        assertDone();
    }

    function test_FundsByACompactSignature() public {
        (bytes32 r, bytes32 vs) = signCompact(client, fundingDigest());
        submit(abi.encodePacked(r, vs));
        assertDone();
    }

    function test_FundsByTheBytesOfAContractWallet() public {
        vm.etch(client.addr, type(AcceptingWallet).runtimeCode);
        submit("whatever this wallet understands");
        assertDone();
    }

    /* WHAT WAS SIGNED, AND BY WHOM */

    function test_RevertWhen_AnotherKeySigned() public {
        bytes memory signature = sign(stranger, fundingDigest());
        expectOtherSigner();
        submit(signature);
    }

    function test_RevertWhen_TheServerSigned() public {
        bytes memory signature = sign(server, fundingDigest());
        expectOtherSigner();
        submit(signature);
    }

    function test_RevertWhen_TheMessageItselfIsSigned() public {
        bytes memory signature = signStruct(client, messageHash());
        expectOtherSigner();
        submit(signature);
    }

    function test_RevertWhen_SignedForAnotherContract() public {
        signedContract = deploySettlement();
        bytes memory signature = fundingSignature();
        expectOtherSigner();
        submit(signature);
    }

    /* ONCE */

    function test_RevertGiven_TheClientCancelledTheFunding() public {
        bytes memory signature = fundingSignature();
        cancel();
        expectUsed();
        submit(signature);
    }

    function test_FundsGivenTheClientCancelledEveryNonceHere() public {
        // The funding's own nonce counts, not the contract's.
        vm.prank(client.addr);
        settlement.invalidateNonces(uint256(messageHash()) >> 8, type(uint256).max);
        submit(fundingSignature());
        assertDone();
    }
}

/// @notice Beside {FlashFundingTest}: funding by ERC-3009.
abstract contract FlashEip3009Test is FlashFundingTest {
    function expectOtherSigner() internal override {
        vm.expectRevert("FiatTokenV2: invalid signature");
    }

    function expectUsed() internal override {
        vm.expectRevert("FiatTokenV2: authorization is used or canceled");
    }

    function cancel() internal override {
        bytes32 typeHash = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
        bytes32 cancellation = keccak256(abi.encode(typeHash, client.addr, messageHash()));
        ICancelAuthorization(token).cancelAuthorization(
            client.addr,
            messageHash(),
            sign(client, keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), cancellation)))
        );
    }

    function test_MarksTheAuthorizationOfTheToken() public {
        assertFalse(USDC.authorizationState(client.addr, messageHash()));
        submit(fundingSignature());
        assertTrue(USDC.authorizationState(client.addr, messageHash()));
    }

    function test_FundsWithoutAnAllowance() public {
        approve(token, client.addr, 0);
        submit(fundingSignature());
        assertDone();
    }

    function test_LeavesTheAllowanceAlone() public {
        allow(5000);
        submit(fundingSignature());
        assertEq(USDC.allowance(client.addr, address(settlement)), 5000);
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        bytes memory signature = signHighS(client, fundingDigest());
        vm.expectRevert("ECRecover: invalid signature 's' value");
        submit(signature);
    }

    function test_RevertWhen_TheSignatureIsEmpty() public {
        vm.expectRevert("ECRecover: invalid signature length");
        submit("");
    }

    function test_RevertGiven_TheWalletIsEmpty() public {
        bytes memory signature = fundingSignature();
        drainTo(0);
        vm.expectRevert("ERC20: transfer amount exceeds balance");
        submit(signature);
    }
}

/// @notice Beside {FlashFundingTest}: funding by Permit2.
abstract contract FlashPermit2Test is FlashFundingTest {
    function expectOtherSigner() internal override {
        vm.expectRevert(abi.encodeWithSelector(IPermit2Nonces.InvalidSigner.selector));
    }

    function expectUsed() internal override {
        vm.expectRevert(abi.encodeWithSelector(IPermit2Nonces.InvalidNonce.selector));
    }

    function cancel() internal override {
        uint256 nonce = uint256(messageHash());
        vm.prank(client.addr);
        IPermit2Nonces(PERMIT2).invalidateUnorderedNonces(nonce >> 8, 1 << (nonce & 0xff));
    }

    function test_MarksTheNonceOfPermit2() public {
        submit(fundingSignature());
        uint256 nonce = uint256(messageHash());
        assertEq(IPermit2Nonces(PERMIT2).nonceBitmap(client.addr, nonce >> 8), 1 << (nonce & 0xff));
    }

    function test_FundsWithoutAnAllowanceToTheContract() public {
        allow(0);
        submit(fundingSignature());
        assertDone();
    }

    function test_RevertWhen_SignedForAnotherChain() public {
        signedChainId = 1;
        bytes memory signature = fundingSignature();
        expectOtherSigner();
        submit(signature);
    }

    function test_RevertWhen_TheSignatureIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(IPermit2Nonces.InvalidSignatureLength.selector));
        submit("");
    }

    function test_RevertWhen_TheSignatureIsAllZero() public {
        vm.expectRevert(abi.encodeWithSelector(IPermit2Nonces.InvalidSignature.selector));
        submit(new bytes(65));
    }

    function test_RevertGiven_ThePermit2AllowanceIsGone() public {
        bytes memory signature = fundingSignature();
        approve(token, client.addr, 0);
        vm.expectRevert("TRANSFER_FROM_FAILED");
        submit(signature);
    }
}
