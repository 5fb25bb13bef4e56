import { concat, keccak256, stringToBytes, type Hex } from "viem";
import { encodeWord, type Member } from "./word.ts";

/** The two hashes of a signed message, 32 bytes each. */
export interface MessageHash {
  /** EIP-712 struct hash. */
  readonly structHash: Hex;
  /** EIP-712 digest: what a key signs and what ERC-1271 is asked about. */
  readonly digest: Hex;
}

/** EIP-712 types of messages whose members are all of fixed size, by name. */
export type FlatTypes = Readonly<Record<string, readonly Member[]>>;

/** Hashes messages of one set of types. */
export interface StructHasher {
  /** Type hash, 32 bytes. */
  typeHash(primaryType: string): Hex;
  /**
   * Type hash and members, one word each.
   *
   * @throws {InvalidMessageError} a member is missing or does not fit its type.
   */
  encode(primaryType: string, message: object): Hex;
  /**
   * Struct hash, and digest under a domain separator.
   *
   * @throws {InvalidMessageError} a member is missing or does not fit its type.
   */
  hash(primaryType: string, message: object, separator: Hex): MessageHash;
}

/**
 * Prepares the hashes of flat EIP-712 messages: each type is hashed once.
 *
 * A server hashes a message on every request, so this goes straight from the members to the hash; viem's `hashTypedData` gives the
 * same digest in several times the time.
 */
export function createStructHasher(types: FlatTypes): StructHasher {
  const typeHashes = new Map<string, Hex>();
  const membersOf = (primaryType: string): readonly Member[] => types[primaryType] ?? [];

  const typeHash = (primaryType: string): Hex => {
    const known = typeHashes.get(primaryType);
    if (known !== undefined) return known;
    const members = membersOf(primaryType).map(({ name, type }) => `${type} ${name}`);
    const hash = keccak256(stringToBytes(`${primaryType}(${members.join(",")})`));
    typeHashes.set(primaryType, hash);
    return hash;
  };

  const encode = (primaryType: string, message: object): Hex => {
    const values = message as Readonly<Record<string, unknown>>;
    let words: string = typeHash(primaryType);
    for (const member of membersOf(primaryType)) words += encodeWord(primaryType, member, values[member.name]);
    return words as Hex;
  };

  return {
    typeHash,
    encode,
    hash(primaryType, message, separator) {
      const structHash = keccak256(encode(primaryType, message));
      return { structHash, digest: keccak256(concat(["0x1901", separator, structHash])) };
    },
  };
}
