// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token whose fallback accepts every unknown call and does nothing, as a wrapped native coin does
contract PhantomToken is MintableToken {
    fallback() external {}
}
