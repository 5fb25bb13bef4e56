// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorFactory} from "../../../contracts/interfaces/ITermsOperatorFactory.sol";
import {CommerceChain} from "../../base/CommerceChain.sol";
import {CaptureHandler} from "./CaptureHandler.sol";
import {CaptureWorld} from "./CaptureWorld.sol";

/// @title Base of what runs campaigns
abstract contract CaptureCampaigns is CommerceChain {
    string private constant ARTIFACTS = "artifacts/contracts/auth-capture/";

    /// @notice A campaign against a fresh factory and fresh operators, all from build artifacts: as they are shipped.
    /// @param handlerCode Creation code of `CaptureCampaign`.
    /// @param salt Makes two campaigns with the same seeds different ones.
    function begin(bytes memory handlerCode, uint256 salt) internal returns (CaptureHandler begun) {
        CaptureWorld.Place memory place;
        (place.usdc, place.blacklister) = (address(USDC), USDC_BLACKLISTER);
        Commerce[2] memory generations = [commerce(), commerceV1_0()];
        for (uint256 g; g < 2; ++g) {
            place.escrow[g] = generations[g].escrow;
            place.erc3009Collector[g] = generations[g].erc3009Collector;
            place.permit2Collector[g] = generations[g].permit2Collector;
            place.preApprovalCollector[g] = generations[g].preApprovalCollector;
            place.refundCollector[g] = _deploy("SignedRefundCollector", abi.encode(generations[g].escrow));
        }
        address factory = _deploy("TermsOperatorFactory", abi.encode(place.refundCollector));
        place.factory = ITermsOperatorFactory(factory);
        // By the nonces that the factory created them with.
        place.implementation[0] = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", factory, hex"01")))));
        place.implementation[1] = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", factory, hex"02")))));
        begun = CaptureHandler(_create(abi.encodePacked(handlerCode, abi.encode(place, salt))));
        address[12] memory parties = begun.parties();
        for (uint256 i; i < parties.length; ++i) fundUsdc(parties[i], 1e12);
        begun.begin();
    }

    function _deploy(string memory name, bytes memory parameters) private returns (address deployed) {
        string memory artifact = vm.readFile(string.concat(ARTIFACTS, name, ".sol/", name, ".json"));
        return _create(bytes.concat(vm.parseJsonBytes(artifact, ".bytecode"), parameters));
    }

    function _create(bytes memory code) private returns (address deployed) {
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        require(deployed != address(0), "_create: no code");
    }
}
