// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Actor} from "../helpers/Test.sol";
import {BaseChain} from "./BaseChain.sol";

contract BaseChainTest is BaseChain {
    function test_UsdcReceivesBySignature() public {
        Actor memory buyer = makeActor("buyer");
        address seller = makeAddr("seller");
        fundUsdc(buyer.addr, 5_000_000);
        assertEq(block.chainid, 8453);

        bytes32 typeHash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        bytes32 structHash = keccak256(
            abi.encode(
                typeHash,
                buyer.addr,
                seller,
                uint256(2_000_000),
                uint256(0),
                type(uint256).max,
                bytes32(uint256(7))
            )
        );
        bytes memory signature = sign(
            buyer,
            keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), structHash))
        );

        vm.prank(seller);
        USDC.receiveWithAuthorization({
            from: buyer.addr,
            to: seller,
            value: 2_000_000,
            validAfter: 0,
            validBefore: type(uint256).max,
            nonce: bytes32(uint256(7)),
            signature: signature
        });

        assertEq(USDC.balanceOf(seller), 2_000_000);
        assertEq(USDC.balanceOf(buyer.addr), 3_000_000);
    }

    function test_RevertGiven_UsdcIsPaused() public {
        fundUsdc(address(this), 1);
        vm.prank(USDC_PAUSER);
        USDC.pause();

        vm.expectRevert("Pausable: paused");
        USDC.transfer(makeAddr("seller"), 1);
    }

    function testFuzz_BoundStaysInside(uint256 value, uint256 min, uint256 max) public pure {
        if (min > max) (min, max) = (max, min);
        uint256 result = bound(value, min, max);
        assertGe(result, min);
        assertLe(result, max);
        if (value >= min && value <= max) assertEq(result, value);
    }
}
