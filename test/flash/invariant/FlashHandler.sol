// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {FlashSweeps} from "./FlashSweeps.sol";
import {QuirkyToken} from "./QuirkyToken.sol";

/// @title All that can happen to a FlashSettlement, and what must be true afterwards
abstract contract FlashHandler is FlashSweeps {
    uint256 private constant PURSE = 1e9;

    /// @notice Hands out tokens, but for USDC, and allowances. One token is there in such amounts that 96 bits overflow.
    function open() external {
        for (uint256 p; p < PARTIES; ++p) {
            for (uint256 t; t < TOKENS; ++t) {
                if (t != USDC_TOKEN) QuirkyToken(token[t]).mint(party[p], t == NO_RETURN ? 1 << 98 : PURSE);
                wallet[p][t] = _balanceAt(t, party[p]);
                if (p >= CLIENTS) continue;
                vm.prank(party[p]);
                IERC20(token[t]).approve(address(settlement), type(uint256).max);
                vm.prank(party[p]);
                IERC20(token[t]).approve(CANONICAL_PERMIT2, type(uint256).max);
            }
        }
    }

    /// @notice The actions of the campaign.
    function actions() external pure returns (bytes4[] memory list) {
        list = new bytes4[](54);
        uint256 i;
        list[i++] = this.turnAround.selector;
        list[i++] = this.passTime.selector;
        list[i++] = this.exitOnTime.selector;
        list[i++] = this.moveWallet.selector;
        list[i++] = this.turnToken.selector;
        list[i++] = this.delegate.selector;
        list[i++] = this.rotateWallet.selector;
        list[i++] = this.donate.selector;
        list[i++] = this.repeatInside.selector;
        list[i++] = this.openPlainly.selector;
        list[i++] = this.openOnTerms.selector;
        list[i++] = this.signOpening.selector;
        list[i++] = this.topUp.selector;
        list[i++] = this.signTopUp.selector;
        list[i++] = this.extend.selector;
        list[i++] = this.signExtension.selector;
        list[i++] = this.close.selector;
        list[i++] = this.signClose.selector;
        list[i++] = this.closeAgain.selector;
        list[i++] = this.finalizeClose.selector;
        list[i++] = this.withdraw.selector;
        list[i++] = this.release.selector;
        list[i++] = this.signRelease.selector;
        list[i++] = this.withdrawCredit.selector;
        list[i++] = this.signCreditWithdrawal.selector;
        list[i++] = this.settlePayment.selector;
        list[i++] = this.settleNumbered.selector;
        list[i++] = this.signPayment.selector;
        list[i++] = this.signTab.selector;
        list[i++] = this.signTransaction.selector;
        list[i++] = this.settle.selector;
        list[i++] = this.settleBatch.selector;
        list[i++] = this.compareWays.selector;
        list[i++] = this.clash.selector;
        list[i++] = this.useAtDeadline.selector;
        list[i++] = this.settleAtRightsEnd.selector;
        list[i++] = this.settleInPart.selector;
        list[i++] = this.crossEpochs.selector;
        list[i++] = this.spoilTransaction.selector;
        list[i++] = this.fillToTheBrim.selector;
        list[i++] = this.renamePair.selector;
        list[i++] = this.starve.selector;
        list[i++] = this.releaseAgain.selector;
        list[i++] = this.setSettler.selector;
        list[i++] = this.signSettler.selector;
        list[i++] = this.invalidateNonces.selector;
        list[i++] = this.replay.selector;
        list[i++] = this.tamper.selector;
        list[i++] = this.swapSignatures.selector;
        list[i++] = this.swapMethods.selector;
        list[i++] = this.otherChain.selector;
        list[i++] = this.serverLooks.selector;
        list[i++] = this.request.selector;
        list[i++] = this.serverSettles.selector;
        assert(i == list.length);
    }
}
