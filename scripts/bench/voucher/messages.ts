import { pad, toHex, type Address, type Hex, type PrivateKeyAccount } from "viem";
import {
  DEFAULT_LANE,
  packRow,
  signDepositEip3009,
  signDepositPermit2,
  signVoucher,
  toWideRow,
  type DepositAuthorization,
  type Group,
  type SignedVoucher,
  type Voucher,
} from "../../../client/voucher/index.ts";
import { AMOUNT, CHAIN_ID, EXPIRY, START, type VoucherBench } from "./bench.ts";

/** A voucher of one of the buyers to the seller. `total` is in token base units. */
export async function signedVoucher(
  { seller, usdc, escrow }: VoucherBench,
  account: PrivateKeyAccount,
  total: bigint,
  id: Hex = DEFAULT_LANE,
): Promise<SignedVoucher> {
  const voucher: Voucher = {
    id,
    buyer: account.address,
    seller: seller.address,
    valueAggregate: total,
    asset: usdc,
    timestamp: START,
    nonce: total,
    escrow,
    chainId: BigInt(CHAIN_ID),
    expiry: EXPIRY,
  };
  return { voucher, signature: await signVoucher(account, voucher) };
}

/** A group of compact rows, one a buyer. */
export async function compactGroup(
  bench: VoucherBench,
  accounts: readonly PrivateKeyAccount[],
  total: bigint,
): Promise<Group> {
  const vouchers = await Promise.all(accounts.map((account) => signedVoucher(bench, account, total)));
  return { ...emptyGroup(bench), rows: vouchers.map((voucher) => packRow({ ...voucher, total })) };
}

/** The same of wide rows. */
export async function wideGroup(
  bench: VoucherBench,
  accounts: readonly PrivateKeyAccount[],
  total: bigint,
  id?: Hex,
): Promise<Group> {
  const vouchers = await Promise.all(accounts.map((account) => signedVoucher(bench, account, total, id)));
  return { ...emptyGroup(bench), wide: vouchers.map((voucher) => toWideRow({ ...voucher, total })) };
}

function emptyGroup({ seller, usdc }: VoucherBench): Group {
  return { seller: seller.address, asset: usdc, gasLimit: 0n, rows: [], wide: [] };
}

/** A deposit of the buyer for a seller. */
export function depositAuthorization({ buyer, usdc }: VoucherBench, seller: Address, nonce = 3n): DepositAuthorization {
  return {
    buyer: buyer.address,
    seller,
    asset: usdc,
    amount: AMOUNT,
    nonce: pad(toHex(nonce), { size: 32 }),
    expiry: EXPIRY,
  };
}

/** What the relayer passes to a deposit function: the authorization and what the buyer signed for it. */
export async function signedDeposit(
  bench: VoucherBench,
  method: "allowance" | "eip3009" | "permit2",
  authorization: DepositAuthorization,
): Promise<readonly [DepositAuthorization, Hex]> {
  const { buyer, escrow } = bench;
  const reference = { chainId: CHAIN_ID, escrow, authorization };
  if (method === "eip3009") {
    const token = { name: "USD Coin", version: "2" };
    return [authorization, await signDepositEip3009(buyer, { ...reference, token })];
  }
  if (method === "permit2") return [authorization, await signDepositPermit2(buyer, reference)];
  return [authorization, await bench.sign(buyer, "DepositAuthorization", authorization)];
}
