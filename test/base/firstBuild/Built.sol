// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What the first build makes
contract Built {}
