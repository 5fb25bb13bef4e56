// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {BitmapNonceTest} from "./BitmapNonceTest.sol";
import {DepositAuthorizationTest} from "./DepositAuthorizationTest.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @dev The two calls that put an ERC-2612 permit in front of a deposit.
interface IMulticall3 {
    struct Call {
        address target;
        bytes callData;
    }

    function aggregate(Call[] calldata calls) external returns (uint256 blockNumber, bytes[] memory returnData);
}

interface IPermit {
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

contract DepositWithAuthorizationTest is SignedMessageTest, BitmapNonceTest, DepositAuthorizationTest {
    function setUp() public override(VoucherTest, DepositAuthorizationTest) {
        super.setUp();
    }

    /* MESSAGE */

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.depositWithAuthorization, (authorization, signature));
    }

    function replayError() internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE);
    }

    function nonceKind() internal pure override returns (IVoucherEscrow.NonceKind) {
        return IVoucherEscrow.NonceKind.Deposit;
    }

    /* NONCE */

    function test_RevertGiven_TheNonceWasUsedForAnotherDeposit() public {
        submit();
        authorization.amount = AMOUNT + 1;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
    }

    function test_MarksTheNonceUsed() public {
        assertFalse(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
        submit();
        assertTrue(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
    }

    function test_LeavesTheNonceUnusedGivenTheTransferFails() public {
        approve(asset, buyer.addr, AMOUNT - 1);
        assertReverts(reasonOf("ERC20: transfer amount exceeds allowance"));
        assertFalse(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
    }

    /* SOURCE OF THE TOKENS */

    function test_RevertGiven_AnAllowanceOneBelowTheAmount() public {
        approve(asset, buyer.addr, AMOUNT - 1);
        assertReverts(reasonOf("ERC20: transfer amount exceeds allowance"));
    }

    function test_DepositsGivenAnAllowanceOfTheAmount() public {
        approve(asset, buyer.addr, AMOUNT);
        submit();
        assertDone();
    }

    function test_LeavesTheFreeBalanceAloneGivenTheWalletIsEmpty() public {
        depositFree(buyer, FUNDS);
        assertReverts(reasonOf("ERC20: transfer amount exceeds balance"));
    }

    function test_DepositsBehindAPermitThroughMulticall3() public {
        approve(asset, buyer.addr, 0);
        bytes32 permitHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                buyer.addr,
                address(escrow),
                AMOUNT,
                USDC.nonces(buyer.addr),
                uint256(EXPIRY)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), permitHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(buyer.key, digest);

        IMulticall3.Call[] memory calls = new IMulticall3.Call[](2);
        calls[0].target = asset;
        calls[0].callData = abi.encodeCall(
            IPermit.permit,
            (buyer.addr, address(escrow), AMOUNT, uint256(EXPIRY), v, r, s)
        );
        calls[1].target = address(escrow);
        calls[1].callData = callOf(signed());
        vm.prank(relayer);
        IMulticall3(MULTICALL3).aggregate(calls);
        assertDone();
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

    function test_EmitsDepositAuthorized() public {
        expectEvent();
        emit IVoucherEscrow.DepositAuthorized(buyer.addr, seller.addr, asset, AMOUNT, NONCE);
        submit();
    }

    function test_EmitsDepositAuthorizedWhenTheSellerIsZero() public {
        authorization.seller = address(0);
        expectEvent();
        emit IVoucherEscrow.DepositAuthorized(buyer.addr, address(0), asset, AMOUNT, NONCE);
        submit();
    }
}
