// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashTest} from "./FlashTest.sol";

contract FlashViewsTest is FlashTest {
    using FlashMessages for *;

    /* ESCROWS */

    function test_EscrowOf_IsAllZeroGivenNoneWasOpen() public view {
        assertNotOpen(0);
    }

    function test_EscrowOf_TellsEveryMember() public {
        openWithSigner();
        allow(3);
        _settleSigned(10, 1);
        closeByClient();
        IFlashSettlement.Escrow memory escrow = escrowNow();
        assertEq(escrow.balance, ESCROW - 7);
        assertEq(escrow.settled, 10);
        assertEq(escrow.unlockAt, NOW + CLOSE_DELAY);
        assertEq(escrow.signer, signer.addr);
        assertEq(escrow.closeDelay, CLOSE_DELAY);
        assertEq(escrow.epoch, 0);
        assertEq(escrow.flags, OPEN | CLIENT_CLOSED);
    }

    function test_EscrowOf_TellsTheServersClose() public {
        open();
        closeByServer();
        assertEq(escrowNow().flags, OPEN | SERVER_CLOSED);
    }

    function test_EscrowOf_TellsTheNextEpochAfterARefund() public {
        open();
        closeByBoth();
        assertNotOpen(1);
    }

    function test_EscrowOf_HoldsTheLargestValuesSideBySide() public {
        useMintableToken();
        IFlashSettlement.OpenEscrow memory terms = termsOf(uint128(MAX_AMOUNT));
        terms.ttlSeconds = 0;
        terms.closeDelay = 30 days;
        terms.signer = address(type(uint160).max);
        openAs(client, terms);
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, MAX_AMOUNT);
        IFlashSettlement.Escrow memory escrow = escrowNow();
        assertEq(escrow.balance, MAX_AMOUNT);
        assertEq(escrow.settled, MAX_AMOUNT);
        assertEq(escrow.unlockAt, NEVER);
        assertEq(escrow.signer, address(type(uint160).max));
        assertEq(escrow.closeDelay, 30 days);
        assertEq(escrow.epoch, 0);
        assertEq(escrow.flags, OPEN);
    }

    function test_EscrowBalance_IsZeroGivenNoNamedToken() public {
        open();
        assertEq(settlement.escrowBalance(client.addr, server.addr), 0);
    }

    function test_EscrowBalance_FollowsTheNamedToken() public {
        vm.prank(client.addr);
        settlement.openEscrow(server.addr, token, ESCROW, TTL);
        assertEq(settlement.escrowBalance(client.addr, server.addr), ESCROW);
        allow(0);
        settle(paymentOf(5, 1));
        assertEq(settlement.escrowBalance(client.addr, server.addr), ESCROW - 5);
        closeByBoth();
        assertEq(settlement.escrowBalance(client.addr, server.addr), 0);
    }

    function test_EscrowBalance_IsNotThatOfTheOtherDirection() public {
        vm.prank(client.addr);
        settlement.openEscrow(server.addr, token, ESCROW, TTL);
        assertEq(settlement.escrowBalance(server.addr, client.addr), 0);
    }

    /* CREDITS */

    function test_CreditOf_TellsAccountAndToken() public {
        open();
        allow(0);
        settle(paymentOf(5, 1));
        assertEq(settlement.creditOf(server.addr, token), 5);
        assertEq(settlement.creditOf(client.addr, token), 0);
        assertEq(settlement.creditOf(server.addr, address(1)), 0);
    }

    /* NONCES, LANES AND CONTENTS */

    function test_NonceWord_TellsBitsOfEachEpoch() public {
        open();
        settle(paymentOf(1, 0));
        settle(paymentOf(1, 255));
        settle(paymentOf(1, 256));
        settle(paymentOf(1, type(uint64).max));
        assertEq(settlement.nonceWord(escrowId(), 0, 0), (1 << 255) | 1);
        assertEq(settlement.nonceWord(escrowId(), 0, 1), 1);
        assertEq(settlement.nonceWord(escrowId(), 0, type(uint56).max), 1 << 255);
        assertEq(settlement.nonceWord(escrowId(), 1, 0), 0);
        closeByBoth();
        open();
        settle(paymentOf(1, 7));
        assertEq(settlement.nonceWord(escrowId(), 0, 0), (1 << 255) | 1);
        assertEq(settlement.nonceWord(escrowId(), 1, 0), 1 << 7);
    }

    function test_NonceWord_TellsEachEscrow() public {
        open();
        settle(paymentOf(1, 0));
        bytes32 other = keccak256(abi.encode(client.addr, server2.addr, token));
        assertEq(settlement.nonceWord(other, 0, 0), 0);
    }

    function test_AccountNonceWord_TellsEachAccount() public {
        vm.prank(server.addr);
        settlement.invalidateNonces(3, 5);
        assertEq(settlement.accountNonceWord(server.addr, 3), 5);
        assertEq(settlement.accountNonceWord(server.addr, 2), 0);
        assertEq(settlement.accountNonceWord(client.addr, 3), 0);
    }

    function test_TabSettled_TellsEachLaneOfEachEpoch() public {
        open();
        settle(tabOf(5, 0));
        settle(tabOf(7, type(uint64).max));
        assertEq(settlement.tabSettled(escrowId(), 0, 0), 5);
        assertEq(settlement.tabSettled(escrowId(), 0, type(uint64).max), 7);
        assertEq(settlement.tabSettled(escrowId(), 0, 1), 0);
        assertEq(settlement.tabSettled(escrowId(), 1, 0), 0);
        closeByBoth();
        open();
        settle(tabOf(9, 0));
        assertEq(settlement.tabSettled(escrowId(), 0, 0), 5);
        assertEq(settlement.tabSettled(escrowId(), 1, 0), 9);
    }

    function test_IsTransactionUsed_TellsTheWholeContent() public {
        open();
        vm.prank(client.addr);
        settlement.settleNumberedPayment(server.addr, token, 5, 7, DEADLINE, 0);
        bytes32 id = escrowId();
        assertTrue(settlement.isTransactionUsed(id, 5, 7, DEADLINE, 0));
        assertFalse(settlement.isTransactionUsed(keccak256("another escrow"), 5, 7, DEADLINE, 0));
        assertFalse(settlement.isTransactionUsed(id, 6, 7, DEADLINE, 0));
        assertFalse(settlement.isTransactionUsed(id, 5, 8, DEADLINE, 0));
        assertFalse(settlement.isTransactionUsed(id, 5, 7, DEADLINE + 1, 0));
        assertFalse(settlement.isTransactionUsed(id, 5, 7, DEADLINE, 1));
    }

    /* RIGHTS */

    function test_SettlerOf_IsZeroGivenNobodyWasNamed() public view {
        (uint40 validUntil, uint64 sequence) = settlement.settlerOf(server.addr, settler.addr);
        assertEq(validUntil, 0);
        assertEq(sequence, 0);
    }

    function test_SettlerOf_TellsServerAndSettler() public {
        nameSettler(settler.addr, DEADLINE);
        (uint40 validUntil, uint64 sequence) = settlement.settlerOf(server.addr, settler.addr);
        assertEq(validUntil, DEADLINE);
        assertEq(sequence, 1);
        (validUntil, sequence) = settlement.settlerOf(settler.addr, server.addr);
        assertEq(validUntil, 0);
        assertEq(sequence, 0);
    }

    /* EIP-712 */

    function testFuzz_PaymentDigest_IsThatOfTheTypeString(IFlashSettlement.Payment memory payment) public view {
        assertEq(settlement.paymentDigest(payment), digestOf(payment.hash()));
    }

    function testFuzz_TabDigest_IsThatOfTheTypeString(IFlashSettlement.Tab memory tab) public view {
        assertEq(settlement.tabDigest(tab), digestOf(tab.hash()));
    }

    function test_PaymentDigest_FollowsTheChainId() public {
        vm.chainId(1);
        signedChainId = 1;
        assertEq(settlement.paymentDigest(paymentOf(1, 1)), digestOf(paymentOf(1, 1).hash()));
    }

    function test_PaymentDigest_FollowsTheContract() public {
        settlement = IFlashSettlement(deploySettlement());
        signedContract = address(settlement);
        assertEq(settlement.paymentDigest(paymentOf(1, 1)), digestOf(paymentOf(1, 1).hash()));
    }

    function test_Eip712Domain_TellsTheDomain() public view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = settlement.eip712Domain();
        assertEq(uint8(fields), 0x0f);
        assertEq(name, "x402 Flash Settlement");
        assertEq(version, "1");
        assertEq(chainId, BASE_CHAIN_ID);
        assertEq(verifyingContract, address(settlement));
        assertEq(salt, bytes32(0));
        assertEq(extensions.length, 0);
    }

    /* INTERNAL */

    /// @dev The server settles a payment that the signer of the terms signed.
    function _settleSigned(uint128 amount, uint64 nonce) private {
        IFlashSettlement.Payment memory payment = paymentOf(amount, nonce);
        bytes memory signature = sign(signer, payment);
        vm.prank(server.addr);
        settlement.settleSignedPayment(payment, signature, false);
    }
}
