// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A contract that answers every call with the bytes it was told, by a return or by a revert
contract AnsweringContract {
    bytes private _answer;
    bool private _reverts;

    function set(bytes calldata answer, bool reverts) external {
        (_answer, _reverts) = (answer, reverts);
    }

    fallback() external {
        bytes memory answer = _answer;
        bool reverts = _reverts;
        assembly {
            switch reverts
            case 0 {
                return(add(answer, 0x20), mload(answer))
            }
            default {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}
