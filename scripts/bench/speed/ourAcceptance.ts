import { keccak256, toHex, type Address, type Hex } from "viem";
import { privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import { createAcceptor } from "../../../client/seller/voucher/accept.ts";
import { ChainUnavailableError } from "../../../client/seller/core/errors.ts";
import { DEFAULT_LANE } from "../../../client/voucher/types.ts";
import { systemClock } from "../../../client/seller/core/clock.ts";
import type { Acceptor } from "../../../client/seller/voucher/types.ts";
import type { ChainView } from "../../../client/seller/voucher/chain/types.ts";
import type { VoucherStore } from "../../../client/seller/voucher/store/types.ts";
import { signVoucher } from "../../../client/voucher/sign.ts";
import type { SignedVoucher, Voucher } from "../../../client/voucher/types.ts";
import { itemsOf, type Subject } from "./measure.ts";

export const CHAIN_ID = 8453;
export const ASSET: Address = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
export const SELLER: Address = "0x00000000000000000000000000000000000000A1";
export const PRICE = 1_000n;
export const ESCROW = { chainId: BigInt(CHAIN_ID), escrow: "0x00000000000000000000000000000000000000E5" } as const;

/** Buyers that pay in turn; their keys are the same in every run. */
export function benchBuyers(count: number): readonly PrivateKeyAccount[] {
  return Array.from({ length: count }, (_, index) => privateKeyToAccount(keccak256(toHex(`bench buyer ${index}`))));
}

/** A payment as it comes out of the request's JSON. */
interface WirePayment {
  readonly signature: Hex;
  readonly voucher: Readonly<Record<keyof Voucher, string>>;
}

/**
 * Prepares our acceptance of one voucher each, from buyers in turn: from the strings of the payload to the charge in the store. Hash,
 * signature, coverage, claim and commit are in it.
 */
export async function ourAcceptance(name: string, store: VoucherStore, perRound: number): Promise<Subject> {
  const buyers = benchBuyers(20);
  const now = systemClock();
  const { acceptor } = await openFunded(store, buyers, now);
  const payments: WirePayment[] = [];
  for (let index = 0; index < itemsOf({ perRound }); index += 1) {
    payments.push(await sign(buyers, index, now));
  }
  return {
    name,
    perRound,
    run: async (index) => {
      const payment = payments[index];
      if (payment === undefined) throw new Error("more items than payments");
      await serve(acceptor, payment);
    },
  };
}

/** Opens an acceptor whose buyers have deposited, on a chain that stands still. */
export async function openFunded(
  store: VoucherStore,
  buyers: readonly PrivateKeyAccount[],
  now: bigint,
): Promise<{ readonly acceptor: Acceptor; readonly chainView: ChainView }> {
  const block = { number: 1n, timestamp: now, hash: keccak256(toHex("block")) };
  await store.applyChain(
    buyers.map((buyer) => ({
      account: { ...ESCROW, seller: SELLER, asset: ASSET, buyer: buyer.address },
      block,
      balance: 10n ** 12n,
      thawing: 0n,
      thawEndTime: 0n,
      lanes: [{ id: DEFAULT_LANE, collected: 0n }],
      endedReleases: [],
    })),
    [],
  );
  const chainView = stillChain(block);
  const acceptor = await createAcceptor({ escrow: ESCROW, seller: SELLER, assets: [ASSET], store, chainView });
  return { acceptor, chainView };
}

async function serve(acceptor: Acceptor, { voucher, signature }: WirePayment): Promise<void> {
  const result = await acceptor.accept({ voucher: parse(voucher), signature, price: PRICE, asset: ASSET });
  if (!result.isAccepted) throw new Error(result.code);
  await acceptor.commit(result.reservation, PRICE);
}

function parse(wire: WirePayment["voucher"]): Voucher {
  return {
    id: wire.id as Hex,
    buyer: wire.buyer as Address,
    seller: wire.seller as Address,
    valueAggregate: BigInt(wire.valueAggregate),
    asset: wire.asset as Address,
    timestamp: BigInt(wire.timestamp),
    nonce: BigInt(wire.nonce),
    escrow: wire.escrow as Address,
    chainId: BigInt(wire.chainId),
    expiry: BigInt(wire.expiry),
  };
}

async function sign(buyers: readonly PrivateKeyAccount[], index: number, now: bigint): Promise<WirePayment> {
  const { voucher, signature } = await signInTurn(buyers, index, now);
  const wire = Object.fromEntries(Object.entries(voucher).map(([field, value]) => [field, String(value)]));
  return { signature, voucher: wire as WirePayment["voucher"] };
}

/** Signs the payment of this number: the next voucher of the buyer whose turn it is. */
export async function signInTurn(
  buyers: readonly PrivateKeyAccount[],
  index: number,
  now: bigint,
): Promise<SignedVoucher> {
  const buyer = buyers[index % buyers.length];
  if (buyer === undefined) throw new Error("no buyers");
  const nonce = BigInt(Math.floor(index / buyers.length));
  const voucher: Voucher = {
    ...ESCROW,
    id: DEFAULT_LANE,
    buyer: buyer.address,
    seller: SELLER,
    valueAggregate: (nonce + 1n) * PRICE,
    asset: ASSET,
    timestamp: now,
    nonce,
    expiry: now + 30n * 86_400n,
  };
  return { voucher, signature: await signVoucher(buyer, voucher) };
}

/** A chain that was seen just now and is not asked again: known buyers cause no request. */
function stillChain(block: { readonly number: bigint; readonly timestamp: bigint; readonly hash: Hex }): ChainView {
  const silent = () => Promise.reject(new ChainUnavailableError("the benchmark has no chain", undefined));
  return {
    escrow: ESCROW,
    seller: SELLER,
    lastSyncedBlock: block,
    start: () => undefined,
    stop: () => Promise.resolve(),
    sync: silent,
    refreshAccount: silent,
    whoSigned: silent,
    onAlert: () => () => undefined,
  };
}
