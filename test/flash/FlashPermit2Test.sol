// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FlashFundingTest} from "./FlashFundingTest.sol";

/// @dev Errors of Permit2, and how a holder takes a permit back.
interface IPermit2Nonces {
    error InvalidNonce();
    error InvalidSigner();
    error InvalidSignature();
    error InvalidSignatureLength();

    function invalidateUnorderedNonces(uint256 word, uint256 mask) external;

    function nonceBitmap(address owner, uint256 word) external view returns (uint256 bits);
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
