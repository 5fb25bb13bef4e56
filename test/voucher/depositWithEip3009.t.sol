// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {Vm} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {PhantomToken} from "../mocks/PhantomToken.sol";
import {DepositAuthorizationTest} from "./DepositAuthorizationTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";

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

contract DepositWithEip3009Test is DepositAuthorizationTest {
    using VoucherMessages for *;

    function setUp() public override {
        super.setUp();
        // Only the signature moves tokens here.
        approve(asset, buyer.addr, 0);
    }

    /* MESSAGE: the token's, which commits to ours */

    function digest() internal view override returns (bytes32) {
        return eip3009DigestOf(authorization);
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.depositWithEip3009, (authorization, signature));
    }

    function refusal() internal pure override returns (bytes memory) {
        return reasonOf("FiatTokenV2: invalid signature");
    }

    function replayError() internal pure override returns (bytes memory) {
        return reasonOf("FiatTokenV2: authorization is used or canceled");
    }

    function ownerError(address buyer_) internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer_);
    }

    /* FORMS OF THE SIGNATURE */

    function test_DepositsByASignatureOf65Bytes() public {
        submit();
        assertDone();
    }

    function test_DepositsByACompactSignature() public {
        (bytes32 r, bytes32 vs) = signCompact(buyer, digest());
        submit(abi.encodePacked(r, vs));
        assertDone();
    }

    function test_ExpandsACompactSignatureForTheToken() public {
        // Both values of the recovery bit.
        bool[2] memory isSeen;
        for (uint256 i = 1; !isSeen[0] || !isSeen[1]; ++i) {
            authorization.nonce = bytes32(i);
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(buyer.key, digest());
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
            (bytes32 compactR, bytes32 vs) = signCompact(buyer, digest());
            submit(abi.encodePacked(compactR, vs));
        }
    }

    function test_DepositsByTheBytesOfAContractWallet() public {
        vm.etch(buyer.addr, type(AcceptingWallet).runtimeCode);
        submit("whatever this wallet understands");
        assertDone();
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        bytes memory signature = signHighS(buyer, digest());
        assertReverts(callOf(signature), reasonOf("ECRecover: invalid signature 's' value"));
    }

    function test_RevertWhen_TheRecoveryByteIsZero() public {
        (, bytes32 r, bytes32 s) = vm.sign(buyer.key, digest());
        bytes memory signature = abi.encodePacked(r, s, uint8(0));
        assertReverts(callOf(signature), reasonOf("ECRecover: invalid signature 'v' value"));
    }

    function test_RevertWhen_TheSignatureIsEmpty() public {
        assertReverts(callOf(""), reasonOf("ECRecover: invalid signature length"));
    }

    /* NONCE */

    function test_RevertGiven_TheBuyerCancelledItAtTheToken() public {
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
        assertReverts(replayError());
    }

    function test_UsesNoNonceOfTheEscrow() public {
        submit();
        assertFalse(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
        assertTrue(USDC.authorizationState(buyer.addr, authorization.hash()));
    }

    function test_DepositsGivenTheEscrowsNonceWasCancelled() public {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Deposit, uint256(NONCE) >> 8, type(uint256).max);
        submit();
        assertDone();
    }

    /* NOBODY ELSE CAN USE THE SIGNATURE */

    function test_RevertWhen_AnyoneSubmitsTheSignatureToTheToken() public {
        bytes memory signature = signed();
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
        bytes memory signature = signed();
        expectRefusal();
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
        bytes memory signature = signed();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector));
        escrow.depositWithAuthorization(authorization, signature);
    }

    /* TOKENS */

    function test_RevertWhen_TheAmountIsOneAboveTheWallet() public {
        authorization.amount = FUNDS + 1;
        // The token leaves bytes behind the reason.
        expectRevert("ERC20: transfer amount exceeds balance");
        submit();
    }

    function test_RevertWhen_TheAssetHasNoEip3009() public {
        authorization.asset = address(new MintableToken());
        assertReverts("");
    }

    function test_RevertGiven_ATokenThatAcceptsTheCallAndMovesNothing() public {
        authorization.asset = address(new PhantomToken());
        assertReverts(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, AMOUNT, 0));
    }

    function test_RevertGiven_TheTokenIsPaused() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        assertReverts(reasonOf("Pausable: paused"));
    }

    function test_RevertGiven_TheBuyerIsBlacklisted() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(buyer.addr);
        assertReverts(reasonOf("Blacklistable: account is blacklisted"));
    }

    /* EVENT */

    function test_DoesNotEmitDepositAuthorized() public {
        vm.recordLogs();
        submit();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertGt(logs.length, 0);
        for (uint256 i = 0; i < logs.length; ++i) {
            assertNotEq(logs[i].topics[0], IVoucherEscrow.DepositAuthorized.selector);
        }
    }
}
