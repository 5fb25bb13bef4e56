// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {SingleMessageTest} from "./SingleMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";

/// @notice What holds for a deposit by signature, whichever of the three ways the tokens come (`DepositAuthorization.tree`).
abstract contract DepositAuthorizationTest is SingleMessageTest {
    using VoucherMessages for *;

    uint256 internal constant AMOUNT = 100;

    IVoucherEscrow.DepositAuthorization internal authorization;

    function setUp() public virtual override {
        super.setUp();
        authorization = depositAuthorizationOf(AMOUNT);
        start = books();
    }

    /* MESSAGE */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function messageType() internal pure override returns (string memory) {
        return VoucherMessages.DEPOSIT_AUTHORIZATION;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function encoded() internal view override returns (bytes memory) {
        return abi.encode(authorization);
    }

    function decode(bytes memory message) internal override {
        authorization = abi.decode(message, (IVoucherEscrow.DepositAuthorization));
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.buyer -= AMOUNT;
        expected.escrow += AMOUNT;
        expected.account += AMOUNT;
        assertBooks(expected);
    }

    /* NONCE */

    function test_RevertWhen_TheNonceIsZero() public {
        authorization.nonce = 0;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.ZeroNonce.selector));
    }

    function test_DepositsTwiceWithTwoNonces() public {
        submit();
        start = books();
        authorization.nonce = bytes32(uint256(1));
        submit();
        assertDone();
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        authorization.amount = 0;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        authorization.amount = 1 << 96;
        _assertTooLarge(1 << 96);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        authorization.amount = type(uint256).max;
        _assertTooLarge(type(uint256).max);
    }

    /* PARTIES */

    function test_RevertWhen_TheSellerIsTheBuyer() public {
        authorization.seller = buyer.addr;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
    }

    function test_RevertWhen_TheSellerIsTheEscrow() public {
        authorization.seller = address(escrow);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
    }

    function test_RevertWhen_TheAssetIsZero() public {
        _assertInvalidAsset(address(0));
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        _assertInvalidAsset(stranger.addr);
    }

    function test_RevertWhen_TheAssetIsTheEscrow() public {
        _assertInvalidAsset(address(escrow));
    }

    function test_EmitsDeposited() public {
        vm.prank(buyer2.addr);
        escrow.depositTo(buyer.addr, seller.addr, asset, 30);
        expectEvent();
        emit IVoucherEscrow.Deposited(buyer.addr, seller.addr, asset, AMOUNT, AMOUNT + 30);
        submit();
    }

    /* WHEN THE SELLER IS ZERO: the free balance */

    function test_FillsTheFreeBalanceWhenTheSellerIsZero() public {
        authorization.seller = address(0);
        submit();
        Books memory expected = start;
        expected.buyer -= AMOUNT;
        expected.escrow += AMOUNT;
        expected.freeOfBuyer += AMOUNT;
        assertBooks(expected);
    }

    function test_EmitsFreeCreditedWhenTheSellerIsZero() public {
        authorization.seller = address(0);
        expectEvent();
        emit IVoucherEscrow.FreeCredited(buyer.addr, asset, AMOUNT, AMOUNT);
        submit();
    }

    function test_RevertWhen_TheFreeBalanceTakesThePlaceOfTheSeller() public {
        bytes memory signature = signed();
        authorization.seller = address(0);
        assertReverts(callOf(signature), refusal());
    }

    function test_RevertWhen_TheSellerIsZeroAndTheAmountIsZero() public {
        authorization.seller = address(0);
        authorization.amount = 0;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
    }

    function test_RevertWhen_TheSellerIsZeroAndTheAmountIsOneAboveTheLargest() public {
        authorization.seller = address(0);
        authorization.amount = 1 << 96;
        _assertTooLarge(1 << 96);
    }

    function test_RevertWhen_TheSellerIsZeroAndTheBuyerIsZero() public {
        authorization.seller = address(0);
        authorization.buyer = address(0);
        assertReverts(callOf(new bytes(65)), ownerError(address(0)));
    }

    function test_RevertWhen_TheSellerIsZeroAndTheBuyerIsTheEscrow() public {
        authorization.seller = address(0);
        authorization.buyer = address(escrow);
        assertReverts(ownerError(address(escrow)));
    }

    function test_RevertWhen_TheSellerIsZeroAndTheAssetIsZero() public {
        authorization.seller = address(0);
        _assertInvalidAsset(address(0));
    }

    function test_RevertWhen_TheSellerIsZeroAndTheAssetHasNoCode() public {
        authorization.seller = address(0);
        _assertInvalidAsset(stranger.addr);
    }

    function test_RevertWhen_TheSellerIsZeroAndTheAssetIsTheEscrow() public {
        authorization.seller = address(0);
        _assertInvalidAsset(address(escrow));
    }

    /* INTERNAL */

    function _assertTooLarge(uint256 amount) private {
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, amount, type(uint96).max));
    }

    function _assertInvalidAsset(address token) private {
        authorization.asset = token;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, token));
    }
}
