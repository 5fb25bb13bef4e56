// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FlashFundingTest} from "./FlashFundingTest.sol";

/// @dev How a holder takes an ERC-3009 authorization back.
interface ICancelAuthorization {
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;
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
