// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ITermsOperatorCommon} from "./ITermsOperatorCommon.sol";

/// @title TermsOperatorFactory: deploys and predicts operators
/// @notice One factory serves both generations of the canonical AuthCaptureEscrow. An operator's address follows from the factory, the escrow and
/// the terms alone, is the same on every chain, and can be computed before it exists or off-chain.
///
/// @dev Operators are clones with immutable arguments, deployed by CREATE2 with salt zero. The arguments are the members of the terms, packed in
/// their order (111 bytes), so the initcode commits to them. What they are clones of are the first two contracts that the factory created, for
/// v1.1 and for v1.0. Whether the terms are valid, see {ITermsOperatorCommon-Terms}. There is no owner and no
/// storage.
interface ITermsOperatorFactory {
    /// @notice An operator was deployed.
    /// @param operator Its address.
    /// @param termsHash keccak256(abi.encode(terms)).
    /// @param escrow The escrow it works on.
    /// @param terms Its rules.
    event OperatorDeployed(
        address indexed operator,
        bytes32 indexed termsHash,
        address indexed escrow,
        ITermsOperatorCommon.Terms terms
    );

    /// @notice The terms are not valid.
    /// @param rule Number of the first rule of {ITermsOperatorCommon-Terms} that fails.
    error InvalidTerms(uint8 rule);

    /// @notice The escrow is neither generation of the canonical AuthCaptureEscrow.
    /// @param escrow The address that was given.
    error UnknownEscrow(address escrow);

    /// @notice Deploys the operator of these terms, for anyone; if it exists, nothing happens.
    ///
    /// @dev Emits {OperatorDeployed}, the first time only.
    ///
    /// Requirements, in this order:
    /// - the escrow is one of the two generations, else {UnknownEscrow};
    /// - the terms are valid, else {InvalidTerms}.
    ///
    /// @param terms Rules of the operator.
    /// @param escrow Canonical AuthCaptureEscrow, v1.1 or v1.0.
    /// @return operator The operator's address.
    function deploy(ITermsOperatorCommon.Terms calldata terms, address escrow) external returns (address operator);

    /// @notice Says where the operator of these terms is or will be.
    ///
    /// @dev Requirements as {deploy}.
    ///
    /// @param terms Rules of the operator.
    /// @param escrow Canonical AuthCaptureEscrow, v1.1 or v1.0.
    /// @return The operator's address.
    function predict(ITermsOperatorCommon.Terms calldata terms, address escrow) external view returns (address);

    /// @notice Says whether an address is an operator that this factory deployed.
    ///
    /// @dev Reads the code at the address, never calls it.
    ///
    /// @param account Any address.
    /// @return True for an operator of either generation.
    function isOperator(address account) external view returns (bool);
}
