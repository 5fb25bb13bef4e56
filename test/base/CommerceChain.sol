// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrow} from "../../contracts/interfaces/external/IAuthCaptureEscrow.sol";
import {IAuthCaptureEscrowV1_0} from "../../contracts/interfaces/external/IAuthCaptureEscrowV1_0.sol";
import {BaseChain} from "./BaseChain.sol";

/// @notice The local Base with both generations of AuthCaptureEscrow and their collectors at their canonical addresses.
///
/// @dev No package ships their bytecode: what stands there is this project's own, from `test/base/commerce/`, read from
/// its build artifacts. `addresses.ts` beside this file holds the same addresses for TypeScript tests.
abstract contract CommerceChain is BaseChain {
    /// @notice One generation of AuthCaptureEscrow with its collectors, at the same addresses on Base and Base Sepolia.
    struct Commerce {
        address escrow;
        address tokenStoreImplementation;
        address erc3009Collector;
        address permit2Collector;
        address preApprovalCollector;
        /// Known by its address only: the local Base does not have it.
        address spendPermissionCollector;
        address operatorRefundCollector;
    }

    IAuthCaptureEscrow internal constant ESCROW = IAuthCaptureEscrow(0xf96815976523E00e65Be8f34cA5e64b4f41EB19c);
    IAuthCaptureEscrowV1_0 internal constant ESCROW_V1_0 = IAuthCaptureEscrowV1_0(
        0xBdEA0D1bcC5966192B070Fdf62aB4EF5b4420cff
    );

    string private constant ARTIFACTS = "artifacts/test/base/commerce/";

    function setUp() public virtual override {
        super.setUp();
        _placeCommerce(commerce(), "AuthCaptureEscrow");
        _placeCommerce(commerceV1_0(), "AuthCaptureEscrowV1_0");
    }

    /// @notice AuthCaptureEscrow 1.1, the scheme's default.
    function commerce() internal pure returns (Commerce memory) {
        return
            Commerce({
                escrow: address(ESCROW),
                tokenStoreImplementation: 0xe4be44B1505d29ae640748b4cce530ece6DcD450,
                erc3009Collector: 0x8612dfdc421f80336cd14E8EF9cb1E765dB5ab88,
                permit2Collector: 0xD69831Aed5bfe262067ec4c751f4F830EcdD446e,
                preApprovalCollector: 0xF1F9C408C787B2bC6CAEB91e5BbEc434a5c8d2Ea,
                spendPermissionCollector: 0xB508c1C0a13849693DC175307667653C5977a408,
                operatorRefundCollector: 0x7a03443724d14798c4AB4622F1DAAcA761Fea486
            });
    }

    /// @notice AuthCaptureEscrow 1.0.
    function commerceV1_0() internal pure returns (Commerce memory) {
        return
            Commerce({
                escrow: address(ESCROW_V1_0),
                tokenStoreImplementation: 0xEd411C46508C2acf1D387754Df9cc98D0ef80D08,
                erc3009Collector: 0x0E3dF9510de65469C4518D7843919c0b8C7A7757,
                permit2Collector: 0x992476B9Ee81d52a5BdA0622C333938D0Af0aB26,
                preApprovalCollector: 0x1b77ABd71FCD21fbe2398AE821Aa27D1E6B94bC6,
                spendPermissionCollector: 0x8d9F34934dc9619e5DC3Df27D0A40b4A744E7eAa,
                operatorRefundCollector: 0x934907bffd0901b6A21e398B9C53A4A38F02fa5d
            });
    }

    function _placeCommerce(Commerce memory where, string memory escrow) private {
        bytes memory ofEscrow = abi.encode(where.escrow);
        _place(where.escrow, escrow, abi.encode(where.tokenStoreImplementation));
        _place(where.tokenStoreImplementation, "TokenStore", ofEscrow);
        _place(where.erc3009Collector, "ERC3009PaymentCollector", abi.encode(where.escrow, MULTICALL3));
        _place(where.permit2Collector, "Permit2PaymentCollector", abi.encode(where.escrow, MULTICALL3, PERMIT2));
        _place(where.preApprovalCollector, "PreApprovalPaymentCollector", ofEscrow);
        _place(where.operatorRefundCollector, "OperatorRefundCollector", ofEscrow);
    }

    function _place(address where, string memory name, bytes memory parameters) private {
        string memory artifact = vm.readFile(string.concat(ARTIFACTS, name, ".sol/", name, ".json"));
        bytes memory initcode = bytes.concat(vm.parseJsonBytes(artifact, ".bytecode"), parameters);
        address made;
        assembly {
            made := create(0, add(initcode, 0x20), mload(initcode))
        }
        assertTrue(made != address(0), name);
        vm.etch(where, made.code);
        vm.label(where, name);
    }
}
