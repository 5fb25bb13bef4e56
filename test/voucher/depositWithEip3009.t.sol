// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {Vm} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {PhantomToken} from "../mocks/PhantomToken.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

interface ICancelAuthorization {
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;
}

interface ITransferWithAuthorization {
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}

contract DepositWithEip3009Test is VoucherTest {
    using VoucherMessages for *;

    uint256 private constant AMOUNT = 100;
    bytes private constant INVALID_SIGNATURE = "FiatTokenV2: invalid signature";

    IVoucherEscrow.DepositAuthorization private authorization;
    Books private start;

    function setUp() public override {
        super.setUp();
        authorization = depositAuthorizationOf(AMOUNT);
        // Only the signature moves tokens here.
        approve(asset, buyer.addr, 0);
        start = books();
    }

    /* FORMS OF THE SIGNATURE */

    function test_DepositsByASignatureOf65Bytes() public {
        _submit(signEip3009(buyer, authorization));
        _assertDone();
    }

    function test_DepositsByACompactSignature() public {
        (bytes32 r, bytes32 vs) = signCompact(buyer, eip3009DigestOf(authorization));
        _submit(abi.encodePacked(r, vs));
        _assertDone();
    }

    function test_ExpandsACompactSignatureForTheToken() public {
        // Both values of the recovery bit.
        bool[2] memory isSeen;
        for (uint256 i = 1; !isSeen[0] || !isSeen[1]; ++i) {
            authorization.nonce = bytes32(i);
            bytes32 digest = eip3009DigestOf(authorization);
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(buyer.key, digest);
            if (isSeen[v - 27]) continue;
            isSeen[v - 27] = true;
            vm.expectCall(
                asset,
                abi.encodeWithSignature(
                    "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
                    buyer.addr,
                    address(escrow),
                    AMOUNT,
                    0,
                    uint256(EXPIRY) + 1,
                    authorization.hash(),
                    v,
                    r,
                    s
                )
            );
            (bytes32 compactR, bytes32 vs) = signCompact(buyer, digest);
            _submit(abi.encodePacked(compactR, vs));
        }
    }

    function test_DepositsByTheBytesOfAContractWallet() public {
        vm.etch(buyer.addr, type(AcceptingWallet).runtimeCode);
        _submit("whatever this wallet understands");
        _assertDone();
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        bytes memory signature = signHighS(buyer, eip3009DigestOf(authorization));
        expectRevert("ECRecover: invalid signature 's' value");
        _submit(signature);
    }

    function test_RevertWhen_TheRecoveryByteIsZero() public {
        (, bytes32 r, bytes32 s) = vm.sign(buyer.key, eip3009DigestOf(authorization));
        expectRevert("ECRecover: invalid signature 'v' value");
        _submit(abi.encodePacked(r, s, uint8(0)));
    }

    function test_RevertWhen_TheSignatureIsEmpty() public {
        expectRevert("ECRecover: invalid signature length");
        _submit("");
    }

    function test_RevertWhen_AnotherKeySigned() public {
        bytes memory signature = signEip3009(stranger, authorization);
        expectRevert(INVALID_SIGNATURE);
        _submit(signature);
    }

    function test_RevertWhen_TheDepositAuthorizationIsSignedInstead() public {
        bytes memory signature = sign(buyer, authorization);
        expectRevert(INVALID_SIGNATURE);
        _submit(signature);
    }

    function test_RevertWhen_SignedForAnotherEscrow() public {
        IVoucherEscrow here = escrow;
        escrow = IVoucherEscrow(deployEscrow());
        bytes memory signature = signEip3009(buyer, authorization);
        escrow = here;
        expectRevert(INVALID_SIGNATURE);
        _submit(signature);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheBuyerIsNotTheOneSigned() public {
        bytes memory signature = signEip3009(buyer, authorization);
        authorization.buyer = buyer2.addr;
        expectRevert(INVALID_SIGNATURE);
        _submit(signature);
    }

    function test_RevertWhen_TheSellerIsNotTheOneSigned() public {
        bytes memory signature = signEip3009(buyer, authorization);
        authorization.seller = seller2.addr;
        expectRevert(INVALID_SIGNATURE);
        _submit(signature);
    }

    function test_RevertWhen_TheFreeBalanceTakesThePlaceOfTheSeller() public {
        bytes memory signature = signEip3009(buyer, authorization);
        authorization.seller = address(0);
        expectRevert(INVALID_SIGNATURE);
        _submit(signature);
    }

    function test_RevertWhen_TheAssetIsAnotherToken() public {
        bytes memory signature = signEip3009(buyer, authorization);
        authorization.asset = address(new MintableToken());
        expectRevert("");
        _submit(signature);
    }

    function test_RevertWhen_TheAmountIsNotTheOneSigned() public {
        bytes memory signature = signEip3009(buyer, authorization);
        authorization.amount = AMOUNT - 1;
        expectRevert(INVALID_SIGNATURE);
        _submit(signature);
    }

    function test_RevertWhen_TheNonceIsNotTheOneSigned() public {
        bytes memory signature = signEip3009(buyer, authorization);
        authorization.nonce = bytes32(uint256(1));
        expectRevert(INVALID_SIGNATURE);
        _submit(signature);
    }

    function test_RevertWhen_TheExpiryIsNotTheOneSigned() public {
        bytes memory signature = signEip3009(buyer, authorization);
        authorization.expiry = EXPIRY + 1;
        expectRevert(INVALID_SIGNATURE);
        _submit(signature);
    }

    /* EXPIRY */

    function test_DepositsOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        _submit(signEip3009(buyer, authorization));
        _assertDone();
    }

    function test_DepositsAtTheExpiry() public {
        vm.warp(EXPIRY);
        _submit(signEip3009(buyer, authorization));
        _assertDone();
    }

    function test_RevertWhen_OneSecondPastTheExpiry() public {
        bytes memory signature = signEip3009(buyer, authorization);
        vm.warp(EXPIRY + 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AuthorizationExpired.selector, EXPIRY, EXPIRY + 1));
        _submit(signature);
    }

    function test_DepositsWhenTheExpiryIsTheLargest() public {
        authorization.expiry = type(uint64).max;
        _submit(signEip3009(buyer, authorization));
        _assertDone();
    }

    /* NONCE */

    function test_RevertWhen_TheNonceIsZero() public {
        authorization.nonce = 0;
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.ZeroNonce.selector));
        _submit(signature);
    }

    function test_RevertGiven_TheAuthorizationWasUsed() public {
        bytes memory signature = signEip3009(buyer, authorization);
        _submit(signature);
        expectRevert("FiatTokenV2: authorization is used or canceled");
        _submit(signature);
    }

    function test_RevertGiven_TheBuyerCancelledItAtTheToken() public {
        bytes memory signature = signEip3009(buyer, authorization);
        bytes32 cancellation = keccak256(
            abi.encode(
                keccak256("CancelAuthorization(address authorizer,bytes32 nonce)"),
                buyer.addr,
                authorization.hash()
            )
        );
        ICancelAuthorization(asset).cancelAuthorization(
            buyer.addr,
            authorization.hash(),
            sign(buyer, keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), cancellation)))
        );
        expectRevert("FiatTokenV2: authorization is used or canceled");
        _submit(signature);
    }

    function test_DepositsTwiceWithTwoNonces() public {
        _submit(signEip3009(buyer, authorization));
        start = books();
        authorization.nonce = bytes32(uint256(1));
        _submit(signEip3009(buyer, authorization));
        _assertDone();
    }

    function test_UsesNoNonceOfTheEscrow() public {
        _submit(signEip3009(buyer, authorization));
        assertFalse(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
        assertTrue(USDC.authorizationState(buyer.addr, authorization.hash()));
    }

    function test_DepositsGivenTheEscrowsNonceWasCancelled() public {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Deposit, uint256(NONCE) >> 8, type(uint256).max);
        _submit(signEip3009(buyer, authorization));
        _assertDone();
    }

    /* NOBODY ELSE CAN USE THE SIGNATURE */

    function test_RevertWhen_AnyoneSubmitsTheSignatureToTheToken() public {
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert("FiatTokenV2: caller must be the payee");
        vm.prank(stranger.addr);
        USDC.receiveWithAuthorization(
            buyer.addr,
            address(escrow),
            AMOUNT,
            0,
            uint256(EXPIRY) + 1,
            authorization.hash(),
            signature
        );
    }

    function test_RevertWhen_AnyoneSubmitsTheSignatureAsATransfer() public {
        // A plain transfer would use the nonce up and leave the tokens in the escrow, in nobody's account.
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert(INVALID_SIGNATURE);
        vm.prank(stranger.addr);
        ITransferWithAuthorization(asset).transferWithAuthorization(
            buyer.addr,
            address(escrow),
            AMOUNT,
            0,
            uint256(EXPIRY) + 1,
            authorization.hash(),
            signature
        );
    }

    function test_RevertWhen_TheSignatureIsUsedForTheAllowanceRoute() public {
        approve(asset, buyer.addr, AMOUNT);
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector));
        escrow.depositWithAuthorization(authorization, signature);
    }

    /* AMOUNT AND PARTIES */

    function test_RevertWhen_TheAmountIsZero() public {
        authorization.amount = 0;
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        _submit(signature);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        authorization.amount = 1 << 96;
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, 1 << 96, type(uint96).max));
        _submit(signature);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheWallet() public {
        authorization.amount = FUNDS + 1;
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert("ERC20: transfer amount exceeds balance");
        _submit(signature);
    }

    function test_RevertWhen_TheBuyerIsZero() public {
        authorization.buyer = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        _submit(new bytes(65));
    }

    function test_RevertWhen_TheBuyerIsTheEscrow() public {
        authorization.buyer = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _submit(new bytes(65));
    }

    function test_RevertWhen_TheBuyerIsTheEscrowAndTheSellerIsZero() public {
        authorization.buyer = address(escrow);
        authorization.seller = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _submit(new bytes(65));
    }

    function test_RevertWhen_TheBuyerAndTheSellerAreZero() public {
        authorization.buyer = address(0);
        authorization.seller = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        _submit(new bytes(65));
    }

    function test_RevertWhen_TheSellerIsTheBuyer() public {
        authorization.seller = buyer.addr;
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        _submit(signature);
    }

    function test_RevertWhen_TheSellerIsTheEscrow() public {
        authorization.seller = address(escrow);
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _submit(signature);
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        authorization.asset = stranger.addr;
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, stranger.addr));
        _submit(signature);
    }

    /* TOKENS */

    function test_RevertGiven_ATokenThatAcceptsTheCallAndMovesNothing() public {
        authorization.asset = address(new PhantomToken());
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, AMOUNT, 0));
        _submit(signature);
    }

    function test_RevertGiven_TheTokenIsPaused() public {
        bytes memory signature = signEip3009(buyer, authorization);
        vm.prank(USDC_PAUSER);
        USDC.pause();
        expectRevert("Pausable: paused");
        _submit(signature);
    }

    function test_RevertGiven_TheBuyerIsBlacklisted() public {
        bytes memory signature = signEip3009(buyer, authorization);
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(buyer.addr);
        expectRevert("Blacklistable: account is blacklisted");
        _submit(signature);
    }

    /* EFFECTS */

    function test_EmitsDeposited() public {
        bytes memory signature = signEip3009(buyer, authorization);
        expectEvent();
        emit IVoucherEscrow.Deposited(buyer.addr, seller.addr, asset, AMOUNT, AMOUNT);
        _submit(signature);
    }

    function test_DoesNotEmitDepositAuthorized() public {
        bytes memory signature = signEip3009(buyer, authorization);
        vm.recordLogs();
        _submit(signature);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            assertNotEq(logs[i].topics[0], IVoucherEscrow.DepositAuthorized.selector);
        }
    }

    function test_FillsTheFreeBalanceWhenTheSellerIsZero() public {
        authorization.seller = address(0);
        bytes memory signature = signEip3009(buyer, authorization);
        expectEvent();
        emit IVoucherEscrow.FreeCredited(buyer.addr, asset, AMOUNT, AMOUNT);
        _submit(signature);
        Books memory expected = start;
        expected.buyer -= AMOUNT;
        expected.escrow += AMOUNT;
        expected.freeOfBuyer += AMOUNT;
        assertBooks(expected);
    }

    function test_RevertWhen_TheSellerIsZeroAndTheAssetIsTheEscrow() public {
        authorization.seller = address(0);
        authorization.asset = address(escrow);
        bytes memory signature = signEip3009(buyer, authorization);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
        _submit(signature);
    }

    /* INTERNAL */

    function _submit(bytes memory signature) private {
        vm.prank(relayer);
        escrow.depositWithEip3009(authorization, signature);
    }

    function _assertDone() private view {
        Books memory expected = start;
        expected.buyer -= AMOUNT;
        expected.escrow += AMOUNT;
        expected.account += AMOUNT;
        assertBooks(expected);
    }
}
