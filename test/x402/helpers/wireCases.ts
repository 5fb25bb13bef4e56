import type { WireOffer, WirePayload } from "../../../client/x402/deferred/types.ts";

export const ADDRESS = `0x${"ab".repeat(20)}` as const;
export const BYTES32 = `0x${"cd".repeat(32)}` as const;
const SIGNATURE = `0x${"ef".repeat(65)}` as const;

/** A payload with every field the wire has; only its form is right. */
export const WIRE_PAYLOAD = {
  signature: SIGNATURE,
  voucher: {
    id: BYTES32,
    buyer: ADDRESS,
    seller: ADDRESS,
    valueAggregate: "1000",
    asset: ADDRESS,
    timestamp: 1_700_000_000,
    nonce: 2,
    escrow: ADDRESS,
    chainId: 8453,
    expiry: 1_800_000_000,
  },
  depositAuthorization: {
    permit: {
      owner: ADDRESS,
      spender: ADDRESS,
      value: "5000",
      nonce: 0,
      deadline: 1_800_000_000,
      domain: { name: "USD Coin", version: "2" },
      signature: SIGNATURE,
    },
    depositAuthorization: {
      buyer: ADDRESS,
      seller: ADDRESS,
      asset: ADDRESS,
      amount: "5000",
      nonce: BYTES32,
      expiry: 1_800_000_000,
      signature: SIGNATURE,
    },
  },
  signerAuthorization: { signer: ADDRESS, validUntil: 1_900_000_000, expiry: 1_800_000_000, signature: SIGNATURE },
} satisfies WirePayload;

/** An offer with every field the wire has. */
export const WIRE_OFFER = {
  type: "aggregation",
  voucher: WIRE_PAYLOAD.voucher,
  signature: SIGNATURE,
  charged: "900",
  account: {
    balance: "10",
    assetAllowance: "20",
    assetPermitNonce: "3",
    assetDomainName: "USD Coin",
    assetDomainVersion: "2",
    facilitator: "https://facilitator.example",
  },
  name: "USD Coin",
  version: "2",
  deposit: { minimum: "100", suggested: "1000", methods: ["eip3009", "permit2", "eip2612", "allowance"] },
  thawingPeriod: 86_400,
  minVoucherLifetime: 90_000,
  maxLanes: 32,
  metered: true,
} satisfies WireOffer;

/** Fields and values that must be refused with one code. */
export interface FieldCase {
  readonly fields: readonly string[];
  readonly values: readonly unknown[];
  readonly code: string;
}

export const BAD_OBJECTS: readonly unknown[] = [undefined, null, 1, "object", [], true];
export const BAD_ADDRESSES: readonly unknown[] = [
  undefined,
  null,
  "",
  7,
  {},
  "0x",
  ADDRESS.slice(0, -1),
  `${ADDRESS}0`,
  ADDRESS.slice(2),
  `0x${"g".repeat(40)}`,
  `${ADDRESS}\n`,
  [ADDRESS],
];
export const BAD_BYTES32: readonly unknown[] = [
  undefined,
  null,
  "",
  7,
  BYTES32.slice(0, -2),
  `${BYTES32}00`,
  `0x${"z".repeat(64)}`,
];
export const BAD_AMOUNTS: readonly unknown[] = [
  undefined,
  null,
  "",
  1000,
  1n,
  "-1",
  "+1",
  "1.5",
  "1e3",
  "0x10",
  "01",
  " 1",
  "1 ",
  "1\n",
  "NaN",
  (2n ** 256n).toString(),
  "9".repeat(79),
  {},
  ["1"],
];
export const BAD_INTEGERS: readonly unknown[] = [
  undefined,
  null,
  "",
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  "-1",
  "1.5",
  "0x1",
  "1e3",
  {},
  [1],
  true,
  "9".repeat(79),
];
export const BAD_SIGNATURES: readonly unknown[] = [
  undefined,
  null,
  "",
  7,
  "0x",
  "0x0",
  `0x${"zz".repeat(65)}`,
  `0x${"00".repeat(4097)}`,
  SIGNATURE.slice(2),
  {},
];

/** Copies a value with one field replaced; `undefined` removes it. */
export function mutate<T>(value: T, path: string, replacement: unknown): unknown {
  const [name = "", ...rest] = path.split(".");
  const record = value as Record<string, unknown>;
  const inner = rest.length === 0 ? replacement : mutate(record[name] ?? {}, rest.join("."), replacement);
  return { ...record, [name]: inner };
}
