import { encodeFunctionData, keccak256, parseTransaction, size, stringToHex, type Address, type Hex } from "viem";
import { flashSettlementAbi } from "../../client/abi/flashSettlement.ts";
import { FAR, filled, hashedAddress, owner } from "./cases.ts";
import { SETTLEMENTS } from "./flash.ts";

/** Bytes of a call of `settleNumberedPayment`. */
const CALL_LENGTH = 196;
const TARGET = SETTLEMENTS[0].settlement;
const BASE = SETTLEMENTS[0].chainId;

/** Bytes of the items of a transaction whose integers but the largest fee are each one byte: chain id, target, value, data, access list. */
const FIXED_BYTES = 3 + 3 + 21 + 1 + (2 + CALL_LENGTH) + 1;

export interface Shape {
  readonly chainId: number;
  readonly nonce: number;
  readonly maxPriorityFeePerGas: bigint;
  readonly maxFeePerGas: bigint;
  readonly gas: bigint;
  readonly to: Address;
  readonly data: Hex;
}

const USUAL: Shape = {
  chainId: BASE,
  nonce: 7,
  maxPriorityFeePerGas: 1_000_000n,
  maxFeePerGas: 2_000_000_000n,
  gas: 250_000n,
  to: TARGET,
  data: dataOf("usual", CALL_LENGTH),
};

/** Whom the payments name. */
export const PARTIES = {
  server: hashedAddress("x402-escrow vectors: server"),
  token: hashedAddress("x402-escrow vectors: token"),
} as const;

/** A payment that would be settled, was it not for what its test spoils. */
export const PAYMENT: Shape = {
  ...USUAL,
  data: encodeFunctionData({
    abi: flashSettlementAbi,
    functionName: "settleNumberedPayment",
    args: [PARTIES.server, PARTIES.token, 1_000n, 42n, Number(FAR), 0],
  }),
};

/** One-byte integers, so that the largest fee alone decides how long the list is. */
const SHORT: Shape = { ...USUAL, nonce: 1, maxPriorityFeePerGas: 1n, maxFeePerGas: 1n, gas: 1n };

/** Raw type-2 transactions that viem signed, in every shape that their encoding has. */
export async function flashTransactionVectors() {
  const shapes: readonly (readonly [string, Shape])[] = [
    ["usual", USUAL],
    ...[0, 1, 127, 128, 255, 256, 65_535, 65_536, Number.MAX_SAFE_INTEGER].map(
      (nonce) => [`nonce ${nonce}`, { ...USUAL, nonce }] as const,
    ),
    ...[1, 127, 128, 84_532, 11_155_111, Number.MAX_SAFE_INTEGER].map(
      (chainId) => [`chain ${chainId}`, { ...USUAL, chainId }] as const,
    ),
    ...[0n, 1n, 127n, 128n, 2n ** 63n, 2n ** 64n - 1n].map((gas) => [`gas ${gas}`, { ...USUAL, gas }] as const),
    ...[0, 7, 8, 16, 64, 120, 128, 248, 255, 256].map(
      (bits) =>
        [
          `fees of ${bits} bits`,
          { ...USUAL, maxFeePerGas: 2n ** BigInt(bits) - 1n, maxPriorityFeePerGas: 2n ** BigInt(bits) - 1n },
        ] as const,
    ),
    ["no tip", { ...USUAL, maxPriorityFeePerGas: 0n }],
    ["all zero", { ...USUAL, nonce: 0, maxPriorityFeePerGas: 0n, maxFeePerGas: 0n, gas: 0n }],
    ["target of high bytes", { ...USUAL, to: filled("f", 20) }],
    ["target of low bytes", { ...USUAL, to: "0x0000000000000000000000000000000000000001" }],
    ...[56, 57, 100, 195, 197, 254, 255].map(
      (length) => [`calldata of ${length} bytes`, { ...SHORT, data: dataOf("length", length) }] as const,
    ),
    ["calldata of zeros", { ...USUAL, data: filled("0", CALL_LENGTH) }],
    // Around 255 bytes the header of a list grows from two bytes to three.
    ...[254, 255, 256, 257].map((length) => [`signed items of ${length} bytes`, ofLength(length)] as const),
  ];
  const found = [
    ["r begins with a zero byte", await search(({ r }) => size(r) < 32)],
    ["s begins with a zero byte", await search(({ s }) => size(s) < 32)],
    ["even y", await search(({ yParity }) => yParity === 0)],
    ["odd y", await search(({ yParity }) => yParity === 1)],
  ] as const;
  return {
    signer: owner.address,
    transactions: await Promise.all([...shapes, ...found].map(([name, shape]) => vectorOf(name, shape))),
    settlements: await settlements(),
  };
}

async function vectorOf(name: string, shape: Shape) {
  const { chainId, to, data } = shape;
  return { name, chainId, target: to, data, raw: await signed(shape) };
}

export function signed(shape: Shape): Promise<Hex> {
  return owner.signTransaction({ type: "eip1559", value: 0n, ...shape });
}

/** The largest fee fills the nine signed items up to a length. */
function ofLength(length: number): Shape {
  // A fee of n bytes has a byte of length in front.
  return { ...SHORT, maxFeePerGas: 2n ** BigInt(8 * (length - FIXED_BYTES - 1 - 1)) - 1n };
}

type Signature = { readonly r: Hex; readonly s: Hex; readonly yParity: number };

/** The first transaction, by its nonce, whose signature is such a one. */
async function search(isSuch: (signature: Signature) => boolean): Promise<Shape> {
  for (let nonce = 1_000; ; nonce += 1) {
    const shape = { ...USUAL, nonce };
    const { r, s, yParity } = parseTransaction((await signed(shape)) as `0x02${string}`);
    if (r === undefined || s === undefined || yParity === undefined) throw new Error("There is no signature");
    if (isSuch({ r: trimmed(r), s: trimmed(s), yParity })) return shape;
  }
}

/** Without leading zero bytes. */
function trimmed(value: Hex): Hex {
  return `0x${value.slice(2).replace(/^(00)+/, "")}`;
}

/** Payments as the scheme sends them, with their arguments. */
function settlements() {
  const { server, token } = PARTIES;
  const cases = [
    { name: "least", amount: 1n, nonce: 0n, deadline: 0n },
    { name: "usual", amount: 1_000n, nonce: 42n, deadline: FAR },
    { name: "largest", amount: 2n ** 96n - 1n - 1_001n, nonce: 2n ** 64n - 1n, deadline: 2n ** 40n - 1n },
  ];
  return Promise.all(
    cases.map(async ({ name, amount, nonce, deadline }, index) => {
      const data = encodeFunctionData({
        abi: flashSettlementAbi,
        functionName: "settleNumberedPayment",
        args: [server, token, amount, nonce, Number(deadline), 0],
      });
      const raw = await signed({ ...USUAL, nonce: index, data });
      return { name, server, token, amount, nonce, deadline, epoch: 0, raw };
    }),
  );
}

/** Calldata of a length that follows from a name. */
function dataOf(seed: string, length: number): Hex {
  let digits = "";
  for (let block = 0; digits.length < 2 * length; block += 1) {
    digits += keccak256(stringToHex(`${seed} ${block}`)).slice(2);
  }
  return `0x${digits.slice(0, 2 * length)}`;
}
