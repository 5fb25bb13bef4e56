// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";

/// @title The escrow's identity of a payment, from the calldata of a function whose first parameter is the payment
/// @notice Saves an operator one call of the escrow for each step of a payment.
/// @dev All members of `PaymentInfo` are static, so it stands in the calldata as the escrow encodes it for its own hash. Bits that belong to no
/// member are hashed as they came: with any of them set the result is the hash of no payment.
library PaymentInfoHash {
    bytes32 private constant PAYMENT_INFO_TYPEHASH = keccak256(
        "PaymentInfo(address operator,address payer,address receiver,address token,uint120 maxAmount,uint48 preApprovalExpiry,uint48 authorizationExpiry,uint48 refundExpiry,uint16 minFeeBps,uint16 maxFeeBps,address feeReceiver,uint256 salt)"
    );

    /// @dev Twelve words behind the selector.
    uint256 private constant START = 4;
    uint256 private constant END = 4 + 12 * 32;

    /// @notice The payment as it stands in the calldata.
    /// @return 12 words.
    function encoded() internal pure returns (bytes calldata) {
        return msg.data[START:END];
    }

    /// @notice What the escrow's `getHash` says of the payment in the calldata.
    /// @param escrow AuthCaptureEscrow.
    /// @return The hash.
    function compute(address escrow) internal view returns (bytes32) {
        return
            EfficientHashLib.hash(
                bytes32(block.chainid),
                bytes32(uint256(uint160(escrow))),
                keccak256(abi.encodePacked(PAYMENT_INFO_TYPEHASH, encoded()))
            );
    }
}
