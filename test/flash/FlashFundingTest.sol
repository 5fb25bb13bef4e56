// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice What holds for a message that one signature funds and binds, whatever the message does: an opening or a top-up by ERC-3009 or
/// Permit2 (`FlashFunding.tree`).
abstract contract FlashFundingTest is FlashTest {
    /* WHAT A VERB SAYS */

    /// @dev Struct hash of the good message.
    function messageHash() internal view virtual returns (bytes32);

    /// @dev What the client signs to fund the good message.
    function fundingDigest() internal view virtual returns (bytes32);

    /// @dev Sends the good message with this signature of the funding, as the relayer.
    function submit(bytes memory signature) internal virtual;

    /// @dev The good message did what it says, once.
    function assertDone() internal view virtual;

    /* WHAT A METHOD SAYS */

    /// @dev The next call refuses a signature that is not the client's over this message.
    function expectOtherSigner() internal virtual;

    /// @dev The next call refuses a signature that was used or cancelled.
    function expectUsed() internal virtual;

    /// @dev The client takes its signature back.
    function cancel() internal virtual;

    function fundingSignature() internal view returns (bytes memory) {
        return sign(client, fundingDigest());
    }

    /* FORMS OF THE SIGNATURE */

    function test_FundsByASignatureOf65Bytes() public {
        submit(fundingSignature());
        assertDone();
    }

    function test_FundsByACompactSignature() public {
        (bytes32 r, bytes32 vs) = signCompact(client, fundingDigest());
        submit(abi.encodePacked(r, vs));
        assertDone();
    }

    function test_FundsByTheBytesOfAContractWallet() public {
        vm.etch(client.addr, type(AcceptingWallet).runtimeCode);
        submit("whatever this wallet understands");
        assertDone();
    }

    /* WHAT WAS SIGNED, AND BY WHOM */

    function test_RevertWhen_AnotherKeySigned() public {
        bytes memory signature = sign(stranger, fundingDigest());
        expectOtherSigner();
        submit(signature);
    }

    function test_RevertWhen_TheServerSigned() public {
        bytes memory signature = sign(server, fundingDigest());
        expectOtherSigner();
        submit(signature);
    }

    function test_RevertWhen_TheMessageItselfIsSigned() public {
        bytes memory signature = signStruct(client, messageHash());
        expectOtherSigner();
        submit(signature);
    }

    function test_RevertWhen_SignedForAnotherContract() public {
        signedContract = deploySettlement();
        bytes memory signature = fundingSignature();
        expectOtherSigner();
        submit(signature);
    }

    /* ONCE */

    function test_RevertGiven_TheClientCancelledTheFunding() public {
        bytes memory signature = fundingSignature();
        cancel();
        expectUsed();
        submit(signature);
    }

    function test_FundsGivenTheClientCancelledEveryNonceHere() public {
        // The funding's own nonce counts, not the contract's.
        vm.prank(client.addr);
        settlement.invalidateNonces(uint256(messageHash()) >> 8, type(uint256).max);
        submit(fundingSignature());
        assertDone();
    }
}
