import type { Address } from "viem";
import type { DepositAuthorization, Voucher } from "../../voucher/index.ts";
import { MAX_NAME_LENGTH } from "../core/fields.ts";
import { parse, type Fields } from "./fields.ts";
import { MAX_UINT256, MAX_UINT64, toWireInteger } from "../core/fields.ts";
import type {
  DeferredPayload,
  Deposit,
  DepositMethod,
  Parsed,
  Permit,
  SignedSignerAuthorization,
  WireDeposit,
  WirePayload,
  WireSignerAuthorization,
  WireVoucher,
} from "./types.ts";

const PAYLOAD = "invalid_deferred_evm_payload_malformed";
const VOUCHER = "invalid_deferred_evm_payload_voucher_malformed";
const DEPOSIT = "invalid_deferred_evm_payload_deposit_authorization_malformed";
const PERMIT = "invalid_deferred_evm_payload_permit_malformed";
const SIGNER = "invalid_deferred_evm_payload_signer_authorization_malformed";
const MAX_CHAIN_ID = BigInt(Number.MAX_SAFE_INTEGER);

/** Every method a deposit can come by. */
export const DEPOSIT_METHODS: readonly DepositMethod[] = ["eip3009", "permit2", "eip2612", "allowance"];

/**
 * Reads what a payment carries. Says nothing about what the fields mean: that is the acceptor's work.
 *
 * - Source: docs/x402/deferred.md, Payload
 *
 * @param payload - `PaymentPayload.payload` as decoded; may be anything.
 * @returns The payload, addresses and hex in lower case, or the scheme's code for the field that is wrong. Never throws.
 *
 * @example
 * const payload = parsePayload(paymentPayload.payload);
 * if (!payload.isValid) return payload.code;
 */
export function parsePayload(payload: unknown): Parsed<DeferredPayload> {
  return parse(payload, PAYLOAD, (fields) => {
    const voucher = readVoucher(fields.object("voucher", VOUCHER));
    const signature = fields.signature("signature");
    return {
      voucher,
      signature,
      ...(fields.has("depositAuthorization") && {
        deposit: readDeposit(fields.object("depositAuthorization", DEPOSIT)),
      }),
      ...(fields.has("signerAuthorization") && {
        signerAuthorization: readSigner(fields.object("signerAuthorization", SIGNER), voucher.buyer),
      }),
    };
  });
}

/** Reads a voucher; for {@link parse}. */
export function readVoucher(fields: Fields): Voucher {
  return {
    id: fields.bytes32("id"),
    buyer: fields.address("buyer"),
    seller: fields.address("seller"),
    valueAggregate: fields.amount("valueAggregate"),
    asset: fields.address("asset"),
    timestamp: fields.integer("timestamp", MAX_UINT64),
    nonce: fields.integer("nonce", MAX_UINT256),
    escrow: fields.address("escrow"),
    chainId: fields.integer("chainId", MAX_CHAIN_ID),
    expiry: fields.integer("expiry", MAX_UINT64),
  };
}

/** Reads a deposit; for {@link parse}. */
export function readDeposit(fields: Fields): Deposit {
  const inner = fields.object("depositAuthorization");
  const authorization: DepositAuthorization = {
    buyer: inner.address("buyer"),
    seller: inner.address("seller"),
    asset: inner.address("asset"),
    amount: inner.amount("amount"),
    nonce: inner.bytes32("nonce"),
    expiry: inner.integer("expiry", MAX_UINT64),
  };
  const signature = inner.signature("signature");
  if (fields.has("method")) {
    return { method: fields.oneOf("method", ["eip3009", "permit2"] as const), authorization, signature };
  }
  if (!fields.has("permit")) return { method: "allowance", authorization, signature };
  return { method: "eip2612", authorization, signature, permit: readPermit(fields.object("permit", PERMIT)) };
}

function readPermit(fields: Fields): Permit {
  const domain = fields.object("domain");
  return {
    owner: fields.address("owner"),
    spender: fields.address("spender"),
    value: fields.amount("value"),
    nonce: fields.integer("nonce", MAX_UINT256),
    deadline: fields.integer("deadline", MAX_UINT256),
    domain: { name: domain.text("name", MAX_NAME_LENGTH), version: domain.text("version", MAX_NAME_LENGTH) },
    signature: fields.signature("signature"),
  };
}

/** Reads a signer authorization; for {@link parse}. */
export function readSigner(fields: Fields, buyer: Address): SignedSignerAuthorization {
  return {
    authorization: {
      buyer,
      signer: fields.address("signer"),
      validUntil: fields.integer("validUntil", MAX_UINT64),
      expiry: fields.integer("expiry", MAX_UINT64),
    },
    signature: fields.signature("signature"),
  };
}

/**
 * Writes a voucher as the scheme has it.
 *
 * - Source: docs/x402/deferred.md, Payload
 *
 * @param voucher - `valueAggregate` in token base units, times in unix seconds.
 * @returns `voucher` of the payload.
 *
 * @example
 * const wire = toWireVoucher(voucher);
 */
export function toWireVoucher(voucher: Voucher): WireVoucher {
  return {
    id: voucher.id,
    buyer: voucher.buyer,
    seller: voucher.seller,
    valueAggregate: voucher.valueAggregate.toString(),
    asset: voucher.asset,
    timestamp: toWireInteger(voucher.timestamp),
    nonce: toWireInteger(voucher.nonce),
    escrow: voucher.escrow,
    chainId: toWireInteger(voucher.chainId),
    expiry: toWireInteger(voucher.expiry),
  };
}

/**
 * Writes a deposit.
 *
 * - Source: docs/x402/deferred.md, Payload
 *
 * @param deposit - Amounts in token base units, times in unix seconds.
 * @returns `depositAuthorization` of the payload.
 *
 * @example
 * const depositAuthorization = toWireDeposit(deposit);
 */
export function toWireDeposit({ method, authorization, signature, permit }: Deposit): WireDeposit {
  return {
    ...((method === "eip3009" || method === "permit2") && { method }),
    ...(permit !== undefined && {
      permit: {
        ...permit,
        value: permit.value.toString(),
        nonce: toWireInteger(permit.nonce),
        deadline: toWireInteger(permit.deadline),
      },
    }),
    depositAuthorization: {
      ...authorization,
      amount: authorization.amount.toString(),
      expiry: toWireInteger(authorization.expiry),
      signature,
    },
  };
}

/** Writes a signer authorization. */
export function toWireSigner({ authorization, signature }: SignedSignerAuthorization): WireSignerAuthorization {
  const { signer, validUntil, expiry } = authorization;
  return { signer, validUntil: toWireInteger(validUntil), expiry: toWireInteger(expiry), signature };
}

/**
 * Writes what a payment carries.
 *
 * - Source: docs/x402/deferred.md, Payload
 *
 * @param payload - Amounts in token base units, times in unix seconds.
 * @returns `PaymentPayload.payload`.
 *
 * @example
 * const payload = toWirePayload({ voucher, signature });
 */
export function toWirePayload({ voucher, signature, deposit, signerAuthorization }: DeferredPayload): WirePayload {
  return {
    signature,
    voucher: toWireVoucher(voucher),
    ...(deposit !== undefined && { depositAuthorization: toWireDeposit(deposit) }),
    ...(signerAuthorization !== undefined && { signerAuthorization: toWireSigner(signerAuthorization) }),
  };
}
