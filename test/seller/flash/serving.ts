import { writeSync } from "node:fs";
import { keccak256, toHex, type Address } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { signPayment } from "../../../client/flash/sign.ts";
import { createFlashAcceptor } from "../../../client/seller/flash/accept.ts";
import { createSqliteFlashStore } from "../../../client/seller/flash/store/sqlite.ts";
import type { FlashAcceptor, FlashDurability, FlashStore, PresentedItem } from "../../../client/seller/flash/types.ts";
import { ESCROW, NOW, SETTLEMENT, update } from "./fixtures.ts";

const CLIENT = privateKeyToAccount(keccak256(toHex("client of a server that is killed")));

/** An acceptor over a store, on a chain that stands still with one large escrow, and its client. */
export async function openServing(
  store: FlashStore,
  now: bigint,
): Promise<{
  readonly acceptor: FlashAcceptor;
  readonly token: Address;
  pay(nonce: bigint): Promise<PresentedItem>;
}> {
  const escrow = { ...ESCROW, client: CLIENT.address.toLowerCase() as Address };
  const opened = { ...update({ balance: 10n ** 9n, signer: CLIENT.address }), escrow };
  const acceptor = await createFlashAcceptor({
    settlement: SETTLEMENT,
    server: ESCROW.server,
    tokens: [ESCROW.token],
    store,
    chain: { chainTime: undefined, refreshEscrow: () => store.applyChain([opened]) },
    clock: () => now,
  });
  const { client, server, token } = escrow;
  return {
    acceptor,
    token,
    pay: async (nonce) => {
      const content = { amount: 3n, nonce, deadline: 0n, epoch: 0n };
      const signature = await signPayment(CLIENT, { ...SETTLEMENT, payment: { client, server, token, ...content } });
      return { kind: "payment", client, signature, ...content };
    },
  };
}

/** Run by itself it accepts payments as fast as it can, answers each that is committed with a line, and waits to be killed. */
if (import.meta.main) {
  const [path, durability] = process.argv.slice(2);
  if (path === undefined) throw new Error("Name the file of the store.");
  const store = createSqliteFlashStore({ path, durability: durability as FlashDurability });
  const { acceptor, pay, token } = await openServing(store, NOW);
  for (let nonce = 0n; ; nonce += 1n) {
    const result = await acceptor.accept({ item: await pay(nonce), token, price: 3n });
    if (!result.isAccepted) throw new Error(result.code);
    await acceptor.commit(result.reservation);
    // Synchronous, so that what was answered was committed before, whatever the moment of the kill.
    writeSync(1, `${nonce}\n`);
  }
}
