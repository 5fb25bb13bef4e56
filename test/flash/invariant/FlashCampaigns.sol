// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BaseChain} from "../../base/BaseChain.sol";
import {FlashHandler} from "./FlashHandler.sol";

/// @title Base of what runs campaigns
abstract contract FlashCampaigns is BaseChain {
    string private constant SETTLEMENT = "artifacts/contracts/flash/FlashSettlement.sol/FlashSettlement.json";

    /// @notice A campaign against a fresh contract and its twin, both from the build artifact: as they are shipped.
    /// @param handlerCode Creation code of `FlashCampaign`.
    /// @param salt Makes two campaigns with the same seeds different ones.
    function begin(bytes memory handlerCode, uint256 salt) internal returns (FlashHandler begun) {
        bytes memory code = vm.parseJsonBytes(vm.readFile(SETTLEMENT), ".bytecode");
        bytes memory parameters = abi.encode(_create(code), _create(code), address(USDC), salt);
        begun = FlashHandler(_create(abi.encodePacked(handlerCode, parameters)));
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
