// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Actor} from "../helpers/Test.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice What holds for the signature of every message that FlashSettlement takes, whatever the message does. A verb's test says which
/// message, who signs it and what it does; the cases are here, once (`FlashSignature.tree`).
abstract contract FlashSignatureTest is FlashTest {
    using FlashMessages for *;

    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /* WHAT A VERB SAYS */

    /// @dev Who has to sign.
    function owner() internal view virtual returns (Actor memory);

    /// @dev Struct hash of the good message.
    function structHash() internal view virtual returns (bytes32);

    /// @dev Sends the good message with this signature, as one who has no right of its own to what the message says.
    function submit(bytes memory signature) internal virtual;

    /// @dev The good message did what it says, once.
    function assertDone() internal view virtual;

    /// @dev Nothing happened.
    function assertNothingDone() internal view virtual;

    /// @dev The owner's signature of the good message.
    function ownersSignature() internal view returns (bytes memory) {
        return signStruct(owner(), structHash());
    }

    function refuses(bytes memory signature) internal {
        expectBadSignature(owner().addr);
        submit(signature);
        assertNothingDone();
    }

    /* FORMS OF A KEY'S SIGNATURE */

    function test_AcceptsASignatureOf65Bytes() public {
        submit(ownersSignature());
        assertDone();
    }

    function test_AcceptsACompactSignature() public {
        (bytes32 r, bytes32 vs) = signCompact(owner(), digestOf(structHash()));
        submit(abi.encodePacked(r, vs));
        assertDone();
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        refuses(signHighS(owner(), digestOf(structHash())));
    }

    function test_RevertWhen_TheRecoveryByteIsZero() public {
        _refusesRecoveryByte(0);
    }

    function test_RevertWhen_TheRecoveryByteIsOne() public {
        _refusesRecoveryByte(1);
    }

    function test_RevertWhen_TheRecoveryByteIs26() public {
        _refusesRecoveryByte(26);
    }

    function test_RevertWhen_TheRecoveryByteIsTheOtherOne() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(owner().key, digestOf(structHash()));
        refuses(abi.encodePacked(r, s, v == 27 ? uint8(28) : uint8(27)));
    }

    function test_RevertWhen_TheRecoveryByteIs29() public {
        _refusesRecoveryByte(29);
    }

    function test_RevertWhen_TheSignatureIsEmpty() public {
        refuses("");
    }

    function test_RevertWhen_TheSignatureHas63Bytes() public {
        (bytes32 r, bytes32 vs) = signCompact(owner(), digestOf(structHash()));
        refuses(_cut(abi.encodePacked(r, vs), 63));
    }

    function test_RevertWhen_TheSignatureHas66Bytes() public {
        refuses(bytes.concat(ownersSignature(), hex"00"));
    }

    function test_RevertWhen_TheSignatureIsAllZero() public {
        refuses(new bytes(65));
    }

    function test_RevertWhen_RIsTheCurvesOrder() public {
        // No point has this x coordinate modulo the order, so recovery answers zero.
        refuses(abi.encodePacked(CURVE_ORDER, uint256(1), uint8(27)));
    }

    /* WHAT WAS SIGNED, AND BY WHOM */

    function test_RevertWhen_AnotherKeySigned() public {
        refuses(signStruct(stranger, structHash()));
    }

    function test_RevertWhen_TheOtherPartySigned() public {
        refuses(signStruct(owner().addr == client.addr ? server : client, structHash()));
    }

    function test_RevertWhen_SignedForAnotherChain() public {
        signedChainId = 1;
        refuses(ownersSignature());
    }

    function test_RevertGiven_TheChainChangedItsId() public {
        bytes memory signature = ownersSignature();
        vm.chainId(BASE_CHAIN_ID + 1);
        refuses(signature);
    }

    function test_RevertWhen_SignedForAnotherContract() public {
        signedContract = deploySettlement();
        refuses(ownersSignature());
    }

    function test_RevertWhen_TheBareStructHashIsSigned() public {
        refuses(sign(owner(), structHash()));
    }

    function test_RevertWhen_AMessageOfAnotherTypeIsSigned() public {
        bytes32[10] memory others = [
            paymentOf(100, 1).hash(),
            tabOf(100, 1).hash(),
            termsOf(100).hash(),
            topUpOf(100).hash(),
            extendOf(DEADLINE).hash(),
            closeOf(false).hash(),
            closeOf(true).hash(),
            releaseOf(100).hash(),
            settlerAuthorizationOf(DEADLINE, 0).hash(),
            creditWithdrawalOf(100).hash()
        ];
        for (uint256 i = 0; i < others.length; ++i) {
            if (others[i] == structHash()) continue;
            refuses(signStruct(owner(), others[i]));
        }
    }

    /* CODE AT A KEY'S ADDRESS */

    function test_AcceptsTheKeyGivenRejectingCodeAtItsAddress() public {
        bytes memory signature = ownersSignature();
        vm.etch(owner().addr, type(RejectingWallet).runtimeCode);
        submit(signature);
        assertDone();
    }

    function test_AcceptsTheKeyGivenCodeAtItsAddressThatBurnsAllGas() public {
        bytes memory signature = ownersSignature();
        vm.etch(owner().addr, hex"fe");
        submit(signature);
        assertDone();
    }

    function test_AcceptsTheKeyGivenADelegationOfItsAccount() public {
        bytes memory signature = ownersSignature();
        // What EIP-7702 puts there.
        vm.etch(owner().addr, abi.encodePacked(hex"ef0100", address(new RejectingWallet())));
        submit(signature);
        assertDone();
    }

    /* INTERNAL */

    function _refusesRecoveryByte(uint8 v) private {
        (, bytes32 r, bytes32 s) = vm.sign(owner().key, digestOf(structHash()));
        refuses(abi.encodePacked(r, s, v));
    }

    function _cut(bytes memory data, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length; ++i) part[i] = data[i];
    }
}
