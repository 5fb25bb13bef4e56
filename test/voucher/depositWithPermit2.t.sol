// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {Vm} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @dev Errors of Permit2 and how a holder cancels.
interface IPermit2Nonces {
    error InvalidNonce();
    error InvalidSigner();
    error InvalidSignature();
    error InvalidSignatureLength();
    error InvalidContractSignature();

    function invalidateUnorderedNonces(uint256 word, uint256 mask) external;

    function nonceBitmap(address owner, uint256 word) external view returns (uint256 bits);
}

contract DepositWithPermit2Test is VoucherTest {
    using VoucherMessages for *;

    uint256 private constant AMOUNT = 100;

    IVoucherEscrow.DepositAuthorization private authorization;
    Books private start;

    function setUp() public override {
        super.setUp();
        authorization = depositAuthorizationOf(AMOUNT);
        // Only Permit2 may move the tokens.
        vm.prank(buyer.addr);
        USDC.approve(address(escrow), 0);
        start = books();
    }

    /* FORMS OF THE SIGNATURE */

    function test_DepositsByASignatureOf65Bytes() public {
        _submit(signPermit2(buyer, authorization));
        _assertDone();
    }

    function test_DepositsByACompactSignature() public {
        (bytes32 r, bytes32 vs) = signCompact(buyer, permit2DigestOf(authorization));
        _submit(abi.encodePacked(r, vs));
        _assertDone();
    }

    function test_DepositsByTheBytesOfAContractWallet() public {
        vm.etch(buyer.addr, type(AcceptingWallet).runtimeCode);
        _submit("whatever this wallet understands");
        _assertDone();
    }

    function test_RevertWhen_TheContractWalletRejects() public {
        vm.etch(buyer.addr, type(RejectingWallet).runtimeCode);
        expectRevert(abi.encodeWithSelector(IPermit2Nonces.InvalidContractSignature.selector));
        _submit("");
    }

    function test_RevertWhen_TheSignatureIsEmpty() public {
        expectRevert(abi.encodeWithSelector(IPermit2Nonces.InvalidSignatureLength.selector));
        _submit("");
    }

    function test_RevertWhen_TheSignatureIsAllZero() public {
        expectRevert(abi.encodeWithSelector(IPermit2Nonces.InvalidSignature.selector));
        _submit(new bytes(65));
    }

    function test_RevertWhen_AnotherKeySigned() public {
        _expectInvalidSigner();
        _submit(signPermit2(stranger, authorization));
    }

    function test_RevertWhen_TheDepositAuthorizationIsSignedInstead() public {
        _expectInvalidSigner();
        _submit(sign(buyer, authorization));
    }

    function test_RevertWhen_SignedForAnotherChain() public {
        signedChainId = 1;
        _expectInvalidSigner();
        _submit(signPermit2(buyer, authorization));
    }

    function test_RevertWhen_SignedForAnotherEscrow() public {
        IVoucherEscrow here = escrow;
        escrow = IVoucherEscrow(deployEscrow());
        bytes memory signature = signPermit2(buyer, authorization);
        escrow = here;
        _expectInvalidSigner();
        _submit(signature);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheBuyerIsNotTheOneSigned() public {
        bytes memory signature = signPermit2(buyer, authorization);
        authorization.buyer = buyer2.addr;
        _expectInvalidSigner();
        _submit(signature);
    }

    function test_RevertWhen_TheSellerIsNotTheOneSigned() public {
        bytes memory signature = signPermit2(buyer, authorization);
        authorization.seller = seller2.addr;
        _expectInvalidSigner();
        _submit(signature);
    }

    function test_RevertWhen_TheFreeBalanceTakesThePlaceOfTheSeller() public {
        bytes memory signature = signPermit2(buyer, authorization);
        authorization.seller = address(0);
        _expectInvalidSigner();
        _submit(signature);
    }

    function test_RevertWhen_TheAssetIsNotTheOneSigned() public {
        bytes memory signature = signPermit2(buyer, authorization);
        authorization.asset = address(new FeeOnTransferToken());
        _expectInvalidSigner();
        _submit(signature);
    }

    function test_RevertWhen_TheAmountIsNotTheOneSigned() public {
        bytes memory signature = signPermit2(buyer, authorization);
        authorization.amount = AMOUNT - 1;
        _expectInvalidSigner();
        _submit(signature);
    }

    function test_RevertWhen_TheNonceIsNotTheOneSigned() public {
        bytes memory signature = signPermit2(buyer, authorization);
        authorization.nonce = bytes32(uint256(1));
        _expectInvalidSigner();
        _submit(signature);
    }

    function test_RevertWhen_TheExpiryIsNotTheOneSigned() public {
        bytes memory signature = signPermit2(buyer, authorization);
        authorization.expiry = EXPIRY + 1;
        _expectInvalidSigner();
        _submit(signature);
    }

    /* EXPIRY */

    function test_DepositsOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        _submit(signPermit2(buyer, authorization));
        _assertDone();
    }

    function test_DepositsAtTheExpiry() public {
        vm.warp(EXPIRY);
        _submit(signPermit2(buyer, authorization));
        _assertDone();
    }

    function test_RevertWhen_OneSecondPastTheExpiry() public {
        vm.warp(EXPIRY + 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AuthorizationExpired.selector, EXPIRY, EXPIRY + 1));
        _submit(signPermit2(buyer, authorization));
    }

    /* NONCE */

    function test_RevertWhen_TheNonceIsZero() public {
        authorization.nonce = 0;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.ZeroNonce.selector));
        _submit(signPermit2(buyer, authorization));
    }

    function test_RevertGiven_TheAuthorizationWasUsed() public {
        bytes memory signature = signPermit2(buyer, authorization);
        _submit(signature);
        expectRevert(abi.encodeWithSelector(IPermit2Nonces.InvalidNonce.selector));
        _submit(signature);
    }

    function test_RevertGiven_TheBuyerCancelledItAtPermit2() public {
        uint256 nonce = uint256(authorization.hash());
        vm.prank(buyer.addr);
        IPermit2Nonces(PERMIT2).invalidateUnorderedNonces(nonce >> 8, 1 << (nonce & 255));
        expectRevert(abi.encodeWithSelector(IPermit2Nonces.InvalidNonce.selector));
        _submit(signPermit2(buyer, authorization));
    }

    function test_UsesNoNonceOfTheEscrow() public {
        _submit(signPermit2(buyer, authorization));
        assertFalse(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
        uint256 nonce = uint256(authorization.hash());
        assertEq(IPermit2Nonces(PERMIT2).nonceBitmap(buyer.addr, nonce >> 8), 1 << (nonce & 255));
    }

    function test_DepositsGivenTheEscrowsNonceWasCancelled() public {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Deposit, uint256(NONCE) >> 8, type(uint256).max);
        _submit(signPermit2(buyer, authorization));
        _assertDone();
    }

    /* AMOUNT AND PARTIES */

    function test_RevertWhen_TheAmountIsZero() public {
        authorization.amount = 0;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        _submit(signPermit2(buyer, authorization));
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        authorization.amount = 1 << 96;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, 1 << 96, type(uint96).max));
        _submit(signPermit2(buyer, authorization));
    }

    function test_RevertWhen_TheBuyerIsTheEscrow() public {
        authorization.buyer = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _submit("");
    }

    function test_RevertWhen_TheBuyerIsTheEscrowAndTheSellerIsZero() public {
        authorization.buyer = address(escrow);
        authorization.seller = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _submit("");
    }

    function test_RevertWhen_TheBuyerAndTheSellerAreZero() public {
        authorization.buyer = address(0);
        authorization.seller = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        _submit("");
    }

    function test_RevertWhen_TheSellerIsTheBuyer() public {
        authorization.seller = buyer.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        _submit(signPermit2(buyer, authorization));
    }

    function test_RevertWhen_TheSellerIsTheEscrow() public {
        authorization.seller = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _submit(signPermit2(buyer, authorization));
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        authorization.asset = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, stranger.addr));
        _submit(signPermit2(buyer, authorization));
    }

    /* SOURCE OF THE TOKENS */

    function test_RevertGiven_AnAllowanceToPermit2OneBelowTheAmount() public {
        vm.prank(buyer.addr);
        USDC.approve(PERMIT2, AMOUNT - 1);
        expectRevert("TRANSFER_FROM_FAILED");
        _submit(signPermit2(buyer, authorization));
    }

    function test_DepositsGivenAnAllowanceToPermit2OfTheAmount() public {
        vm.prank(buyer.addr);
        USDC.approve(PERMIT2, AMOUNT);
        _submit(signPermit2(buyer, authorization));
        _assertDone();
    }

    function test_RevertWhen_TheSignatureIsUsedForTheAllowanceRoute() public {
        vm.prank(buyer.addr);
        USDC.approve(address(escrow), AMOUNT);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector));
        escrow.depositWithAuthorization(authorization, signPermit2(buyer, authorization));
    }

    function test_RevertWhen_TheTokenTakesAFee() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        token.mint(buyer.addr, 1000);
        approve(address(token), buyer.addr, 1000);
        authorization.asset = address(token);
        authorization.amount = 1000;
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 990));
        _submit(signPermit2(buyer, authorization));
    }

    /* EFFECTS */

    function test_EmitsDeposited() public {
        expectEvent();
        emit IVoucherEscrow.Deposited(buyer.addr, seller.addr, asset, AMOUNT, AMOUNT);
        _submit(signPermit2(buyer, authorization));
    }

    function test_DoesNotEmitDepositAuthorized() public {
        vm.recordLogs();
        _submit(signPermit2(buyer, authorization));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            assertNotEq(logs[i].topics[0], IVoucherEscrow.DepositAuthorized.selector);
        }
    }

    function test_FillsTheFreeBalanceWhenTheSellerIsZero() public {
        authorization.seller = address(0);
        expectEvent();
        emit IVoucherEscrow.FreeCredited(buyer.addr, asset, AMOUNT, AMOUNT);
        _submit(signPermit2(buyer, authorization));
        Books memory expected = start;
        expected.buyer -= AMOUNT;
        expected.escrow += AMOUNT;
        expected.freeOfBuyer += AMOUNT;
        assertBooks(expected);
    }

    /* INTERNAL */

    function _expectInvalidSigner() private {
        expectRevert(abi.encodeWithSelector(IPermit2Nonces.InvalidSigner.selector));
    }

    function _submit(bytes memory signature) private {
        vm.prank(relayer);
        escrow.depositWithPermit2(authorization, signature);
    }

    function _assertDone() private view {
        Books memory expected = start;
        expected.buyer -= AMOUNT;
        expected.escrow += AMOUNT;
        expected.account += AMOUNT;
        assertBooks(expected);
    }
}
