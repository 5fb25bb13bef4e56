// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrow} from "../../../contracts/interfaces/external/IAuthCaptureEscrow.sol";
import {IAuthCaptureEscrowV1_0} from "../../../contracts/interfaces/external/IAuthCaptureEscrowV1_0.sol";
import {EscrowTest} from "./EscrowTest.sol";

/// @notice AuthCaptureEscrow 1.1: the fee is an amount.
abstract contract OnV11 is EscrowTest {
    function generation() internal pure override returns (Commerce memory) {
        return commerce();
    }

    function chargeCall(
        uint256 amount,
        address collector,
        uint16 feeBps,
        address to
    ) internal view override returns (bytes memory) {
        bytes memory signature = signErc3009(payer);
        return
            abi.encodeCall(
                IAuthCaptureEscrow.charge,
                (payment, amount, collector, signature, _share(amount, feeBps), to)
            );
    }

    function captureCall(uint256 amount, uint16 feeBps, address to) internal view override returns (bytes memory) {
        return abi.encodeCall(IAuthCaptureEscrow.capture, (payment, amount, _share(amount, feeBps), to));
    }

    function feeOutOfRange(uint256 amount, uint16 feeBps) internal view override returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IAuthCaptureEscrow.FeeAmountOutOfRange.selector,
                _share(amount, feeBps),
                _share(amount, payment.minFeeBps),
                _share(amount, payment.maxFeeBps)
            );
    }

    function _share(uint256 amount, uint16 feeBps) private pure returns (uint256) {
        return (amount * feeBps) / 10_000;
    }
}

/// @notice AuthCaptureEscrow 1.0: the fee is a rate.
abstract contract OnV10 is EscrowTest {
    function generation() internal pure override returns (Commerce memory) {
        return commerceV1_0();
    }

    function chargeCall(
        uint256 amount,
        address collector,
        uint16 feeBps,
        address to
    ) internal view override returns (bytes memory) {
        bytes memory signature = signErc3009(payer);
        return abi.encodeCall(IAuthCaptureEscrowV1_0.charge, (payment, amount, collector, signature, feeBps, to));
    }

    function captureCall(uint256 amount, uint16 feeBps, address to) internal view override returns (bytes memory) {
        return abi.encodeCall(IAuthCaptureEscrowV1_0.capture, (payment, amount, feeBps, to));
    }

    function feeOutOfRange(uint256, uint16 feeBps) internal view override returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IAuthCaptureEscrowV1_0.FeeBpsOutOfRange.selector,
                feeBps,
                payment.minFeeBps,
                payment.maxFeeBps
            );
    }
}
