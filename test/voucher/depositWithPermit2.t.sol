// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {Vm} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";
import {DepositAuthorizationTest} from "./DepositAuthorizationTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";

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

contract DepositWithPermit2Test is DepositAuthorizationTest {
    using VoucherMessages for *;

    function setUp() public override {
        super.setUp();
        // Only Permit2 may move the tokens.
        vm.prank(buyer.addr);
        USDC.approve(address(escrow), 0);
    }

    /* MESSAGE: Permit2's, which commits to ours */

    function digest() internal view override returns (bytes32) {
        return permit2DigestOf(authorization);
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.depositWithPermit2, (authorization, signature));
    }

    function refusal() internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IPermit2Nonces.InvalidSigner.selector);
    }

    function replayError() internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IPermit2Nonces.InvalidNonce.selector);
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

    function test_DepositsByTheBytesOfAContractWallet() public {
        vm.etch(buyer.addr, type(AcceptingWallet).runtimeCode);
        submit("whatever this wallet understands");
        assertDone();
    }

    function test_RevertWhen_TheContractWalletRejects() public {
        vm.etch(buyer.addr, type(RejectingWallet).runtimeCode);
        assertReverts(callOf(""), abi.encodeWithSelector(IPermit2Nonces.InvalidContractSignature.selector));
    }

    function test_RevertWhen_TheSignatureIsEmpty() public {
        assertReverts(callOf(""), abi.encodeWithSelector(IPermit2Nonces.InvalidSignatureLength.selector));
    }

    function test_RevertWhen_TheSignatureIsAllZero() public {
        assertReverts(callOf(new bytes(65)), abi.encodeWithSelector(IPermit2Nonces.InvalidSignature.selector));
    }

    /* NONCE */

    function test_RevertGiven_TheBuyerCancelledItAtPermit2() public {
        uint256 nonce = uint256(authorization.hash());
        vm.prank(buyer.addr);
        IPermit2Nonces(PERMIT2).invalidateUnorderedNonces(nonce >> 8, 1 << (nonce & 255));
        assertReverts(replayError());
    }

    function test_UsesNoNonceOfTheEscrow() public {
        submit();
        assertFalse(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
        uint256 nonce = uint256(authorization.hash());
        assertEq(IPermit2Nonces(PERMIT2).nonceBitmap(buyer.addr, nonce >> 8), 1 << (nonce & 255));
    }

    function test_DepositsGivenTheEscrowsNonceWasCancelled() public {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Deposit, uint256(NONCE) >> 8, type(uint256).max);
        submit();
        assertDone();
    }

    /* SOURCE OF THE TOKENS */

    function test_RevertGiven_AnAllowanceToPermit2OneBelowTheAmount() public {
        vm.prank(buyer.addr);
        USDC.approve(PERMIT2, AMOUNT - 1);
        assertReverts(reasonOf("TRANSFER_FROM_FAILED"));
    }

    function test_DepositsGivenAnAllowanceToPermit2OfTheAmount() public {
        vm.prank(buyer.addr);
        USDC.approve(PERMIT2, AMOUNT);
        submit();
        assertDone();
    }

    function test_RevertWhen_TheSignatureIsUsedForTheAllowanceRoute() public {
        vm.prank(buyer.addr);
        USDC.approve(address(escrow), AMOUNT);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector));
        escrow.depositWithAuthorization(authorization, signed());
    }

    function test_RevertWhen_TheTokenTakesAFee() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        token.mint(buyer.addr, 1000);
        approve(address(token), buyer.addr, 1000);
        authorization.asset = address(token);
        authorization.amount = 1000;
        assertReverts(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 990));
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
