// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BaseChain} from "../../base/BaseChain.sol";
import {VoucherHandler} from "./VoucherHandler.sol";

/// @title Base of what runs campaigns
abstract contract CampaignTest is BaseChain {
    string private constant ESCROW = "artifacts/contracts/voucher/VoucherEscrow.sol/VoucherEscrow.json";

    /// @notice A campaign against a fresh escrow and its twin, both from the build artifact: as they are shipped.
    /// @param handlerCode Creation code of `VoucherCampaign`.
    /// @param salt Makes two campaigns with the same seeds different ones.
    function begin(bytes memory handlerCode, uint256 salt) internal returns (VoucherHandler begun) {
        bytes memory code = vm.parseJsonBytes(vm.readFile(ESCROW), ".bytecode");
        bytes memory parameters = abi.encode(_create(code), _create(code), address(USDC), salt);
        begun = VoucherHandler(_create(abi.encodePacked(handlerCode, parameters)));
        for (uint256 p; p < 8; ++p) fundUsdc(begun.party(p), 1e9);
        begun.open();
    }

    function _create(bytes memory code) private returns (address deployed) {
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        require(deployed != address(0), "_create: no code");
    }
}
