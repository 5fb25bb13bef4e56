import { toHex, type Hex, type PrivateKeyAccount } from "viem";
import { mnemonicToAccount, privateKeyToAccount } from "viem/accounts";

/** The well-known mnemonic of development chains. Its accounts must never hold anything of value. */
export const MNEMONIC = "test test test test test test test test test test test junk";

/** How many of its accounts Hardhat gives native money on a local chain. */
export const PREFUNDED = 20;

/** Named test accounts by their place under {@link MNEMONIC}. Places 8 to 14 are free for tests. */
const PLACES = {
  deployer: 0,
  /** Submits other people's signatures and pays the gas. */
  relayer: 1,
  buyer: 2,
  otherBuyer: 3,
  seller: 4,
  otherSeller: 5,
  /** A key that a buyer authorizes to sign vouchers. */
  signer: 6,
  /** Has no rights anywhere. */
  stranger: 7,
  usdcOwner: 15,
  usdcMasterMinter: 16,
  usdcMinter: 17,
  usdcPauser: 18,
  usdcBlacklister: 19,
} as const;

export type ActorName = keyof typeof PLACES;

/** Every name, the deployer first. */
export const actorNames = Object.keys(PLACES) as readonly ActorName[];

/** One account for each name. */
export type Actors = Readonly<Record<ActorName, PrivateKeyAccount>>;

/** Gives every name an account. */
export function makeActors(account: (name: ActorName, place: number) => PrivateKeyAccount): Actors {
  const entries = actorNames.map((name) => [name, account(name, PLACES[name])]);
  return Object.fromEntries(entries) as Actors;
}

// Deriving the seed is slow, so it happens once.
const parent = mnemonicToAccount(MNEMONIC, { path: "m/44'/60'/0'/0" }).getHdKey();

/** The private key at a place under {@link MNEMONIC}. */
export function testKey(place: number): Hex {
  const key = parent.deriveChild(place).privateKey;
  if (key === null) throw new Error(`No private key at place ${place}`);
  return toHex(key);
}

/** The account at a place under {@link MNEMONIC}. */
export function testAccount(place: number): PrivateKeyAccount {
  return privateKeyToAccount(testKey(place));
}

/** The private key of a named actor of the local Base. */
export function actorKey(name: ActorName): Hex {
  return testKey(PLACES[name]);
}

/** The named actors of the local Base. */
export const actors: Actors = makeActors((_, place) => testAccount(place));
