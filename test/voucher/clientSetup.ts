import { erc20Abi, maxUint256, zeroHash, type Address, type Hash, type Hex, type TransactionReceipt } from "viem";
import {
  deposit,
  depositFree,
  getAccount,
  getFreeAccount,
  randomNonce,
  signVoucher,
  type DepositAuthorization,
  type SignedVoucher,
  type Voucher,
} from "x402-escrow/voucher";
import { PERMIT2, USDC } from "../base/addresses.ts";
import { actors } from "../helpers/actors.ts";
import { connectBase, type Base } from "../helpers/base.ts";
import { mined } from "../helpers/mined.ts";
import { deployVoucherEscrow } from "../helpers/voucherEscrow.ts";

/** What every buyer and seller holds at the start: a thousand USDC, in token base units. */
export const FUNDS = 1_000_000_000n;
export const LANE: Hex = `0x${"0a".repeat(32)}`;
export const DAY = 86_400n;
export const TOKEN = { name: "USD Coin", version: "2" } as const;
export const CHAIN_ID = 8453;

/** The local Base with VoucherEscrow, funded actors that approved it, and what tests of the client repeat. */
export interface ClientSetup {
  readonly base: Base;
  readonly escrow: Address;
  /** The chain's time at the start, unix seconds. */
  readonly now: bigint;
  /** A day and a bit after the start. */
  readonly expiry: bigint;
  readonly here: { readonly chainId: number; readonly escrow: Address };
  /** What an action by the escrow's parties needs to name: escrow, seller and asset. */
  readonly account: { readonly escrow: Address; readonly seller: Address; readonly asset: Address };
  voucherOf(changes?: Partial<Voucher>): Voucher;
  signedVoucherOf(changes?: Partial<Voucher>): Promise<SignedVoucher>;
  depositOf(changes?: Partial<DepositAuthorization>): DepositAuthorization;
  /** Waits until a transaction is mined; fails when it reverted. */
  done(hash: Promise<Hash>): Promise<TransactionReceipt>;
  /** Deposits for the buyer with the seller. */
  fillAccount(amount: bigint): Promise<void>;
  /** Deposits the buyer's free balance. */
  fillFree(amount: bigint): Promise<void>;
  balanceOf(owner: Address): Promise<bigint>;
  accountBalance(): Promise<bigint>;
  freeBalance(owner?: Address): Promise<bigint>;
}

/** Starts the chain once; wrap tests in snapshots with {@link useClient}. */
async function startClient(): Promise<ClientSetup> {
  const base = await connectBase();
  const escrow = await deployVoucherEscrow(base);
  const { publicClient, wallets } = base;
  const [buyer, seller] = [actors.buyer.address, actors.seller.address];
  const done = async (hash: Promise<Hash>): Promise<TransactionReceipt> => mined(publicClient, await hash);
  for (const name of ["buyer", "otherBuyer", "seller"] as const) {
    await base.fundUsdc(actors[name].address, FUNDS);
    for (const spender of [escrow, PERMIT2]) {
      const approval = { abi: erc20Abi, address: USDC, functionName: "approve", args: [spender, maxUint256] } as const;
      await done(wallets[name].writeContract(approval));
    }
  }
  const { timestamp: now } = await publicClient.getBlock();
  const expiry = now + DAY + 3_600n;
  const account = { escrow, seller, asset: USDC };
  const voucherOf = (changes: Partial<Voucher> = {}): Voucher => ({
    id: zeroHash,
    buyer,
    seller,
    valueAggregate: 1_000_000n,
    asset: USDC,
    timestamp: now,
    nonce: 0n,
    escrow,
    chainId: BigInt(CHAIN_ID),
    expiry,
    ...changes,
  });
  return {
    base,
    escrow,
    now,
    expiry,
    here: { chainId: CHAIN_ID, escrow },
    account,
    voucherOf,
    async signedVoucherOf(changes) {
      const voucher = voucherOf(changes);
      return { voucher, signature: await signVoucher(actors.buyer, voucher) };
    },
    depositOf: (changes = {}) => ({
      buyer,
      seller,
      asset: USDC,
      amount: 1_000_000n,
      nonce: randomNonce(),
      expiry,
      ...changes,
    }),
    done,
    async fillAccount(amount) {
      await done(deposit(wallets.buyer, { ...account, amount }));
    },
    async fillFree(amount) {
      await done(depositFree(wallets.buyer, { escrow, asset: USDC, amount }));
    },
    balanceOf: (owner) =>
      publicClient.readContract({ abi: erc20Abi, address: USDC, functionName: "balanceOf", args: [owner] }),
    accountBalance: async () => (await getAccount(publicClient, { ...account, buyer })).balance,
    freeBalance: async (owner = buyer) => (await getFreeAccount(publicClient, { escrow, owner, asset: USDC })).balance,
  };
}

/** Gives every test of a `describe` the same chain, as it was at the start. */
export function useClient(): ClientSetup {
  let setup: ClientSetup | undefined;
  let restore: () => Promise<void>;

  before(async () => {
    setup = await startClient();
    ({ restore } = await setup.base.networkHelpers.takeSnapshot());
  });

  afterEach(async () => restore());

  after(async () => setup?.base.close());

  return new Proxy({} as ClientSetup, {
    get(_, name) {
      if (setup === undefined) throw new Error("The chain starts before the first test, not while tests are declared");
      return Reflect.get(setup, name) as unknown;
    },
  });
}
