import type { FlashEscrowId } from "../../seller/flash/types.ts";
import { MAX_UINT128, MAX_UINT256, MAX_UINT32, MAX_UINT64 } from "../core/fields.ts";
import { createRecordFile } from "../core/recordFile.ts";
import { parse, type Fields } from "./fields.ts";
import {
  payerKey,
  type PayerLaneRecord,
  type PayerRecord,
  type PayerStorage,
  type SparePayment,
} from "./payerStorage.ts";
import { readOpening, readTopUp, toWireOpening, toWireRenewal } from "./wire.ts";

const VERSION = 1;

/**
 * Keeps what a payer knows in one JSON file, replaced as a whole with every change. For one process at a time.
 *
 * @param path - File to use; its folder exists.
 * @returns The storage. Its `load` throws {@link UnreadableStorageError} when the file is not one of this storage.
 *
 * @example
 * const scheme = new FlashEvmScheme({ client, settlements, storage: createFilePayerStorage("./payer.json") });
 */
export function createFilePayerStorage(path: string): PayerStorage {
  return createRecordFile({
    path,
    version: VERSION,
    keyOf: (record: PayerRecord) => payerKey(record.escrow),
    toJson,
    fromJson: (account) => parse(account, "flash_payload_malformed", fromJson),
  });
}

function toJson(record: PayerRecord): unknown {
  const { escrow, epoch, isOpen, nextNonce, lanes, spares, signed, served, carried, openings, topUps, shown } = record;
  return {
    escrow: { ...escrow, chainId: escrow.chainId.toString() },
    epoch: epoch.toString(),
    isOpen,
    nextNonce: nextNonce.toString(),
    lanes: lanes.map(({ lane, promised, charged, isAvoided }) => ({
      lane: lane.toString(),
      promised: promised.toString(),
      charged: charged.toString(),
      isAvoided,
    })),
    spares: spares.map(({ kind, nonce, amount }) => ({ kind, nonce: nonce.toString(), amount: amount.toString() })),
    signed: signed.toString(),
    served: served.toString(),
    carried: carried.toString(),
    openings: openings.map(toWireOpening),
    topUps: topUps.map((topUp) => toWireRenewal({ topUp })),
    ...(shown !== undefined && { shown: { epoch: shown.epoch.toString(), balance: shown.balance.toString() } }),
  };
}

function fromJson(fields: Fields): PayerRecord {
  return {
    escrow: readEscrow(fields.object("escrow")),
    epoch: fields.integer("epoch", MAX_UINT32),
    isOpen: fields.flag("isOpen"),
    nextNonce: fields.integer("nextNonce", MAX_UINT64),
    lanes: fields.objects("lanes").map(readLane),
    spares: fields.objects("spares").map(readSpare),
    signed: fields.amount("signed"),
    served: fields.amount("served"),
    carried: fields.amount("carried"),
    openings: fields.objects("openings").map(readOpening),
    topUps: fields.objects("topUps").map(readTopUp),
    ...(fields.has("shown") && { shown: readShown(fields.object("shown")) }),
  };
}

function readEscrow(fields: Fields): FlashEscrowId {
  return {
    chainId: fields.integer("chainId", MAX_UINT256),
    settlement: fields.address("settlement"),
    client: fields.address("client"),
    server: fields.address("server"),
    token: fields.address("token"),
  };
}

function readLane(fields: Fields): PayerLaneRecord {
  return {
    lane: fields.integer("lane", MAX_UINT64),
    promised: fields.amount("promised", MAX_UINT128),
    charged: fields.amount("charged", MAX_UINT128),
    isAvoided: fields.flag("isAvoided"),
  };
}

function readShown(fields: Fields): NonNullable<PayerRecord["shown"]> {
  return { epoch: fields.integer("epoch", MAX_UINT32), balance: fields.amount("balance") };
}

function readSpare(fields: Fields): SparePayment {
  return {
    kind: fields.oneOf("kind", ["payment", "transaction"] as const),
    nonce: fields.integer("nonce", MAX_UINT64),
    amount: fields.amount("amount", MAX_UINT128),
  };
}
