// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {NoAllowanceToken} from "../mocks/NoAllowanceToken.sol";
import {NoNoncesToken} from "../mocks/NoNoncesToken.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";
import {VoucherTest} from "./VoucherTest.sol";

interface IPermitNonces {
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}

contract ViewsTest is VoucherTest {
    /// @dev USDC counts the largest allowance down like any other; a deposit of 100 leaves this.
    uint256 private constant ALLOWANCE_LEFT = type(uint256).max - 100;

    /* CONSTANTS */

    function test_ThawingPeriodIsOneDay() public view {
        assertEq(escrow.THAWING_PERIOD(), 86_400);
    }

    function test_TypeHashesAreThoseOfTheStructs() public view {
        assertEq(
            escrow.VOUCHER_TYPEHASH(),
            vm.eip712HashType(
                "Voucher(bytes32 id,address buyer,address seller,uint256 valueAggregate,address asset,uint64 timestamp,uint256 nonce,address escrow,uint256 chainId,uint64 expiry)"
            )
        );
        assertEq(
            escrow.DEPOSIT_AUTHORIZATION_TYPEHASH(),
            vm.eip712HashType(
                "DepositAuthorization(address buyer,address seller,address asset,uint256 amount,bytes32 nonce,uint64 expiry)"
            )
        );
        assertEq(
            escrow.FLUSH_AUTHORIZATION_TYPEHASH(),
            vm.eip712HashType(
                "FlushAuthorization(address buyer,address seller,address asset,bytes32 nonce,uint64 expiry)"
            )
        );
        assertEq(
            escrow.FLUSH_ALL_AUTHORIZATION_TYPEHASH(),
            vm.eip712HashType("FlushAllAuthorization(address buyer,bytes32 nonce,uint64 expiry)")
        );
    }

    /* DOMAIN */

    function test_DomainSeparatorIsThatOfTheDomain() public view {
        assertEq(escrow.DOMAIN_SEPARATOR(), domainSeparator());
    }

    function test_DomainSeparatorFollowsTheChainId() public {
        vm.chainId(1);
        signedChainId = 1;
        assertEq(escrow.DOMAIN_SEPARATOR(), domainSeparator());
    }

    function test_DescribesItsDomain() public view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = escrow.eip712Domain();
        assertEq(uint256(uint8(fields)), 0x0f);
        assertEq(name, "DeferredPaymentEscrow");
        assertEq(version, "1");
        assertEq(chainId, BASE_CHAIN_ID);
        assertEq(verifyingContract, address(escrow));
        assertEq(salt, bytes32(0));
        assertEq(extensions.length, 0);
    }

    /* ACCOUNT */

    function test_AnAccountThatWasNeverUsedIsEmpty() public view {
        assertAccount(0, 0, 0);
    }

    function test_AnAccountShowsItsBalanceAndThaw() public {
        deposit(buyer, seller, 100);
        thaw(60);
        assertAccount(100, 60, NOW + 1 days);
    }

    function test_AnAccountShowsEffectiveThawing() public {
        deposit(buyer, seller, 100);
        thaw(60);
        collect(voucherOf(70));
        assertAccount(30, 30, NOW + 1 days);
    }

    function test_AnAccountStillShowsAMaturedThaw() public {
        deposit(buyer, seller, 100);
        thaw(60);
        vm.warp(NOW + 3 days);
        assertAccount(100, 60, NOW + 1 days);
    }

    /* COLLECTED */

    function test_CollectedTotalsAreKeptByLane() public {
        deposit(buyer, seller, 100);
        collect(voucherOf(30));
        collect(laneVoucherOf(LANE, 20));
        assertEq(collectedOf(DEFAULT_LANE), 30);
        assertEq(collectedOf(LANE), 20);
        assertEq(collectedOf(NONCE), 0);
    }

    /* OUTSTANDING AND COLLECTABLE */

    function test_OutstandingAndCollectableOfAVoucherWithinTheBalance() public {
        deposit(buyer, seller, 100);
        _assertOutstanding(voucherOf(60), 60, 60);
    }

    function test_OutstandingAndCollectableOneBelowTheBalance() public {
        deposit(buyer, seller, 100);
        _assertOutstanding(voucherOf(99), 99, 99);
    }

    function test_OutstandingAndCollectableOfTheBalance() public {
        deposit(buyer, seller, 100);
        _assertOutstanding(voucherOf(100), 100, 100);
    }

    function test_OutstandingAndCollectableOneAboveTheBalance() public {
        deposit(buyer, seller, 100);
        _assertOutstanding(voucherOf(101), 101, 100);
    }

    function test_NothingIsOutstandingOfACollectedVoucher() public {
        deposit(buyer, seller, 100);
        collect(voucherOf(60));
        _assertOutstanding(voucherOf(60), 0, 0);
        _assertOutstanding(voucherOf(59), 0, 0);
        _assertOutstanding(voucherOf(61), 1, 1);
    }

    function test_OutstandingOfTheLargestWord() public view {
        _assertOutstanding(voucherOf(type(uint256).max), type(uint256).max, 0);
    }

    function test_OutstandingIgnoresExpiryAndParties() public {
        deposit(buyer, seller, 100);
        IVoucherEscrow.Voucher memory voucher = voucherOf(60);
        voucher.expiry = 0;
        voucher.escrow = address(0);
        voucher.chainId = 0;
        _assertOutstanding(voucher, 60, 60);
    }

    function testFuzz_CollectableIsWhatACollectionPays(
        uint256 balance,
        uint256 marked,
        uint256 collected,
        uint256 value,
        bool onLane
    ) public {
        balance = bound(balance, 1, FUNDS);
        marked = bound(marked, 0, balance);
        collected = bound(collected, 0, balance);
        value = bound(value, 1, 2 * FUNDS);
        deposit(buyer, seller, balance);
        if (marked != 0) thaw(marked);
        bytes32 id = onLane ? LANE : DEFAULT_LANE;
        if (collected != 0) collect(laneVoucherOf(id, collected));
        (, uint256 collectable) = escrow.getOutstandingAndCollectableAmount(laneVoucherOf(id, value));
        Books memory expected = books();
        collect(laneVoucherOf(id, value));
        expected.account -= collectable;
        expected.escrow -= collectable;
        expected.seller += collectable;
        assertBooks(expected);
    }

    /* ACCOUNT DATA */

    function test_AccountDataOfABuyerWithoutLanes() public {
        deposit(buyer, seller, 100);
        approve(asset, buyer.addr, 777);
        (uint256 balance, uint256 allowance, uint256 nonce) = escrow.getAccountData(
            buyer.addr,
            seller.addr,
            asset,
            new bytes32[](0),
            new uint256[](0)
        );
        assertEq(balance, 100);
        assertEq(allowance, 777);
        assertEq(nonce, 0);
    }

    function test_AccountDataShowsThePermitNonce() public {
        bytes32 permitHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                buyer.addr,
                stranger.addr,
                uint256(1),
                uint256(0),
                uint256(EXPIRY)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(
            buyer.key,
            keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), permitHash))
        );
        IPermitNonces(asset).permit(buyer.addr, stranger.addr, 1, EXPIRY, v, r, s);
        (, , uint256 nonce) = escrow.getAccountData(buyer.addr, seller.addr, asset, new bytes32[](0), new uint256[](0));
        assertEq(nonce, 1);
    }

    function test_AccountDataSubtractsWhatIsOutstandingOnEachLane() public {
        deposit(buyer, seller, 100);
        collect(voucherOf(10));
        assertEq(_netBalance(40, 25), 100 - 10 - 30 - 25);
    }

    function test_AccountDataIgnoresAggregatesThatWereCollected() public {
        deposit(buyer, seller, 100);
        collect(voucherOf(40));
        assertEq(_netBalance(30, 25), 100 - 40 - 25);
    }

    function test_AccountDataOfAnExactlySpentBalanceIsZero() public {
        deposit(buyer, seller, 100);
        assertEq(_netBalance(60, 39), 1);
        assertEq(_netBalance(60, 40), 0);
        assertEq(_netBalance(60, 41), 0);
    }

    function test_AccountDataStaysZeroForTheLargestAggregates() public {
        deposit(buyer, seller, 100);
        assertEq(_netBalance(type(uint256).max, type(uint256).max), 0);
    }

    function test_RevertWhen_ThereAreMoreLanesThanAggregates() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.LengthMismatch.selector, 2, 1));
        escrow.getAccountData(buyer.addr, seller.addr, asset, new bytes32[](2), new uint256[](1));
    }

    function test_RevertWhen_ThereAreFewerLanesThanAggregates() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.LengthMismatch.selector, 0, 1));
        escrow.getAccountData(buyer.addr, seller.addr, asset, new bytes32[](0), new uint256[](1));
    }

    function test_AccountDataOfATokenWhoseUnknownFunctionsBurnAllGas() public {
        NoNoncesToken token = new NoNoncesToken();
        asset = address(token);
        approve(asset, buyer.addr, 777);
        (uint256 balance, uint256 allowance, uint256 nonce) = escrow.getAccountData{gas: 400_000}(
            buyer.addr,
            seller.addr,
            asset,
            new bytes32[](0),
            new uint256[](0)
        );
        assertEq(balance, 0);
        assertEq(allowance, 777);
        assertEq(nonce, 0);
    }

    function test_AccountDataOfATokenWithoutAllowanceAndNonces() public {
        asset = address(new NoAllowanceToken());
        (, uint256 allowance, uint256 nonce) = escrow.getAccountData(
            buyer.addr,
            seller.addr,
            asset,
            new bytes32[](0),
            new uint256[](0)
        );
        assertEq(allowance, 0);
        assertEq(nonce, 0);
    }

    function test_AccountDataOfAnAssetWithoutCode() public view {
        (uint256 balance, uint256 allowance, uint256 nonce) = escrow.getAccountData(
            buyer.addr,
            seller.addr,
            stranger.addr,
            new bytes32[](0),
            new uint256[](0)
        );
        assertEq(balance, 0);
        assertEq(allowance, 0);
        assertEq(nonce, 0);
    }

    /* VERIFICATION DATA */

    function test_VerificationDataOfAnAcceptableVoucher() public {
        deposit(buyer, seller, 100);
        collect(voucherOf(10));
        thaw(30);
        approve(asset, buyer.addr, 777);
        _assertVerification(voucherOf(60), NONCE, Verification(50, 50, 90, 60, 777, 0, false));
    }

    function test_VerificationDataOfAVoucherAboveTheBalance() public {
        deposit(buyer, seller, 100);
        _assertVerification(voucherOf(160), NONCE, Verification(160, 100, 100, 100, ALLOWANCE_LEFT, 0, false));
    }

    function test_VerificationDataSaysThatADepositNonceWasUsed() public {
        IVoucherEscrow.DepositAuthorization memory authorization = depositAuthorizationOf(100);
        escrow.depositWithAuthorization(authorization, sign(buyer, authorization));
        _assertVerification(voucherOf(60), NONCE, Verification(60, 60, 100, 100, ALLOWANCE_LEFT, 0, true));
    }

    function test_VerificationDataSaysThatADepositNonceWasCancelled() public {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Deposit, uint256(NONCE) >> 8, type(uint256).max);
        _assertVerification(voucherOf(60), NONCE, Verification(60, 0, 0, 0, type(uint256).max, 0, true));
    }

    function test_VerificationDataOfNoDepositNonceIsUnusedAlsoWhenNonceZeroWasCancelled() public {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Deposit, 0, 1);
        _assertVerification(voucherOf(60), 0, Verification(60, 0, 0, 0, type(uint256).max, 0, false));
    }

    function test_VerificationDataOfAThawThatTookEverything() public {
        deposit(buyer, seller, 100);
        thaw(100);
        collect(voucherOf(40));
        _assertVerification(voucherOf(100), 0, Verification(60, 60, 60, 0, ALLOWANCE_LEFT, 0, false));
    }

    function test_VerificationDataOnAParallelLane() public {
        deposit(buyer, seller, 100);
        collect(laneVoucherOf(LANE, 40));
        _assertVerification(laneVoucherOf(LANE, 50), 0, Verification(10, 10, 60, 60, ALLOWANCE_LEFT, 0, false));
    }

    function test_VerificationDataOfATokenWhoseUnknownFunctionsBurnAllGas() public {
        asset = address(new NoNoncesToken());
        approve(asset, buyer.addr, 777);
        _assertVerification(voucherOf(60), NONCE, Verification(60, 0, 0, 0, 777, 0, false));
    }

    function test_VerificationDataOfATokenWithoutAllowanceAndNonces() public {
        asset = address(new NoAllowanceToken());
        _assertVerification(voucherOf(60), NONCE, Verification(60, 0, 0, 0, 0, 0, false));
    }

    function test_VerificationDataOfAnAssetWithoutCode() public {
        asset = stranger.addr;
        _assertVerification(voucherOf(60), NONCE, Verification(60, 0, 0, 0, 0, 0, false));
    }

    /* SIGNATURES */

    function test_AVoucherSignedByTheBuyerIsValid() public view {
        assertTrue(escrow.isVoucherSignatureValid(voucherOf(60), sign(buyer, voucherOf(60))));
    }

    function test_AVoucherSignedByAnotherIsNotValid() public view {
        assertFalse(escrow.isVoucherSignatureValid(voucherOf(60), sign(stranger, voucherOf(60))));
    }

    function test_AVoucherSignedByASignerIsValidUntilItsLastSecond() public {
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, NOW + 100);
        bytes memory signature = sign(signer, voucherOf(60));
        vm.warp(NOW + 99);
        assertTrue(escrow.isVoucherSignatureValid(voucherOf(60), signature));
        vm.warp(NOW + 100);
        assertTrue(escrow.isVoucherSignatureValid(voucherOf(60), signature));
        vm.warp(NOW + 101);
        assertFalse(escrow.isVoucherSignatureValid(voucherOf(60), signature));
    }

    function test_AVoucherOfAnAcceptingWalletIsValid() public {
        vm.etch(buyer.addr, type(AcceptingWallet).runtimeCode);
        assertTrue(escrow.isVoucherSignatureValid(voucherOf(60), ""));
    }

    function test_AVoucherOfARejectingWalletIsNotValid() public {
        vm.etch(buyer.addr, type(RejectingWallet).runtimeCode);
        assertFalse(escrow.isVoucherSignatureValid(voucherOf(60), ""));
    }

    function test_AVoucherOfZeroIsNotValid() public view {
        IVoucherEscrow.Voucher memory voucher = voucherOf(60);
        voucher.buyer = address(0);
        assertFalse(escrow.isVoucherSignatureValid(voucher, new bytes(65)));
    }

    function test_ASignedVoucherStaysValidPastItsExpiry() public {
        bytes memory signature = sign(buyer, voucherOf(60));
        vm.warp(EXPIRY + 1);
        assertTrue(escrow.isVoucherSignatureValid(voucherOf(60), signature));
    }

    /* AUTHORIZATIONS */

    function test_ADepositAuthorizationIsValidUntilItIsUsed() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        bytes memory signature = sign(buyer, message);
        assertTrue(escrow.isDepositAuthorizationValid(message, signature));
        escrow.depositWithAuthorization(message, signature);
        assertFalse(escrow.isDepositAuthorizationValid(message, signature));
    }

    function test_ADepositAuthorizationIsValidUntilItsExpiry() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        bytes memory signature = sign(buyer, message);
        vm.warp(EXPIRY);
        assertTrue(escrow.isDepositAuthorizationValid(message, signature));
        vm.warp(EXPIRY + 1);
        assertFalse(escrow.isDepositAuthorizationValid(message, signature));
    }

    function test_ADepositAuthorizationSignedByAnotherIsNotValid() public view {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        assertFalse(escrow.isDepositAuthorizationValid(message, sign(stranger, message)));
    }

    function test_ADepositAuthorizationWithNonceZeroIsNotValid() public view {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        message.nonce = 0;
        assertFalse(escrow.isDepositAuthorizationValid(message, sign(buyer, message)));
    }

    function test_ACancelledDepositAuthorizationIsNotValid() public {
        _invalidate(IVoucherEscrow.NonceKind.Deposit);
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(100);
        assertFalse(escrow.isDepositAuthorizationValid(message, sign(buyer, message)));
    }

    function test_AFlushAuthorizationIsValidUntilItIsUsed() public {
        deposit(buyer, seller, 100);
        IVoucherEscrow.FlushAuthorization memory message = flushAuthorizationOf(NONCE);
        bytes memory signature = sign(buyer, message);
        assertTrue(escrow.isFlushAuthorizationValid(message, signature));
        escrow.flushWithAuthorization(message, signature);
        assertFalse(escrow.isFlushAuthorizationValid(message, signature));
    }

    function test_AFlushAuthorizationIsValidUntilItsExpiry() public {
        IVoucherEscrow.FlushAuthorization memory message = flushAuthorizationOf(NONCE);
        bytes memory signature = sign(buyer, message);
        vm.warp(EXPIRY);
        assertTrue(escrow.isFlushAuthorizationValid(message, signature));
        vm.warp(EXPIRY + 1);
        assertFalse(escrow.isFlushAuthorizationValid(message, signature));
    }

    function test_AFlushAuthorizationSignedByAnotherIsNotValid() public view {
        IVoucherEscrow.FlushAuthorization memory message = flushAuthorizationOf(NONCE);
        assertFalse(escrow.isFlushAuthorizationValid(message, sign(stranger, message)));
    }

    function test_AFlushAllAuthorizationIsValidUntilItsExpiry() public {
        IVoucherEscrow.FlushAllAuthorization memory message = flushAllAuthorizationOf(NONCE);
        bytes memory signature = sign(buyer, message);
        vm.warp(EXPIRY);
        assertTrue(escrow.isFlushAllAuthorizationValid(message, signature));
        vm.warp(EXPIRY + 1);
        assertFalse(escrow.isFlushAllAuthorizationValid(message, signature));
    }

    function test_AFlushAllAuthorizationIsValidUntilItIsCancelled() public {
        IVoucherEscrow.FlushAllAuthorization memory message = flushAllAuthorizationOf(NONCE);
        bytes memory signature = sign(buyer, message);
        assertTrue(escrow.isFlushAllAuthorizationValid(message, signature));
        _invalidate(IVoucherEscrow.NonceKind.FlushAll);
        assertFalse(escrow.isFlushAllAuthorizationValid(message, signature));
    }

    function test_AFlushAllAuthorizationSignedByAnotherIsNotValid() public view {
        IVoucherEscrow.FlushAllAuthorization memory message = flushAllAuthorizationOf(NONCE);
        assertFalse(escrow.isFlushAllAuthorizationValid(message, sign(stranger, message)));
    }

    function test_AnAuthorizationOfAnAcceptingWalletIsValid() public {
        vm.etch(buyer.addr, type(AcceptingWallet).runtimeCode);
        assertTrue(escrow.isFlushAuthorizationValid(flushAuthorizationOf(NONCE), ""));
    }

    /* NONCES */

    function test_NonceViewsAgree() public {
        _invalidate(IVoucherEscrow.NonceKind.Deposit);
        assertTrue(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
        assertFalse(escrow.isFlushAuthorizationNonceUsed(buyer.addr, NONCE));
        assertFalse(escrow.isFlushAllAuthorizationNonceUsed(buyer.addr, NONCE));
        _invalidate(IVoucherEscrow.NonceKind.Flush);
        assertTrue(escrow.isFlushAuthorizationNonceUsed(buyer.addr, NONCE));
        assertFalse(escrow.isFlushAllAuthorizationNonceUsed(buyer.addr, NONCE));
        _invalidate(IVoucherEscrow.NonceKind.FlushAll);
        assertTrue(escrow.isFlushAllAuthorizationNonceUsed(buyer.addr, NONCE));
        for (uint256 kind = 0; kind < 4; ++kind) {
            assertEq(escrow.isNonceUsed(IVoucherEscrow.NonceKind(kind), buyer.addr, NONCE), kind != 3);
        }
    }

    /* INTERNAL */

    struct Verification {
        uint256 outstanding;
        uint256 collectable;
        uint256 balance;
        uint256 available;
        uint256 allowance;
        uint256 permitNonce;
        bool isDepositNonceUsed;
    }

    function _assertVerification(
        IVoucherEscrow.Voucher memory voucher,
        bytes32 depositNonce,
        Verification memory expected
    ) private view {
        Verification memory actual;
        (
            actual.outstanding,
            actual.collectable,
            actual.balance,
            actual.available,
            actual.allowance,
            actual.permitNonce,
            actual.isDepositNonceUsed
        ) = escrow.getVerificationData(voucher, depositNonce);
        assertEq(actual.outstanding, expected.outstanding, "outstanding");
        assertEq(actual.collectable, expected.collectable, "collectable");
        assertEq(actual.balance, expected.balance, "balance");
        assertEq(actual.available, expected.available, "available");
        assertEq(actual.allowance, expected.allowance, "allowance");
        assertEq(actual.permitNonce, expected.permitNonce, "permit nonce");
        assertEq(actual.isDepositNonceUsed, expected.isDepositNonceUsed, "deposit nonce used");
    }

    function _assertOutstanding(
        IVoucherEscrow.Voucher memory voucher,
        uint256 outstanding,
        uint256 collectable
    ) private view {
        (uint256 actualOutstanding, uint256 actualCollectable) = escrow.getOutstandingAndCollectableAmount(voucher);
        assertEq(actualOutstanding, outstanding, "outstanding");
        assertEq(actualCollectable, collectable, "collectable");
    }

    /// @dev Balance of {getAccountData} with these ceilings on the default lane and on another one.
    function _netBalance(uint256 onDefaultLane, uint256 onLane) private view returns (uint256 balance) {
        bytes32[] memory ids = new bytes32[](2);
        uint256[] memory aggregates = new uint256[](2);
        (ids[1], aggregates[0], aggregates[1]) = (LANE, onDefaultLane, onLane);
        (balance, , ) = escrow.getAccountData(buyer.addr, seller.addr, asset, ids, aggregates);
    }

    function _invalidate(IVoucherEscrow.NonceKind kind) private {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(kind, uint256(NONCE) >> 8, 1 << (uint256(NONCE) & 255));
    }
}
