// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {SignedTransaction} from "../../contracts/libraries/SignedTransaction.sol";
import {RawTransactions} from "../helpers/RawTransactions.sol";
import {FlashCollectionTest} from "./FlashCollectionTest.sol";

contract SettleSignedTransactionTest is FlashCollectionTest {
    using RawTransactions for *;

    uint64 private _next;

    /* COLLECTION: every case of FlashCollection.tree */

    function entry(uint128 amount) internal override returns (address, bytes memory) {
        bytes memory raw = signTransaction(client, transactionOf(amount, _next++));
        return (relayer, abi.encodeCall(IFlashSettlement.settleSignedTransaction, (raw, false)));
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        bytes memory raw = signTransaction(client, transactionOf(0, 7));
        expectBadTerms(IFlashSettlement.Term.Amount);
        _settle(raw);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        bytes memory raw = signTransaction(client, transactionOf(MAX_AMOUNT + 1, 7));
        expectAmountTooLarge(MAX_AMOUNT + 1, MAX_AMOUNT);
        _settle(raw);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        bytes memory raw = signTransaction(client, transactionOf(type(uint256).max, 7));
        expectAmountTooLarge(type(uint256).max, MAX_AMOUNT);
        _settle(raw);
    }

    /* COVER */

    function test_RevertGiven_WalletAndEscrowAreOneUnitShort() public {
        drainTo(100);
        bytes memory raw = signTransaction(client, transactionOf(ESCROW + 101, 7));
        expectNotCovered(ESCROW + 100, ESCROW + 101);
        _settle(raw);
        assertFalse(_isUsed(ESCROW + 101, 7, 0));
    }

    function test_RevertGiven_TheServerDoesNotTakeWhatIsThere() public {
        drainTo(100);
        bytes memory raw = signTransaction(client, transactionOf(ESCROW + 101, 7));
        expectNotCovered(ESCROW + 100, ESCROW + 101);
        vm.prank(server.addr);
        settlement.settleSignedTransaction(raw, false);
    }

    function test_TakesWhatIsThereAndGivesUpTheRest() public {
        drainTo(100);
        bytes memory raw = signTransaction(client, transactionOf(ESCROW + 101, 7));
        Books memory expected = books();
        expectSettled(100, ESCROW);
        _settlePartially(server.addr, raw);
        expected.client = 0;
        expected.server += 100;
        expected.escrow = 0;
        expected.creditOfServer += ESCROW;
        expected.settled += ESCROW + 100;
        assertBooks(expected);
        assertTrue(_isUsed(ESCROW + 101, 7, 0));
        expectNonceUsed(7);
        _settlePartially(server.addr, raw);
    }

    function test_TakesAllOfACoveredTransactionAlsoWhenAPartWouldDo() public {
        bytes memory raw = signTransaction(client, transactionOf(400, 7));
        _settlePartially(server.addr, raw);
        assertEscrow(ESCROW, 400, UNLOCK_AT, OPEN);
    }

    function test_TakesWhatTheEscrowHoldsGivenTheWalletRefuses() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        bytes memory raw = signTransaction(client, transactionOf(ESCROW + 101, 7));
        expectSettled(0, ESCROW);
        _settlePartially(server.addr, raw);
        assertEscrow(0, ESCROW, UNLOCK_AT, OPEN);
    }

    function test_RevertGiven_NothingIsThereEvenInPart() public {
        drainTo(0);
        pays(ESCROW);
        bytes memory raw = signTransaction(client, transactionOf(1, 700));
        expectNotCovered(0, 1);
        _settlePartially(server.addr, raw);
    }

    /* WHO */

    function test_TheSettlerTakesAPart() public {
        nameSettler(settler.addr, DEADLINE);
        drainTo(0);
        bytes memory raw = signTransaction(client, transactionOf(ESCROW + 1, 7));
        _settlePartially(settler.addr, raw);
        assertEscrow(0, ESCROW, UNLOCK_AT, OPEN);
    }

    function test_RevertWhen_AStrangerTakesAPart() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        expectNotServer(stranger.addr);
        _settlePartially(stranger.addr, raw);
    }

    function test_RevertWhen_TheClientTakesAPart() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        expectNotServer(client.addr);
        _settlePartially(client.addr, raw);
    }

    function test_RevertWhen_AnotherServerTakesAPart() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        expectNotServer(server2.addr);
        _settlePartially(server2.addr, raw);
    }

    function test_RevertWhen_OneSecondPastTheSettlersEnd() public {
        nameSettler(settler.addr, NOW + 10);
        vm.warp(NOW + 11);
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        expectNotServer(settler.addr);
        _settlePartially(settler.addr, raw);
    }

    function test_RevertWhen_AStrangerSigned() public {
        // Whoever signed is the client, and has no escrow.
        bytes memory raw = signTransaction(stranger, transactionOf(5, 7));
        expectNoEscrow();
        _settle(raw);
    }

    function test_RevertWhen_TheServerSigned() public {
        bytes memory raw = signTransaction(server, transactionOf(5, 7));
        expectNoEscrow();
        _settle(raw);
    }

    function test_RevertGiven_TheEscrowHasAnotherSigner() public {
        closeByBoth();
        openWithSigner();
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        expectBadSignature(signer.addr);
        _settle(raw);
    }

    function test_RevertWhen_TheSignerOfTheTermsSigned() public {
        closeByBoth();
        openWithSigner();
        bytes memory raw = signTransaction(signer, transactionOf(5, 7));
        expectNoEscrow();
        _settle(raw);
    }

    function test_SettlesGivenCodeAtTheClientsAddress() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        vm.etch(client.addr, hex"fe");
        _settle(raw);
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN);
    }

    /* DEADLINE */

    function test_SettlesOneSecondBeforeTheDeadline() public {
        vm.warp(DEADLINE - 1);
        _settle(signTransaction(client, transactionOf(5, 7, DEADLINE)));
        assertTrue(_isUsed(5, 7, DEADLINE));
    }

    function test_SettlesAtTheDeadline() public {
        vm.warp(DEADLINE);
        _settle(signTransaction(client, transactionOf(5, 7, DEADLINE)));
        assertTrue(_isUsed(5, 7, DEADLINE));
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        vm.warp(DEADLINE + 1);
        bytes memory raw = signTransaction(client, transactionOf(5, 7, DEADLINE));
        expectExpired(DEADLINE);
        _settle(raw);
    }

    /* EPOCH */

    function test_RevertWhen_TheEpochIsOneAhead() public {
        epoch = 1;
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        expectWrongEpoch(1, 0);
        _settle(raw);
    }

    function test_RevertWhen_TheEpochIsOneBehind() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        closeByBoth();
        open();
        expectWrongEpoch(0, 1);
        _settle(raw);
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        closeByBoth();
        expectNoEscrow();
        _settle(raw);
    }

    /* ONCE */

    function test_RevertWhen_SettledBefore() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        _settle(raw);
        expectNonceUsed(7);
        _settle(raw);
    }

    function test_RevertGiven_TheTransactionLanded() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        vm.prank(client.addr);
        settlement.settleNumberedPayment(server.addr, token, 5, 7, 0, 0);
        expectNonceUsed(7);
        _settle(raw);
    }

    function test_RevertWhen_TheSameContentIsSignedForAnotherPlaceInTheQueue() public {
        // Nonce, fees and gas limit of the account say how it would be mined, and nothing about what is paid.
        RawTransactions.Transaction memory transaction = transactionOf(5, 7);
        _settle(signTransaction(client, transaction));
        (transaction.nonce, transaction.maxFeePerGas, transaction.gasLimit) = (8, 1, 21_000);
        bytes memory raw = signTransaction(client, transaction);
        expectNonceUsed(7);
        _settle(raw);
    }

    function test_SettlesTwoContentsOfOneNonce() public {
        _settle(signTransaction(client, transactionOf(5, 7)));
        _settle(signTransaction(client, transactionOf(6, 7)));
        assertEscrow(ESCROW, 11, UNLOCK_AT, OPEN);
    }

    function test_SettlesTwoContentsOfOneNonceOfTheAccount() public {
        // The client can replace one transaction by the other; the server is paid for both.
        RawTransactions.Transaction memory first = transactionOf(5, 7);
        RawTransactions.Transaction memory second = transactionOf(6, 8);
        second.nonce = first.nonce;
        bytes memory raw = signTransaction(client, first);
        vm.prank(client.addr);
        settlement.settleNumberedPayment(server.addr, token, 6, 8, 0, 0);
        _settle(raw);
        assertEscrow(ESCROW, 11, UNLOCK_AT, OPEN);
    }

    function test_UsesNoNonceOfAPayment() public {
        _settle(signTransaction(client, transactionOf(5, 7)));
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 0);
        settle(paymentOf(5, 7));
        assertEscrow(ESCROW, 10, UNLOCK_AT, OPEN);
    }

    function test_SettlesWhatOutbidItselfAndWouldNeverLand() public {
        RawTransactions.Transaction memory transaction = transactionOf(5, 7);
        (transaction.nonce, transaction.maxFeePerGas, transaction.gasLimit) = (0, 0, 0);
        transaction.maxPriorityFeePerGas = type(uint256).max;
        _settle(signTransaction(client, transaction));
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN);
    }

    /* NOT SUCH A TRANSACTION: the rules one by one are in SignedTransaction.t.sol */

    function test_RevertWhen_ThereAreNoBytes() public {
        _refuses("", SignedTransaction.Fault.Type);
    }

    function test_RevertWhen_TheTypeIsAnother() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        raw[0] = 0x03;
        _refuses(raw, SignedTransaction.Fault.Type);
    }

    function test_RevertWhen_AByteFollows() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        _refuses(bytes.concat(raw, hex"00"), SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_TheLastByteIsMissing() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        assembly {
            mstore(raw, sub(mload(raw), 1))
        }
        _refuses(raw, SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_TheChainIsAnother() public {
        RawTransactions.Transaction memory transaction = transactionOf(5, 7);
        transaction.chainId = BASE_CHAIN_ID + 1;
        _refuses(signTransaction(client, transaction), SignedTransaction.Fault.ChainId);
    }

    function test_RevertGiven_TheChainChangedItsId() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        vm.chainId(BASE_CHAIN_ID + 1);
        _refuses(raw, SignedTransaction.Fault.ChainId);
    }

    function test_RevertWhen_TheTargetIsAnotherContract() public {
        RawTransactions.Transaction memory transaction = transactionOf(5, 7);
        transaction.to = deploySettlement();
        _refuses(signTransaction(client, transaction), SignedTransaction.Fault.Target);
    }

    function test_RevertWhen_ItCarriesValue() public {
        RawTransactions.Transaction memory transaction = transactionOf(5, 7);
        transaction.value = 1;
        _refuses(signTransaction(client, transaction), SignedTransaction.Fault.Value);
    }

    function test_RevertWhen_TheCalldataIsOneByteTooLong() public {
        RawTransactions.Transaction memory transaction = transactionOf(5, 7);
        transaction.data = bytes.concat(transaction.data, hex"00");
        _refuses(signTransaction(client, transaction), SignedTransaction.Fault.Data);
    }

    function test_RevertWhen_ItCallsTheOriginalEntry() public {
        // Three arguments carry no nonce: both ways could pay.
        RawTransactions.Transaction memory transaction = transactionOf(5, 7);
        transaction.data = abi.encodeCall(IFlashSettlement.settlePayment, (server.addr, token, 5));
        _refuses(signTransaction(client, transaction), SignedTransaction.Fault.Length);
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        bytes[] memory items = transactionOf(5, 7).items();
        bytes memory raw = items.assemble(signHighS(client, items.digest()));
        _refuses(raw, SignedTransaction.Fault.Signature);
    }

    function test_RevertWhen_TheParityIsTheOtherOne() public {
        // Another key is recovered, and it has no escrow.
        bytes[] memory items = transactionOf(5, 7).items();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(client.key, items.digest());
        bytes memory raw = items.assemble(abi.encodePacked(r, s, v == 27 ? uint8(28) : uint8(27)));
        expectNoEscrow();
        _settle(raw);
    }

    /* NOT SUCH A CALL */

    function test_RevertWhen_TheSelectorIsAnother() public {
        RawTransactions.Transaction memory transaction = transactionOf(5, 7);
        transaction.data[3] ^= 0x01;
        _refusesCall(transaction);
    }

    function test_RevertWhen_TheServerHasABitTooMany() public {
        _refusesBit(0, 160);
    }

    function test_RevertWhen_TheTokenHasABitTooMany() public {
        _refusesBit(1, 160);
    }

    function test_RevertWhen_TheNonceHasABitTooMany() public {
        _refusesBit(3, 64);
    }

    function test_RevertWhen_TheDeadlineHasABitTooMany() public {
        _refusesBit(4, 40);
    }

    function test_RevertWhen_TheEpochHasABitTooMany() public {
        _refusesBit(5, 32);
    }

    function test_SettlesTheLargestNonceAndDeadline() public {
        _settle(signTransaction(client, transactionOf(5, type(uint64).max, type(uint40).max)));
        assertTrue(_isUsed(5, type(uint64).max, type(uint40).max));
    }

    /* EFFECTS */

    function testFuzz_PaysAsTheNativeCallDoes(uint256 seed, uint64 nonce, uint40 deadline) public {
        uint128 amount = uint128(bound(seed, 1, 2 * ESCROW));
        if (deadline != 0) deadline = uint40(bound(deadline, NOW, NEVER));
        drainTo(ESCROW);
        uint256 snapshot = vm.snapshotState();
        vm.prank(client.addr);
        settlement.settleNumberedPayment(server.addr, token, amount, nonce, deadline, 0);
        Books memory native = books();
        vm.revertToState(snapshot);
        _settle(signTransaction(client, transactionOf(amount, nonce, deadline)));
        assertBooks(native);
        assertTrue(_isUsed(amount, nonce, deadline));
    }

    /* INTERNAL */

    function _settle(bytes memory raw) private {
        vm.prank(relayer);
        settlement.settleSignedTransaction(raw, false);
    }

    function _settlePartially(address caller, bytes memory raw) private {
        vm.prank(caller);
        settlement.settleSignedTransaction(raw, true);
    }

    function _isUsed(uint256 amount, uint64 nonce, uint40 deadline) private view returns (bool) {
        return settlement.isTransactionUsed(escrowId(), amount, nonce, deadline, epoch);
    }

    function _refuses(bytes memory raw, SignedTransaction.Fault fault) private {
        Books memory expected = books();
        expectRevert(abi.encodeWithSelector(SignedTransaction.BadTransaction.selector, fault));
        _settle(raw);
        assertBooks(expected);
    }

    function _refusesCall(RawTransactions.Transaction memory transaction) private {
        bytes memory raw = signTransaction(client, transaction);
        expectRevert(abi.encodeWithSelector(IFlashSettlement.NotNumberedPayment.selector));
        _settle(raw);
    }

    /// @dev The lowest bit above those of the argument's type, and the highest of its word.
    function _refusesBit(uint256 argument, uint256 bit) private {
        RawTransactions.Transaction memory transaction = transactionOf(5, 7);
        transaction.data[4 + 32 * argument + 31 - bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        _refusesCall(transaction);
        transaction = transactionOf(5, 7);
        transaction.data[4 + 32 * argument] ^= 0x80;
        _refusesCall(transaction);
    }
}
