// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {CommerceChain} from "../CommerceChain.sol";
import {IUsdc} from "../IUsdc.sol";

/// @notice Reproduces `test/vectors/payment-info.json` with the local escrow, and its digests with the domains that USDC and Permit2 themselves answer.
contract PaymentInfoVectorsTest is CommerceChain {
    uint256 private constant VECTORS = 32;
    uint256 private constant BASE_SEPOLIA_CHAIN_ID = 84532;
    IUsdc private constant USDC_SEPOLIA = IUsdc(0x036CbD53842c5426634e7929541eC2318f3dCF7e);

    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)TokenPermissions(address token,uint256 amount)"
    );
    bytes32 private constant PERMISSIONS_TYPEHASH = keccak256("TokenPermissions(address token,uint256 amount)");

    string private _json;

    function setUp() public override {
        super.setUp();
        _json = vm.readFile("test/vectors/payment-info.json");
    }

    function test_OnBase() external view {
        _assertAll(".chains.8453", USDC);
    }

    function test_OnBaseSepolia() external {
        vm.chainId(BASE_SEPOLIA_CHAIN_ID);
        _placeSepoliaUsdc();
        _assertAll(".chains.84532", USDC_SEPOLIA);
    }

    function _assertAll(string memory chain, IUsdc usdc) private view {
        bytes32 permit2Domain = IUsdc(PERMIT2).DOMAIN_SEPARATOR();
        assertEq(permit2Domain, _bytes32(chain, "permit2DomainSeparator"), "domain of Permit2");
        assertEq(ESCROW_V1_0.PAYMENT_INFO_TYPEHASH(), _bytes32(chain, "PAYMENT_INFO_TYPEHASH"), "type hash");
        assertEq(ESCROW_V1_0.tokenStoreImplementation(), _address(chain, "tokenStoreImplementation"), "store");
        bytes32 usdcDomain = usdc.DOMAIN_SEPARATOR();
        for (uint256 i = 0; i < VECTORS; ++i) {
            _assertOne(string.concat(chain, ".vectors[", vm.toString(i), "]"), usdcDomain, permit2Domain);
        }
        string memory next = string.concat(chain, ".vectors[", vm.toString(VECTORS), "]");
        assertFalse(vm.keyExistsJson(_json, next), "more vectors than are read");
    }

    function _assertOne(string memory path, bytes32 usdcDomain, bytes32 permit2Domain) private view {
        IAuthCaptureEscrowCommon.PaymentInfo memory payment = _payment(string.concat(path, ".paymentInfo"));
        assertEq(ESCROW_V1_0.getHash(payment), _bytes32(path, "paymentInfoHash"), path);
        assertEq(ESCROW_V1_0.getTokenStore(payment.operator), _address(path, "tokenStore"), path);

        address payer = payment.payer;
        payment.payer = address(0);
        bytes32 nonce = ESCROW_V1_0.getHash(payment);
        assertEq(nonce, _bytes32(path, "erc3009Nonce"), path);
        assertEq(uint256(nonce), _uint(path, "permit2Nonce"), path);

        bytes32 receiveHash = keccak256(
            abi.encode(
                RECEIVE_TYPEHASH,
                payer,
                commerceV1_0().erc3009Collector,
                payment.maxAmount,
                0,
                payment.preApprovalExpiry,
                nonce
            )
        );
        bytes32 permitHash = keccak256(
            abi.encode(
                PERMIT_TYPEHASH,
                keccak256(abi.encode(PERMISSIONS_TYPEHASH, payment.token, payment.maxAmount)),
                commerceV1_0().permit2Collector,
                nonce,
                payment.preApprovalExpiry
            )
        );
        assertEq(_digest(usdcDomain, receiveHash), _bytes32(path, "receiveWithAuthorization.digest"), path);
        assertEq(_digest(permit2Domain, permitHash), _bytes32(path, "permit2.digest"), path);
    }

    /// @dev The same token by another name, at the address it has on the other chain.
    function _placeSepoliaUsdc() private {
        vm.etch(address(USDC_SEPOLIA), address(USDC).code);
        bytes32 slot = keccak256("org.zeppelinos.proxy.implementation");
        vm.store(address(USDC_SEPOLIA), slot, vm.load(address(USDC), slot));
        USDC_SEPOLIA.initialize({
            tokenName: "USDC",
            tokenSymbol: "USDC",
            tokenCurrency: "USD",
            tokenDecimals: 6,
            newMasterMinter: USDC_MASTER_MINTER,
            newPauser: USDC_PAUSER,
            newBlacklister: USDC_BLACKLISTER,
            newOwner: USDC_OWNER
        });
        USDC_SEPOLIA.initializeV2("USDC");
    }

    function _payment(string memory path) private view returns (IAuthCaptureEscrowCommon.PaymentInfo memory payment) {
        payment.operator = _address(path, "operator");
        payment.payer = _address(path, "payer");
        payment.receiver = _address(path, "receiver");
        payment.token = _address(path, "token");
        payment.maxAmount = uint120(_uint(path, "maxAmount"));
        payment.preApprovalExpiry = uint48(_uint(path, "preApprovalExpiry"));
        payment.authorizationExpiry = uint48(_uint(path, "authorizationExpiry"));
        payment.refundExpiry = uint48(_uint(path, "refundExpiry"));
        payment.minFeeBps = uint16(_uint(path, "minFeeBps"));
        payment.maxFeeBps = uint16(_uint(path, "maxFeeBps"));
        payment.feeReceiver = _address(path, "feeReceiver");
        payment.salt = _uint(path, "salt");
    }

    function _digest(bytes32 domain, bytes32 structHash) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _uint(string memory path, string memory name) private view returns (uint256) {
        return vm.parseJsonUint(_json, string.concat(path, ".", name));
    }

    function _address(string memory path, string memory name) private view returns (address) {
        return vm.parseJsonAddress(_json, string.concat(path, ".", name));
    }

    function _bytes32(string memory path, string memory name) private view returns (bytes32) {
        return vm.parseJsonBytes32(_json, string.concat(path, ".", name));
    }
}
