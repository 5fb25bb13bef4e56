import { concatHex, encodeFunctionData, fromRlp, numberToHex, pad, size, slice, toRlp, type Hex } from "viem";
import { flashSettlementAbi } from "../../client/abi/flashSettlement.ts";
import { filled, owner } from "./cases.ts";
import { PARTIES, PAYMENT, signed, type Shape } from "./flashTransactions.ts";

/** What the contract calls the fault; `SignedTransaction.Fault`. */
type Fault = "Type" | "Length" | "Integer" | "ChainId" | "Target" | "Value" | "Data" | "AccessList" | "Signature";

type Mutation = readonly [name: string, fault: Fault, raw: Hex];

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const INTEGERS = ["chain id", "nonce", "tip", "fee", "gas limit"] as const;
const SIGNATURE = { parity: 9, r: 10, s: 11 } as const;
const [TO, VALUE, DATA, ACCESS_LIST] = [5, 6, 7, 8] as const;

/** What is refused: {@link mutatedTransactions} and {@link otherCalls}. */
export async function refusedTransactionVectors() {
  return { mutations: await mutatedTransactions(), otherCalls: await otherCalls() };
}

/** Transactions that are spoilt in one place each, with the fault that the contract must find. */
async function mutatedTransactions() {
  const raw = await signed(PAYMENT);
  const mutations = [
    ...mutatedTypes(raw, await otherTypes()),
    ...mutatedLengths(raw),
    ...mutatedIntegers(raw),
    ...(await mutatedItems(raw)),
    ...mutatedSignatures(raw),
  ];
  return mutations.map(([name, fault, mutated]) => ({ name, fault, raw: mutated }));
}

/** Good transactions whose calldata is no clean call of `settleNumberedPayment`. */
async function otherCalls() {
  const original = encodeFunctionData({
    abi: flashSettlementAbi,
    functionName: "settlePayment",
    args: [PARTIES.server, PARTIES.token, 1_000n],
  });
  const calls: readonly (readonly [string, Hex])[] = [
    ["another selector", concatHex([slice(original, 0, 4), slice(PAYMENT.data, 4)])],
    ["no selector", concatHex([filled("0", 4), slice(PAYMENT.data, 4)])],
    ...(
      [
        ["server", 0, 160],
        ["token", 1, 160],
        ["nonce", 3, 64],
        ["deadline", 4, 40],
        ["epoch", 5, 32],
      ] as const
    ).flatMap(([name, argument, bits]) => [
      [`${name} with its first bit too many`, withBit(argument, bits)] as const,
      [`${name} with the highest bit`, withBit(argument, 255)] as const,
    ]),
  ];
  return Promise.all(calls.map(async ([name, data]) => ({ name, raw: await signed({ ...PAYMENT, data }) })));
}

function mutatedTypes(raw: Hex, others: readonly (readonly [string, Hex])[]): readonly Mutation[] {
  return [
    ["no bytes", "Type", "0x"],
    ["three bytes", "Type", slice(raw, 0, 3)],
    ...["00", "01", "03", "04", "7f", "82", "f9"].map(
      (first) => [`first byte ${first}`, "Type", concatHex([`0x${first}`, slice(raw, 1)])] as const,
    ),
    ...others.map(([name, other]) => [name, "Type", other] as const),
    ["without the type byte", "Type", slice(raw, 1)],
  ];
}

/** The other types that wallets sign. */
async function otherTypes() {
  const { maxFeePerGas, maxPriorityFeePerGas, ...rest } = PAYMENT;
  const priced = { ...rest, value: 0n, gasPrice: maxFeePerGas + maxPriorityFeePerGas };
  return [
    ["legacy transaction", await owner.signTransaction({ type: "legacy", ...priced })],
    ["transaction of type 1", await owner.signTransaction({ type: "eip2930", ...priced })],
  ] as const;
}

function mutatedLengths(raw: Hex): readonly Mutation[] {
  const items = itemsOf(raw);
  const body = concatHex(items);
  const length = size(body);
  const headed = (...header: Hex[]) => concatHex(["0x02", ...header, body]);
  return [
    ["a byte behind", "Length", concatHex([raw, "0x00"])],
    ["the same transaction behind", "Length", concatHex([raw, raw])],
    ["without its last byte", "Length", slice(raw, 0, size(raw) - 1)],
    ["without its second half", "Length", slice(raw, 0, size(raw) >> 1)],
    ["a list one byte too long", "Length", headed("0xf9", numberToHex(length + 1, { size: 2 }))],
    ["a list one byte too short", "Length", headed("0xf9", numberToHex(length - 1, { size: 2 }))],
    ["a list whose length has three bytes", "Length", headed("0xfa", numberToHex(length, { size: 3 }))],
    ["a string in place of the list", "Length", headed("0xb9", numberToHex(length, { size: 2 }))],
    ["an empty list", "Length", "0x02c0c0c0"],
    ["a short list whose length has two bytes", "Length", concatHex(["0x02f900ff", filled("1", 255)])],
    ["a list of 55 bytes whose length has a byte of its own", "Length", concatHex(["0x02f837", filled("1", 55)])],
    ["a thirteenth item", "Length", rawOf([...items, "0x80"])],
    ["eleven items", "Length", rawOf(items.slice(0, SIGNATURE.s))],
    ["the nine items that are signed", "Length", rawOf(items.slice(0, SIGNATURE.parity))],
    ["no calldata", "Length", rawOf(withItem(items, DATA, "0x80"))],
  ];
}

function mutatedIntegers(raw: Hex): readonly Mutation[] {
  const items = itemsOf(raw);
  const fields = [...INTEGERS.map((name, index) => [name, index] as const), ...Object.entries(SIGNATURE)];
  return fields.flatMap(([name, index]) => {
    const spoilt = (item: Hex) => rawOf(withItem(items, index, item));
    return [
      [`${name} of one zero byte`, "Integer", spoilt("0x00")],
      [`${name} of a small number with a header`, "Integer", spoilt("0x8107")],
      [`${name} of a zero byte with a header`, "Integer", spoilt("0x8100")],
      [`${name} with a leading zero`, "Integer", spoilt("0x820080")],
      [`${name} of 33 bytes`, "Integer", spoilt(concatHex(["0xa1", filled("1", 33)]))],
      [`${name} with a length of its own`, "Integer", spoilt(concatHex(["0xb838", filled("1", 56)]))],
      [`${name} is a list`, "Integer", spoilt("0xc0")],
    ] as const;
  });
}

async function mutatedItems(raw: Hex): Promise<readonly Mutation[]> {
  const items = itemsOf(raw);
  const spoilt = (index: number, item: Hex) => rawOf(withItem(items, index, item));
  const other = (change: Partial<Shape>) => signed({ ...PAYMENT, ...change });
  const value = await owner.signTransaction({ type: "eip1559", ...PAYMENT, value: 1n });
  const wealth = await owner.signTransaction({ type: "eip1559", ...PAYMENT, value: 2n ** 256n - 1n });
  const accessList = [{ address: PARTIES.token, storageKeys: [] }];
  return [
    ["the next chain id", "ChainId", await other({ chainId: PAYMENT.chainId + 1 })],
    ["the chain id before", "ChainId", await other({ chainId: PAYMENT.chainId - 1 })],
    ["no chain id", "ChainId", spoilt(0, "0x80")],
    ["another target", "Target", await other({ to: PARTIES.token })],
    ["no target", "Target", spoilt(TO, "0x80")],
    ["a target of 19 bytes", "Target", spoilt(TO, concatHex(["0x93", slice(PAYMENT.to, 1)]))],
    ["a target of 21 bytes", "Target", spoilt(TO, concatHex(["0x9500", PAYMENT.to]))],
    ["a target that is a list", "Target", spoilt(TO, concatHex(["0xd4", PAYMENT.to]))],
    ["value", "Value", value],
    ["all value", "Value", wealth],
    ["a value of one zero byte", "Value", spoilt(VALUE, "0x00")],
    ["a value that is a list", "Value", spoilt(VALUE, "0xc0")],
    ["calldata one byte too long", "Data", await other({ data: concatHex([PAYMENT.data, "0x00"]) })],
    ["calldata one byte too short", "Data", await other({ data: slice(PAYMENT.data, 0, size(PAYMENT.data) - 1) })],
    ["calldata whose length has two bytes", "Data", spoilt(DATA, concatHex(["0xb900c4", PAYMENT.data]))],
    ["calldata that is a list", "Data", spoilt(DATA, concatHex(["0xf8c4", PAYMENT.data]))],
    ["an access list", "AccessList", await owner.signTransaction({ type: "eip1559", ...PAYMENT, accessList })],
    ["an access list that is a string", "AccessList", spoilt(ACCESS_LIST, "0x80")],
    ["an access list of an empty list", "AccessList", spoilt(ACCESS_LIST, "0xc1c0")],
  ];
}

function mutatedSignatures(raw: Hex): readonly Mutation[] {
  const items = itemsOf(raw);
  const spoilt = (name: keyof typeof SIGNATURE, value: bigint) =>
    rawOf(withItem(items, SIGNATURE[name], toRlp(value === 0n ? "0x" : numberToHex(value))));
  const [s] = [BigInt(fromRlp(items[SIGNATURE.s] ?? "0x", "hex") as Hex)];
  return [
    ...[2n, 27n, 28n, 2n ** 256n - 1n].map(
      (parity) => [`parity ${parity}`, "Signature", spoilt("parity", parity)] as const,
    ),
    ["r of zero", "Signature", spoilt("r", 0n)],
    ["r of the order", "Signature", spoilt("r", ORDER)],
    ["r of the largest word", "Signature", spoilt("r", 2n ** 256n - 1n)],
    ["s of zero", "Signature", spoilt("s", 0n)],
    ["s in the upper half", "Signature", spoilt("s", ORDER - s)],
    ["s one above the half", "Signature", spoilt("s", ORDER / 2n + 1n)],
    ["s of the order", "Signature", spoilt("s", ORDER)],
    // No point of the curve has this x.
    ["r that nobody can have", "Signature", spoilt("r", 5n)],
  ];
}

/** The twelve items of a transaction, each encoded. */
function itemsOf(raw: Hex): readonly Hex[] {
  return (fromRlp(slice(raw, 1), "hex") as Hex[]).map((item) => toRlp(item));
}

function withItem(items: readonly Hex[], index: number, item: Hex): readonly Hex[] {
  return items.map((other, at) => (at === index ? item : other));
}

/** A transaction of encoded items, whatever they are. Its list is longer than 55 bytes. */
function rawOf(items: readonly Hex[]): Hex {
  const body = concatHex([...items]);
  const length = size(body);
  const header: readonly Hex[] =
    length > 255 ? ["0xf9", numberToHex(length, { size: 2 })] : ["0xf8", numberToHex(length, { size: 1 })];
  return concatHex(["0x02", ...header, body]);
}

/** The call with one more bit set in an argument. */
function withBit(argument: number, bit: number): Hex {
  const start = 4 + 32 * argument;
  const word = BigInt(slice(PAYMENT.data, start, start + 32)) | (1n << BigInt(bit));
  return concatHex([slice(PAYMENT.data, 0, start), pad(numberToHex(word)), ...rest(start + 32)]);
}

function rest(start: number): readonly Hex[] {
  return start < size(PAYMENT.data) ? [slice(PAYMENT.data, start)] : [];
}
