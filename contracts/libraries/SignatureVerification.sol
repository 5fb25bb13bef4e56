// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {BoundedCall} from "./BoundedCall.sol";

/// @title Checks signatures of keys first and of contracts second
/// @notice Signatures of 64 or 65 bytes by keys, and of any length by contracts that answer ERC-1271.
/// @dev A signature that recovers to the expected key is accepted whatever code sits at that address, so a wallet upgrade
/// (EIP-7702) cannot un-sign what was already accepted. Only then is a contract asked by ERC-1271.
library SignatureVerification {
    /// @notice Recovers the key that signed `digest`.
    /// @param digest 32-byte digest, for example of EIP-712.
    /// @param signature 65 bytes `r, s, v` or 64 bytes `r, vs` (EIP-2098); `s` in the lower half.
    /// @return signer Recovered address; zero when the signature is malformed.
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address signer) {
        if (signature.length == 65) {
            (signer, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        } else if (signature.length == 64) {
            (signer, , ) = ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]));
        }
    }

    /// @notice Encodes the question whether a contract signed `digest` (ERC-1271).
    /// @param digest 32-byte digest.
    /// @param signature Bytes as the wallet understands them.
    /// @return Calldata of `isValidSignature`.
    function encodeErc1271(bytes32 digest, bytes calldata signature) internal pure returns (bytes memory) {
        return abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
    }

    /// @notice Asks a contract whether it signed (ERC-1271).
    /// @param account Contract wallet; an address without code never answers.
    /// @param question Result of {encodeErc1271}.
    /// @param gasLimit Most gas the wallet may use.
    /// @return True when the wallet answers with the ERC-1271 magic value.
    function askErc1271(address account, bytes memory question, uint256 gasLimit) internal view returns (bool) {
        (bool ok, uint256 word) = BoundedCall.tryStaticCall(account, gasLimit, question);
        return ok && word == uint256(bytes32(IERC1271.isValidSignature.selector));
    }

    /// @notice Says whether the contract at `account` signed `digest`; it gets all gas.
    /// @param account Contract wallet; an address without code never signed.
    /// @param digest 32-byte digest.
    /// @param signature Bytes as the wallet understands them.
    /// @return True when the signature is the wallet's.
    function isValidErc1271(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        return account.code.length != 0 && askErc1271(account, encodeErc1271(digest, signature), gasleft());
    }

    /// @notice Says whether `account` signed `digest`, as a key or as a contract; the contract gets all gas.
    /// @param account Expected signer; the zero address never signed.
    /// @param digest 32-byte digest.
    /// @param signature 65 or 64 bytes of ECDSA, or ERC-1271 bytes.
    /// @return True when the signature is the account's.
    function isValid(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        address signer = recover(digest, signature);
        if (signer != address(0) && signer == account) return true;
        return isValidErc1271(account, digest, signature);
    }
}
