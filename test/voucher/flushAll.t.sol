// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {GasBurningToken} from "../mocks/GasBurningToken.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {ReturnBombToken} from "../mocks/ReturnBombToken.sol";
import {SelectorForgingToken} from "../mocks/SelectorForgingToken.sol";
import {BitmapNonceTest} from "./BitmapNonceTest.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";

contract FlushAllWithAuthorizationTest is SignedMessageTest, BitmapNonceTest {
    using VoucherMessages for *;

    IVoucherEscrow.FlushAllAuthorization private authorization;
    IVoucherEscrow.AccountKey[] private accounts;

    function setUp() public override {
        super.setUp();
        authorization = flushAllAuthorizationOf(NONCE);
        deposit(buyer, seller, 100);
        deposit(buyer, seller2, 50);
        accounts.push(IVoucherEscrow.AccountKey(seller.addr, asset));
        accounts.push(IVoucherEscrow.AccountKey(seller2.addr, asset));
        start = books();
    }

    /* MESSAGE */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function messageType() internal pure override returns (string memory) {
        return VoucherMessages.FLUSH_ALL_AUTHORIZATION;
    }

    function encoded() internal view override returns (bytes memory) {
        return abi.encode(authorization);
    }

    function decode(bytes memory message) internal override {
        authorization = abi.decode(message, (IVoucherEscrow.FlushAllAuthorization));
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.flushAllWithAuthorization, (authorization, accounts, signature));
    }

    function replayError() internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector);
    }

    function nonceKind() internal pure override returns (IVoucherEscrow.NonceKind) {
        return IVoucherEscrow.NonceKind.FlushAll;
    }

    /// @dev Both accounts thaw.
    function assertDone() internal view override {
        uint64 end = uint64(vm.getBlockTimestamp() + 1 days);
        _assertThaw(seller, asset, 100, end);
        _assertThaw(seller2, asset, 50, end);
        assertBooks(start);
    }

    /* NONCE */

    function test_RevertGiven_TheNonceWasCancelledAfterAFirstUse() public {
        accounts.pop();
        submit();
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.FlushAll, uint256(NONCE) >> 8, type(uint256).max);
        accounts[0].seller = seller2.addr;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
    }

    function test_FlushesWhenTheNonceIsZero() public {
        authorization.nonce = 0;
        submit();
        assertDone();
    }

    function test_DoesNotMarkTheNonceCancelled() public {
        submit();
        assertFalse(escrow.isFlushAllAuthorizationNonceUsed(buyer.addr, NONCE));
        assertFalse(escrow.isNonceUsed(IVoucherEscrow.NonceKind.FlushAll, buyer.addr, NONCE));
    }

    /* ONCE AN ACCOUNT */

    function test_RevertGiven_TheAuthorizationActedOnEveryAccount() public {
        submit();
        vm.warp(NOW + 1 days);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
    }

    function test_SkipsAnAccountItActedOn() public {
        accounts.pop();
        submit();
        vm.warp(NOW + 1 days);
        accounts.push(IVoucherEscrow.AccountKey(seller2.addr, asset));
        expectEvent();
        emit IVoucherEscrow.FlushSkipped(buyer.addr, seller.addr, asset, IVoucherEscrow.NonceAlreadyUsed.selector);
        expectEvent();
        emit IVoucherEscrow.FlushAllAuthorized(buyer.addr, NONCE, 1);
        submit();
        _assertThaw(seller, asset, 100, NOW + 1 days);
        _assertThaw(seller2, asset, 50, NOW + 2 days);
    }

    function test_SkipsAnAccountThatIsNamedTwice() public {
        accounts[1].seller = seller.addr;
        expectEvent();
        emit IVoucherEscrow.FlushSkipped(buyer.addr, seller.addr, asset, IVoucherEscrow.NonceAlreadyUsed.selector);
        expectEvent();
        emit IVoucherEscrow.FlushAllAuthorized(buyer.addr, NONCE, 1);
        submit();
        _assertThaw(seller, asset, 100, NOW + 1 days);
    }

    function test_FlushesTheSameSellerInAnotherAsset() public {
        submit();
        MintableToken token = new MintableToken();
        _depositOther(token, seller);
        delete accounts;
        accounts.push(IVoucherEscrow.AccountKey(seller.addr, address(token)));
        submit();
        _assertThaw(seller, address(token), 70, NOW + 1 days);
    }

    function test_ActsAgainWithAnotherNonce() public {
        submit();
        vm.warp(NOW + 1 days);
        authorization.nonce = 0;
        Books memory expected = start;
        submit();
        expected.account = 0;
        expected.accountWithSeller2 = 0;
        expected.escrow -= 150;
        expected.buyer += 150;
        assertBooks(expected);
    }

    function test_IsUsedByOneBuyerAlone() public {
        submit();
        deposit(buyer2, seller, 30);
        authorization.buyer = buyer2.addr;
        bytes memory signature = sign(buyer2, authorization);
        accounts.pop();
        escrow.flushAllWithAuthorization(authorization, accounts, signature);
        assertEq(escrow.getAccount(buyer2.addr, seller.addr, asset).thawingAmount, 30);
    }

    /* ACCOUNTS THAT FAIL */

    function test_RevertWhen_ThereAreNoAccounts() public {
        delete accounts;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
    }

    function test_RevertGiven_NoAccountCanBeFlushed() public {
        delete accounts;
        accounts.push(IVoucherEscrow.AccountKey(stranger.addr, asset));
        accounts.push(IVoucherEscrow.AccountKey(seller.addr, stranger.addr));
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
    }

    function test_RevertWhen_TheSellerAndTheAssetAreZero() public {
        delete accounts;
        accounts.push(IVoucherEscrow.AccountKey(address(0), asset));
        accounts.push(IVoucherEscrow.AccountKey(seller.addr, address(0)));
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
    }

    function test_SkipsAnEmptyAccount() public {
        accounts[0].seller = stranger.addr;
        expectEvent();
        emit IVoucherEscrow.FlushSkipped(buyer.addr, stranger.addr, asset, IVoucherEscrow.NothingToFlush.selector);
        expectEvent();
        emit IVoucherEscrow.FlushAllAuthorized(buyer.addr, NONCE, 1);
        submit();
        _assertThaw(seller2, asset, 50, NOW + 1 days);
    }

    function test_SkipsAThawThatHasNotEnded() public {
        thaw(60);
        vm.warp(NOW + 1 days - 1);
        expectEvent();
        emit IVoucherEscrow.FlushSkipped(buyer.addr, seller.addr, asset, IVoucherEscrow.NothingToFlush.selector);
        submit();
        _assertThaw(seller, asset, 60, NOW + 1 days);
        _assertThaw(seller2, asset, 50, NOW + 2 days - 1);
    }

    function test_FlushesLaterAnAccountThatItSkipped() public {
        thaw(60);
        submit();
        vm.warp(NOW + 1 days);
        submit();
        _assertThaw(seller, asset, 40, NOW + 2 days);
    }

    function test_SkipsAnAccountWhoseTokenRefusesThePayment() public {
        SelectorForgingToken token = new SelectorForgingToken();
        _matureOther(token);
        token.forge(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        _assertSkipsItsPayment(token);
    }

    function test_SkipsAnAccountWhoseTokenBurnsAllGas() public {
        GasBurningToken token = new GasBurningToken();
        _matureOther(token);
        token.setBurns(true);
        _assertSkipsItsPayment(token);
    }

    function test_SkipsAnAccountWhoseTokenRevertsWithVeryManyBytes() public {
        ReturnBombToken token = new ReturnBombToken();
        _matureOther(token);
        token.arm(100_000, true);
        _assertSkipsItsPayment(token);
    }

    function test_FlushesAllOrRevertsWhateverGasItGets() public {
        // A frame that runs out of gas leaves its caller a 64th of it: too little to go on and skip the account.
        bytes memory signature = sign(buyer, authorization);
        uint256[2] memory outcomes;
        for (uint256 gasGiven = 20_000; gasGiven < 220_000; gasGiven += 1_500) {
            uint256 snapshot = vm.snapshotState();
            (bool ok, ) = address(escrow).call{gas: gasGiven}(
                abi.encodeCall(IVoucherEscrow.flushAllWithAuthorization, (authorization, accounts, signature))
            );
            ++outcomes[ok ? 1 : 0];
            if (ok) assertDone();
            vm.revertToState(snapshot);
        }
        assertGt(outcomes[0], 0, "some gas was too little");
        assertGt(outcomes[1], 0, "some gas was enough");
    }

    /* EFFECTS */

    function test_WithdrawsWhatIsMaturedAndThawsTheRest() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        submit();
        expected.account -= 60;
        expected.escrow -= 60;
        expected.buyer += 60;
        assertBooks(expected);
        _assertThaw(seller, asset, 40, NOW + 2 days);
        _assertThaw(seller2, asset, 50, NOW + 2 days);
    }

    function test_EmitsTheEventsOfEachFlushAndFlushAllAuthorized() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        expectEvent();
        emit IVoucherEscrow.Withdrawn(buyer.addr, seller.addr, asset, 60, 40);
        expectEvent();
        emit IVoucherEscrow.ThawInitiated(buyer.addr, seller.addr, asset, 40, 0, NOW + 2 days, 0);
        expectEvent();
        emit IVoucherEscrow.ThawInitiated(buyer.addr, seller2.addr, asset, 50, 0, NOW + 2 days, 0);
        expectEvent();
        emit IVoucherEscrow.FlushAllAuthorized(buyer.addr, NONCE, 2);
        submit();
    }

    function test_FlushesTwoAssets() public {
        MintableToken token = new MintableToken();
        _depositOther(token, seller);
        accounts.push(IVoucherEscrow.AccountKey(seller.addr, address(token)));
        submit();
        _assertThaw(seller, address(token), 70, NOW + 1 days);
        assertDone();
    }

    function test_LeavesUnnamedAccountsAlone() public {
        accounts.pop();
        submit();
        _assertThaw(seller2, asset, 0, 0);
    }

    /* THE SELF-CALLED PART */

    function test_RevertWhen_AnyoneElseCallsFlushAccount() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotSelf.selector, stranger.addr));
        vm.prank(stranger.addr);
        escrow.flushAccount(buyer.addr, NONCE, accounts[0]);
    }

    function test_RevertWhen_TheBuyerCallsFlushAccount() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotSelf.selector, buyer.addr));
        vm.prank(buyer.addr);
        escrow.flushAccount(buyer.addr, NONCE, accounts[0]);
    }

    /* INTERNAL */

    /// @dev 70 of another token for the buyer with `with`.
    function _depositOther(MintableToken token, Actor memory with) private {
        token.mint(buyer.addr, 70);
        approve(address(token), buyer.addr, 70);
        vm.prank(buyer.addr);
        escrow.deposit(with.addr, address(token), 70);
    }

    /// @dev An account in another token takes the place of the first one, all of it matured.
    function _matureOther(MintableToken token) private {
        _depositOther(token, seller);
        vm.prank(buyer.addr);
        escrow.thaw(seller.addr, address(token), 70);
        vm.warp(NOW + 1 days);
        accounts[0].asset = address(token);
    }

    function _assertSkipsItsPayment(MintableToken token) private {
        bytes4 reason = IVoucherEscrow.TransferFailed.selector;
        expectEvent();
        emit IVoucherEscrow.FlushSkipped(buyer.addr, seller.addr, address(token), reason);
        submit();
        _assertThaw(seller, address(token), 70, NOW + 1 days);
        _assertThaw(seller2, asset, 50, NOW + 2 days);
    }

    function _assertThaw(Actor memory with, address token, uint256 amount, uint64 end) private view {
        IVoucherEscrow.EscrowAccount memory account = escrow.getAccount(buyer.addr, with.addr, token);
        assertEq(account.thawingAmount, amount, "effective thawing");
        assertEq(account.thawEndTime, end, "end of the thaw");
    }
}
