// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {SingleMessageTest} from "./SingleMessageTest.sol";

/// @notice Nonces in any order, 256 to a word, a bitmap for each kind and owner (`BitmapNonce.tree`).
abstract contract BitmapNonceTest is SingleMessageTest {
    function nonceKind() internal pure virtual returns (IVoucherEscrow.NonceKind);

    function test_ActsWhenTheNonceIsOne() public {
        setMember("nonce", 1);
        submit();
        assertDone();
    }

    function test_ActsWhenTheNonceIsTheLargest() public {
        setMember("nonce", type(uint256).max);
        submit();
        assertDone();
    }

    function test_RevertGiven_TheOwnerCancelledTheNonce() public {
        _cancel(nonceKind(), owner().addr, 1 << (uint256(NONCE) & 255));
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
    }

    function test_ActsGivenTheOwnerCancelledTheOtherNoncesOfTheWord() public {
        _cancel(nonceKind(), owner().addr, ~(1 << (uint256(NONCE) & 255)));
        submit();
        assertDone();
    }

    function test_ActsGivenTheOwnerCancelledTheNonceOfTheOtherKinds() public {
        for (uint256 i = 0; i < 4; ++i) {
            if (i != uint256(nonceKind())) _cancel(IVoucherEscrow.NonceKind(i), owner().addr, type(uint256).max);
        }
        submit();
        assertDone();
    }

    function test_ActsGivenSomebodyElseCancelledTheNonce() public {
        address[4] memory others = [buyer.addr, buyer2.addr, seller.addr, stranger.addr];
        for (uint256 i = 0; i < others.length; ++i) {
            if (others[i] != owner().addr) _cancel(nonceKind(), others[i], type(uint256).max);
        }
        submit();
        assertDone();
    }

    function _cancel(IVoucherEscrow.NonceKind kind, address by, uint256 mask) private {
        vm.prank(by);
        escrow.invalidateNonces(kind, uint256(NONCE) >> 8, mask);
    }
}
