import { erc20Abi, maxUint256, type Address, type PrivateKeyAccount } from "viem";
import { PERMIT2_ADDRESS } from "../../../client/voucher/index.ts";
import { connectBase, type Base } from "../../../test/helpers/base.ts";
import { deployVoucherEscrow } from "../../../test/helpers/voucherEscrow.ts";
import { AMOUNT, createVoucherBench, OTHER_LANE, START, type VoucherBench } from "./bench.ts";
import { FIRST_TOTAL } from "./collections.ts";
import { compactGroup, depositAuthorization, signedDeposit, wideGroup } from "./messages.ts";

/** Starts a chain on which everybody holds tokens, every account was used before and every lane has paid once. */
export async function startVoucherBench(): Promise<VoucherBench> {
  const base = await connectBase();
  try {
    const bench = createVoucherBench(base, await deployVoucherEscrow(base));
    await base.networkHelpers.time.setNextBlockTimestamp(START);
    await fund(bench);
    await useEverything(bench);
    return bench;
  } catch (error) {
    await base.close();
    throw error;
  }
}

async function fund({ base, escrow, usdc, relayer, buyer, seller }: VoucherBench): Promise<void> {
  await base.fundUsdc(relayer.address, 10n ** 12n);
  await base.fundUsdc(buyer.address, 10n ** 12n);
  await base.fundUsdc(seller.address, AMOUNT);
  await approve(base, usdc, relayer, escrow);
  await approve(base, usdc, buyer, escrow);
  await approve(base, usdc, buyer, PERMIT2_ADDRESS);
}

async function useEverything(bench: VoucherBench): Promise<void> {
  const { relayer, buyer, buyers, seller, manySellers, usdc, transact } = bench;
  for (const { address } of [...buyers, buyer]) {
    await transact([relayer, "depositTo", [address, seller.address, usdc, 10n * AMOUNT]]);
  }
  await transact([buyer, "depositFree", [usdc, 10n * AMOUNT]]);
  await transact([relayer, "collectBatch", [[await compactGroup(bench, [...buyers, buyer], FIRST_TOTAL)]]]);
  await transact([relayer, "collectBatch", [[await wideGroup(bench, [buyer], FIRST_TOTAL, OTHER_LANE)]]]);
  for (const to of manySellers) await transact([buyer, "deposit", [to, usdc, AMOUNT]]);
  const used = await signedDeposit(bench, "allowance", depositAuthorization(bench, seller.address, 2n));
  await transact([relayer, "depositWithAuthorization", used]);
}

async function approve(base: Base, usdc: Address, account: PrivateKeyAccount, spender: Address): Promise<void> {
  const call = { address: usdc, abi: erc20Abi, functionName: "approve", args: [spender, maxUint256] } as const;
  await base.walletOf(account).writeContract(call);
}
