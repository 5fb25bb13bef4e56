import { zeroHash, type Address, type PrivateKeyAccount } from "viem";
import type { DepositAuthorization, SignedVoucher, Voucher } from "x402-escrow/voucher";
import { signVoucher } from "x402-escrow/voucher";
import { testAccount } from "../helpers/actors.ts";

/** Good messages to spoil one member of, for tests that need no chain. */
export const ESCROW: Address = "0x1111111111111111111111111111111111111111";
export const CHAIN_ID = 8453n;
export const ASSET: Address = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
export const SELLER: Address = "0x2222222222222222222222222222222222222222";

export const buyer: PrivateKeyAccount = testAccount(2);

export function voucherOf(changes: Partial<Voucher> = {}): Voucher {
  return {
    id: zeroHash,
    buyer: buyer.address,
    seller: SELLER,
    valueAggregate: 1_000_000n,
    asset: ASSET,
    timestamp: 1_800_000_000n,
    nonce: 7n,
    escrow: ESCROW,
    chainId: CHAIN_ID,
    expiry: 1_900_000_000n,
    ...changes,
  };
}

export async function signedVoucherOf(changes: Partial<Voucher> = {}, signer = buyer): Promise<SignedVoucher> {
  const voucher = voucherOf(changes);
  return { voucher, signature: await signVoucher(signer, voucher) };
}

export function depositOf(changes: Partial<DepositAuthorization> = {}): DepositAuthorization {
  return {
    buyer: buyer.address,
    seller: SELLER,
    asset: ASSET,
    amount: 1_000_000n,
    nonce: `0x${"01".repeat(32)}`,
    expiry: 1_900_000_000n,
    ...changes,
  };
}
