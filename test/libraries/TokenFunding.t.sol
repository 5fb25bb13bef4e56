// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {BaseChain} from "../base/BaseChain.sol";
import {Actor} from "../helpers/Test.sol";
import {BonusToken} from "../mocks/BonusToken.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
import {PhantomToken} from "../mocks/PhantomToken.sol";
import {ReentrantToken} from "../mocks/ReentrantToken.sol";
import {ThievingToken} from "../mocks/ThievingToken.sol";

/// @dev Holds what the library pulls.
contract TokenFundingCaller {
    function pull(address asset, address from, uint256 amount) external {
        TokenFunding.pull(asset, from, amount);
    }

    function pullWithEip3009(
        address asset,
        address from,
        uint256 amount,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        TokenFunding.pullWithEip3009(asset, from, amount, validBefore, nonce, signature);
    }

    function pullWithPermit2(
        address asset,
        address from,
        uint256 amount,
        uint256 deadline,
        bytes32 witness,
        string calldata witnessTypeString,
        bytes calldata signature
    ) external {
        TokenFunding.pullWithPermit2(asset, from, amount, deadline, witness, witnessTypeString, signature);
    }
}

contract TokenFundingTest is BaseChain {
    string private constant V_R_S =
        "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)";
    string private constant BYTES = "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)";
    bytes32 private constant WITNESS = keccak256("what the tokens are for");
    uint256 private constant DEADLINE = 1_900_000_000;

    TokenFundingCaller private caller;
    Actor private holder;

    function setUp() public override {
        super.setUp();
        caller = new TokenFundingCaller();
        holder = makeActor("holder");
    }

    /* BY ALLOWANCE */

    function test_PullsExactlyTheAmount() public {
        MintableToken token = new MintableToken();
        _prepare(token);
        caller.pull(address(token), holder.addr, 400);
        assertEq(token.balanceOf(holder.addr), 600);
        assertEq(token.balanceOf(address(caller)), 400);
    }

    function test_PullsIntoABalance() public {
        MintableToken token = new MintableToken();
        _prepare(token);
        token.mint(address(caller), 77);
        caller.pull(address(token), holder.addr, 400);
        assertEq(token.balanceOf(address(caller)), 477);
    }

    function test_PullsATokenThatReturnsNothing() public {
        NoReturnToken token = new NoReturnToken();
        token.mint(holder.addr, 1000);
        vm.prank(holder.addr);
        token.approve(address(caller), 400);
        caller.pull(address(token), holder.addr, 400);
        assertEq(token.balanceOf(address(caller)), 400);
    }

    function test_RevertWhen_TheTokenReturnsFalse() public {
        FalseReturningToken token = new FalseReturningToken();
        _prepare(token);
        token.setFails(true);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        caller.pull(address(token), holder.addr, 400);
    }

    function test_RevertWhen_LessArrives() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        _prepare(token);
        vm.expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 400, 396));
        caller.pull(address(token), holder.addr, 400);
    }

    function test_RevertWhen_OneUnitMoreArrives() public {
        BonusToken token = new BonusToken();
        _prepare(token);
        vm.expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 400, 401));
        caller.pull(address(token), holder.addr, 400);
    }

    function test_RevertWhen_TheBalanceFalls() public {
        ThievingToken token = new ThievingToken();
        _prepare(token);
        token.mint(address(caller), 1000);
        vm.expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 400, 0));
        caller.pull(address(token), holder.addr, 400);
    }

    function test_RevertWhen_TheHolderIsTheCaller() public {
        // A pull from itself moves nothing, whatever its allowance.
        MintableToken token = new MintableToken();
        token.mint(address(caller), 1000);
        vm.prank(address(caller));
        token.approve(address(caller), 1000);
        vm.expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 400, 0));
        caller.pull(address(token), address(caller), 400);
    }

    /* BY ERC-3009 */

    function testFuzz_ExpandsACompactSignature(bytes32 r, bytes32 vs) public {
        ReentrantToken token = _holding3009Token();
        bytes32 s = bytes32(uint256(vs) & (type(uint256).max >> 1));
        uint8 v = 27 + uint8(uint256(vs) >> 255);
        vm.expectCall(address(token), _eip3009Call(V_R_S, abi.encode(v, r, s)));
        _pullWithEip3009(token, abi.encodePacked(r, vs));
        assertEq(token.balanceOf(address(caller)), 400);
    }

    function testFuzz_SplitsASignatureOf65Bytes(bytes32 r, bytes32 s, uint8 v) public {
        ReentrantToken token = _holding3009Token();
        vm.expectCall(address(token), _eip3009Call(V_R_S, abi.encode(v, r, s)));
        _pullWithEip3009(token, abi.encodePacked(r, s, v));
        assertEq(token.balanceOf(address(caller)), 400);
    }

    function testFuzz_PassesAnyOtherLengthOnAsBytes(bytes memory signature) public {
        if (signature.length == 64 || signature.length == 65) signature = bytes.concat(signature, hex"0000");
        ReentrantToken token = _holding3009Token();
        vm.expectCall(
            address(token),
            abi.encodeWithSignature(
                BYTES,
                holder.addr,
                address(caller),
                uint256(400),
                uint256(0),
                DEADLINE,
                WITNESS,
                signature
            )
        );
        _pullWithEip3009(token, signature);
        assertEq(token.balanceOf(address(caller)), 400);
    }

    function test_RevertWhen_AnEip3009TokenMovesNothing() public {
        PhantomToken token = new PhantomToken();
        vm.expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 400, 0));
        caller.pullWithEip3009(address(token), holder.addr, 400, DEADLINE, WITNESS, new bytes(65));
    }

    /* BY PERMIT2 */

    function test_AsksPermit2ForExactlyTheAmount() public {
        MintableToken token = new MintableToken();
        token.mint(holder.addr, 1000);
        vm.prank(holder.addr);
        token.approve(PERMIT2, 400);
        string memory typeString =
            "Purpose witness)Purpose(uint256 what)TokenPermissions(address token,uint256 amount)";
        bytes memory signature = _signPermit(address(token), typeString);
        caller.pullWithPermit2(address(token), holder.addr, 400, DEADLINE, WITNESS, typeString, signature);
        assertEq(token.balanceOf(address(caller)), 400);
        assertEq(token.balanceOf(holder.addr), 600);
    }

    function test_RevertWhen_LessArrivesThroughPermit2() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        token.mint(holder.addr, 1000);
        vm.prank(holder.addr);
        token.approve(PERMIT2, 400);
        string memory typeString =
            "Purpose witness)Purpose(uint256 what)TokenPermissions(address token,uint256 amount)";
        bytes memory signature = _signPermit(address(token), typeString);
        vm.expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 400, 396));
        caller.pullWithPermit2(address(token), holder.addr, 400, DEADLINE, WITNESS, typeString, signature);
    }

    /* INTERNAL */

    /// @dev The holder owns 1000 and approves them to the caller.
    function _prepare(MintableToken token) private {
        token.mint(holder.addr, 1000);
        vm.prank(holder.addr);
        token.approve(address(caller), 1000);
    }

    /// @dev A token that takes any signature, of which the holder owns 1000.
    function _holding3009Token() private returns (ReentrantToken token) {
        token = new ReentrantToken();
        token.mint(holder.addr, 1000);
    }

    function _pullWithEip3009(ReentrantToken token, bytes memory signature) private {
        caller.pullWithEip3009(address(token), holder.addr, 400, DEADLINE, WITNESS, signature);
    }

    function _eip3009Call(string memory signature, bytes memory tail) private view returns (bytes memory) {
        return
            bytes.concat(
                bytes4(keccak256(bytes(signature))),
                abi.encode(holder.addr, address(caller), uint256(400), uint256(0), DEADLINE, WITNESS),
                tail
            );
    }

    function _signPermit(address token, string memory typeString) private view returns (bytes memory) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,",
                typeString
            )
        );
        bytes32 permitted = keccak256(
            abi.encode(keccak256("TokenPermissions(address token,uint256 amount)"), token, uint256(400))
        );
        bytes32 structHash = keccak256(abi.encode(typeHash, permitted, address(caller), WITNESS, DEADLINE, WITNESS));
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
                keccak256("Permit2"),
                BASE_CHAIN_ID,
                PERMIT2
            )
        );
        return sign(holder, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
    }
}
