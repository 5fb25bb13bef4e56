// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The part of USDC (FiatToken v2.2) that Solidity tests call.
interface IUsdc {
    /* SET-UP */

    function initialize(
        string calldata tokenName,
        string calldata tokenSymbol,
        string calldata tokenCurrency,
        uint8 tokenDecimals,
        address newMasterMinter,
        address newPauser,
        address newBlacklister,
        address newOwner
    ) external;

    function initializeV2(string calldata newName) external;

    function initializeV2_1(address lostAndFound) external;

    function initializeV2_2(address[] calldata accountsToBlacklist, string calldata newSymbol) external;

    function configureMinter(address minter, uint256 allowance) external returns (bool);

    /* TOKEN */

    function mint(address to, uint256 amount) external returns (bool);

    function approve(address spender, uint256 amount) external returns (bool);

    function transfer(address to, uint256 amount) external returns (bool);

    function balanceOf(address account) external view returns (uint256);

    function allowance(address owner, address spender) external view returns (uint256);

    function totalSupply() external view returns (uint256);

    function decimals() external view returns (uint8);

    function name() external view returns (string memory);

    function version() external view returns (string memory);

    function nonces(address owner) external view returns (uint256);

    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);

    function DOMAIN_SEPARATOR() external view returns (bytes32);

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /* POWERS OF ITS KEEPERS */

    function pause() external;

    function unpause() external;

    function blacklist(address account) external;

    function unBlacklist(address account) external;
}
