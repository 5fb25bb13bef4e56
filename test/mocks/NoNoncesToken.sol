// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token without `nonces`, that answers unknown calls as old compilers did: by an opcode that burns all gas
contract NoNoncesToken is MintableToken {
    fallback() external {
        assembly {
            invalid()
        }
    }
}
