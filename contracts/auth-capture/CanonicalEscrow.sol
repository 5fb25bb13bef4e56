// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Where both generations of Base's AuthCaptureEscrow and their payment collectors are, the same on every chain that has them
/// @notice Addresses that Base publishes. They stand in the operators' code, so that no argument of a deployment can point an operator elsewhere.
library CanonicalEscrow {
    address internal constant V1_1 = 0xf96815976523E00e65Be8f34cA5e64b4f41EB19c;
    address internal constant V1_1_EIP3009_COLLECTOR = 0x8612dfdc421f80336cd14E8EF9cb1E765dB5ab88;
    address internal constant V1_1_PERMIT2_COLLECTOR = 0xD69831Aed5bfe262067ec4c751f4F830EcdD446e;
    address internal constant V1_1_PRE_APPROVAL_COLLECTOR = 0xF1F9C408C787B2bC6CAEB91e5BbEc434a5c8d2Ea;
    address internal constant V1_1_SPEND_PERMISSION_COLLECTOR = 0xB508c1C0a13849693DC175307667653C5977a408;

    address internal constant V1_0 = 0xBdEA0D1bcC5966192B070Fdf62aB4EF5b4420cff;
    address internal constant V1_0_EIP3009_COLLECTOR = 0x0E3dF9510de65469C4518D7843919c0b8C7A7757;
    address internal constant V1_0_PERMIT2_COLLECTOR = 0x992476B9Ee81d52a5BdA0622C333938D0Af0aB26;
    address internal constant V1_0_PRE_APPROVAL_COLLECTOR = 0x1b77ABd71FCD21fbe2398AE821Aa27D1E6B94bC6;
    address internal constant V1_0_SPEND_PERMISSION_COLLECTOR = 0x8d9F34934dc9619e5DC3Df27D0A40b4A744E7eAa;
}
