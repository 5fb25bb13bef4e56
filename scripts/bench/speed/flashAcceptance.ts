import { keccak256, toHex, type Address, type Hex } from "viem";
import { ChainUnavailableError } from "../../../client/seller/core/errors.ts";
import { createFlashAcceptor } from "../../../client/seller/flash/accept.ts";
import { createFlashHasher } from "../../../client/seller/flash/hash.ts";
import type { EscrowRead, FlashAcceptor, FlashStore, PresentedItem } from "../../../client/seller/flash/types.ts";
import { systemClock } from "../../../client/seller/core/clock.ts";
import { itemsOf, type Subject } from "./measure.ts";
import { ASSET, benchBuyers, CHAIN_ID, PRICE, SELLER } from "./ourAcceptance.ts";

const SETTLEMENT = { chainId: BigInt(CHAIN_ID), settlement: "0x00000000000000000000000000000000000000F5" } as const;

/** A payment as it comes out of the request's JSON. */
interface WirePayment {
  readonly payment: Readonly<Record<"client" | "amount" | "nonce" | "deadline" | "epoch", string>>;
  readonly signature: Hex;
}

/**
 * Prepares our acceptance of one payment each, from clients in turn: from the strings of the payload to the acceptance in the store. Hash,
 * signature, R1 to R5 and commit are in it.
 */
export async function flashAcceptance(name: string, store: FlashStore, perRound: number): Promise<Subject> {
  const clients = benchBuyers(20);
  const now = systemClock();
  const block = { number: 1n, timestamp: now, hash: keccak256(toHex("block")) };
  const parties = { server: SELLER, token: ASSET } as const;
  await store.applyChain(
    clients.map(({ address }) => {
      const read: EscrowRead = {
        balance: 10n ** 12n,
        settled: 0n,
        unlockAt: now + 30n * 86_400n,
        signer: address,
        closeDelay: 86_400n,
        epoch: 0n,
        isOpen: true,
        isClosedByClient: false,
        isClosedByServer: false,
        block,
      };
      return {
        escrow: { ...SETTLEMENT, ...parties, client: address },
        confirmed: read,
        head: read,
        nonceWords: [],
        lanes: [],
        usedTransactions: [],
        endedReleases: [],
      };
    }),
  );
  const acceptor = await createFlashAcceptor({
    settlement: SETTLEMENT,
    server: SELLER,
    tokens: [ASSET],
    store,
    // A chain that was seen just now and is not asked again: known clients cause no request.
    chain: {
      chainTime: now,
      refreshEscrow: () => Promise.reject(new ChainUnavailableError("the benchmark has no chain", undefined)),
    },
  });
  const hash = createFlashHasher(SETTLEMENT, SELLER);
  const payments: WirePayment[] = [];
  for (let index = 0; index < itemsOf({ perRound }); index += 1) {
    const client = clients[index % clients.length];
    if (client === undefined) throw new Error("no clients");
    const content = { amount: PRICE, nonce: BigInt(Math.floor(index / clients.length)), deadline: 0n, epoch: 0n };
    const digest = hash("Payment", { client: client.address, token: ASSET, ...content });
    if (digest === undefined) throw new Error("a payment that cannot be hashed");
    const signature = await client.sign({ hash: toHex(digest) });
    payments.push({ payment: { client: client.address, ...toStrings(content) }, signature });
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

async function serve(acceptor: FlashAcceptor, wire: WirePayment): Promise<void> {
  const result = await acceptor.accept({ item: parse(wire), token: ASSET, price: PRICE });
  if (!result.isAccepted) throw new Error(result.code);
  await acceptor.commit(result.reservation);
}

function parse({ payment, signature }: WirePayment): PresentedItem {
  return {
    kind: "payment",
    client: payment.client as Address,
    amount: BigInt(payment.amount),
    nonce: BigInt(payment.nonce),
    deadline: BigInt(payment.deadline),
    epoch: BigInt(payment.epoch),
    signature,
  };
}

function toStrings({
  amount,
  nonce,
  deadline,
  epoch,
}: Readonly<Record<"amount" | "nonce" | "deadline" | "epoch", bigint>>) {
  return { amount: String(amount), nonce: String(nonce), deadline: String(deadline), epoch: String(epoch) };
}
