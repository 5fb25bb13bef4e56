import type { Address, Hex, PrivateKeyAccount } from "viem";
import { keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { flashDomain, flashTypes } from "../../client/flash/typedData.ts";
import { createFlashAcceptor } from "../../client/seller/flash/accept.ts";
import type {
  EscrowUpdate,
  FlashAcceptor,
  FlashEscrowId,
  FlashStore,
  PresentedItem,
} from "../../client/seller/flash/types.ts";
import { ESCROW, SETTLEMENT, update } from "../seller/flash/fixtures.ts";

/** What the sellers of the two-process test share: a client with one escrow, on a chain that stands still. */

export const BALANCE = 20_000n;
export const CLIENT: PrivateKeyAccount = privateKeyToAccount(keccak256(toHex("client of two sellers")));
export const SHARED: FlashEscrowId = { ...ESCROW, client: CLIENT.address.toLowerCase() as Address };
export const OPENED: EscrowUpdate = { ...update({ balance: BALANCE, signer: CLIENT.address }), escrow: SHARED };

/** A presented item as a line of JSON. */
export type WireItem = Readonly<Record<string, string>>;

export function fromWire(wire: WireItem): PresentedItem {
  const numbers = Object.entries(wire).map(([name, value]) => [name, /^\d+$/.test(value) ? BigInt(value) : value]);
  return Object.fromEntries(numbers) as unknown as PresentedItem;
}

/** Signs many payments and tabs of the client; every seller gets all of them. */
export async function signItems(payments: number, tabs: number): Promise<readonly WireItem[]> {
  const parties = { client: CLIENT.address, server: ESCROW.server, token: ESCROW.token };
  const sign = (primaryType: "Payment" | "Tab", message: Record<string, unknown>): Promise<Hex> =>
    CLIENT.signTypedData({
      domain: { ...flashDomain(SETTLEMENT) } as Record<string, unknown>,
      types: { [primaryType]: flashTypes[primaryType] } as Record<string, unknown>,
      primaryType: primaryType as string,
      message: { ...parties, ...message, deadline: 0, epoch: 0 },
    });
  const items: WireItem[] = [];
  const rest = { client: CLIENT.address, deadline: "0", epoch: "0" };
  for (let index = 0; index < payments; index += 1) {
    const content = { amount: String(40 + (index % 60)), nonce: String(index) };
    const signature = await sign("Payment", { amount: BigInt(content.amount), nonce: BigInt(content.nonce) });
    items.push({ kind: "payment", ...rest, ...content, signature });
  }
  for (let index = 0; index < tabs; index += 1) {
    const content = { total: String((Math.floor(index / 3) + 1) * 70), lane: String(index % 3) };
    const signature = await sign("Tab", { total: BigInt(content.total), lane: BigInt(content.lane) });
    items.push({ kind: "tab", ...rest, ...content, signature });
  }
  return items;
}

/** Opens an acceptor over a shared store; it asks no chain. */
export function openAcceptor(store: FlashStore, now: bigint): Promise<FlashAcceptor> {
  return createFlashAcceptor({
    settlement: SETTLEMENT,
    server: ESCROW.server,
    tokens: [ESCROW.token],
    store,
    chain: { chainTime: undefined, refreshEscrow: () => store.applyChain([OPENED]) },
    clock: () => now,
  });
}
