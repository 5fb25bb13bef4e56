// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC3009} from "../interfaces/external/IERC3009.sol";
import {IPermit2} from "../interfaces/external/IPermit2.sol";

/// @title Pulls tokens into this contract by allowance, ERC-3009 or Permit2
/// @notice The three ways by which tokens enter an escrow.
/// @dev Every pull measures the balance: it must rise by exactly the amount, so tokens that take a fee on transfer are refused.
library TokenFunding {
    using SafeERC20 for IERC20;

    /// @notice The token moved another amount than asked for; fee-on-transfer and rebasing tokens cannot be held in escrow.
    /// @param expected Amount asked for, token base units.
    /// @param received Change of this contract's balance, token base units; zero when it fell.
    error TransferMismatch(uint256 expected, uint256 received);

    /// @notice Permit2's address, the same on every chain.
    IPermit2 internal constant PERMIT2 = IPermit2(0x000000000022D473030F116dDEE9F6B43aC78BA3);

    /// @notice Pulls by the holder's allowance to this contract.
    /// @param asset ERC-20 with code.
    /// @param from Holder.
    /// @param amount Token base units.
    function pull(address asset, address from, uint256 amount) internal {
        uint256 balanceBefore = _balance(asset);
        IERC20(asset).safeTransferFrom(from, address(this), amount);
        _checkReceived(asset, balanceBefore, amount);
    }

    /// @notice Pulls by `receiveWithAuthorization`, with `validAfter` 0.
    /// @dev A signature of 64 or 65 bytes goes through the token's `v, r, s` form, which every ERC-3009 token has (a compact one is
    /// expanded); any other length goes through the `bytes` form, which passes it to the holder's contract wallet. A wallet whose own
    /// signatures are 64 bytes long must pad them or fund in another way.
    /// @param asset ERC-3009 token with code.
    /// @param from Holder and signer.
    /// @param amount Token base units.
    /// @param validBefore Unix seconds, exclusive.
    /// @param nonce Nonce of the token's authorization.
    /// @param signature The holder's signature over the token's `ReceiveWithAuthorization`.
    function pullWithEip3009(
        address asset,
        address from,
        uint256 amount,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) internal {
        uint256 balanceBefore = _balance(asset);
        if (signature.length == 64 || signature.length == 65) {
            bytes32 r = bytes32(signature[:32]);
            bytes32 s = bytes32(signature[32:64]);
            uint8 v;
            if (signature.length == 65) {
                v = uint8(signature[64]);
            } else {
                // The shift leaves one bit.
                v = uint8(uint256(s) >> 255) + 27;
                s = bytes32(uint256(s) & (type(uint256).max >> 1));
            }
            IERC3009(asset).receiveWithAuthorization(from, address(this), amount, 0, validBefore, nonce, v, r, s);
        } else {
            IERC3009(asset).receiveWithAuthorization(from, address(this), amount, 0, validBefore, nonce, signature);
        }
        _checkReceived(asset, balanceBefore, amount);
    }

    /// @notice Pulls by a Permit2 signature that commits to `witness`.
    /// @dev The witness is the permit's nonce as well, so one witness funds once.
    /// @param asset ERC-20 with code, approved to Permit2 by the holder.
    /// @param from Holder and signer.
    /// @param amount Token base units.
    /// @param deadline Unix seconds, inclusive.
    /// @param witness EIP-712 hash of the message that says what the tokens are for.
    /// @param witnessTypeString Tail of Permit2's EIP-712 type, from the witness member on.
    /// @param signature The holder's signature over the permit.
    function pullWithPermit2(
        address asset,
        address from,
        uint256 amount,
        uint256 deadline,
        bytes32 witness,
        string memory witnessTypeString,
        bytes calldata signature
    ) internal {
        uint256 balanceBefore = _balance(asset);
        PERMIT2.permitWitnessTransferFrom(
            IPermit2.PermitTransferFrom({
                permitted: IPermit2.TokenPermissions({token: asset, amount: amount}),
                nonce: uint256(witness),
                deadline: deadline
            }),
            IPermit2.SignatureTransferDetails({to: address(this), requestedAmount: amount}),
            from,
            witness,
            witnessTypeString,
            signature
        );
        _checkReceived(asset, balanceBefore, amount);
    }

    function _balance(address asset) private view returns (uint256) {
        return IERC20(asset).balanceOf(address(this));
    }

    function _checkReceived(address asset, uint256 balanceBefore, uint256 amount) private view {
        uint256 balanceAfter = _balance(asset);
        uint256 received = balanceAfter > balanceBefore ? balanceAfter - balanceBefore : 0;
        if (received != amount) revert TransferMismatch(amount, received);
    }
}
