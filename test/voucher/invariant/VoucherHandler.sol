// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {CampaignToken} from "./tokens/CampaignToken.sol";
import {Sweeps} from "./Sweeps.sol";

/// @title All that can happen to a VoucherEscrow, and what must be true afterwards
abstract contract VoucherHandler is Sweeps {
    uint256 private constant PURSE = 1e9;

    /// @notice Hands out tokens, but for USDC, and allowances. One token is there in such amounts that 96 bits overflow.
    function open() external {
        for (uint256 p; p < PARTIES; ++p) {
            for (uint256 t; t < TOKENS; ++t) {
                if (t != USDC_TOKEN) CampaignToken(token[t]).mint(party[p], t == NO_RETURN ? 1 << 98 : PURSE);
                vm.prank(party[p]);
                CampaignToken(token[t]).approve(address(escrow), type(uint256).max);
                vm.prank(party[p]);
                CampaignToken(token[t]).approve(CANONICAL_PERMIT2, type(uint256).max);
                wallet[p][t] = IERC20(token[t]).balanceOf(party[p]);
            }
        }
        _setPayout(KEEPER, true);
    }

    /// @notice The actions of the campaign.
    function actions() external pure returns (bytes4[] memory list) {
        list = new bytes4[](49);
        uint256 i;
        list[i++] = this.focus.selector;
        list[i++] = this.passTime.selector;
        list[i++] = this.exitOnTime.selector;
        list[i++] = this.flushAgain.selector;
        list[i++] = this.turnToken.selector;
        list[i++] = this.delegate.selector;
        list[i++] = this.rotateWallet.selector;
        list[i++] = this.donate.selector;
        list[i++] = this.knockAtSelfCalls.selector;
        list[i++] = this.repeatInside.selector;
        list[i++] = this.deposit.selector;
        list[i++] = this.depositTo.selector;
        list[i++] = this.depositMany.selector;
        list[i++] = this.depositFree.selector;
        list[i++] = this.signDeposit.selector;
        list[i++] = this.allocate.selector;
        list[i++] = this.signAllocate.selector;
        list[i++] = this.withdrawFree.selector;
        list[i++] = this.signWithdrawFree.selector;
        list[i++] = this.advanceFreeNonce.selector;
        list[i++] = this.thaw.selector;
        list[i++] = this.cancelThaw.selector;
        list[i++] = this.withdraw.selector;
        list[i++] = this.signFlush.selector;
        list[i++] = this.signFlushAll.selector;
        list[i++] = this.signVoucher.selector;
        list[i++] = this.collect.selector;
        list[i++] = this.collectMany.selector;
        list[i++] = this.collectBatch.selector;
        list[i++] = this.starveBatch.selector;
        list[i++] = this.starveWallet.selector;
        list[i++] = this.setPayout.selector;
        list[i++] = this.signPayout.selector;
        list[i++] = this.release.selector;
        list[i++] = this.signRelease.selector;
        list[i++] = this.authorizeSigner.selector;
        list[i++] = this.signSignerAuthorization.selector;
        list[i++] = this.revokeSigner.selector;
        list[i++] = this.signSignerRevocation.selector;
        list[i++] = this.collectHighS.selector;
        list[i++] = this.invalidateNonces.selector;
        list[i++] = this.replay.selector;
        list[i++] = this.tamper.selector;
        list[i++] = this.swapSignatures.selector;
        list[i++] = this.swapMethods.selector;
        list[i++] = this.otherChain.selector;
        list[i++] = this.serverLooks.selector;
        list[i++] = this.request.selector;
        list[i++] = this.serverCollects.selector;
        assert(i == list.length);
    }
}
