import {
  buyerAccountKey,
  type BuyerAccountId,
  type BuyerAccountRecord,
  type BuyerStorage,
  type LaneRecord,
} from "./buyerStorage.ts";
import { MAX_UINT256, MAX_UINT64 } from "../core/fields.ts";
import { createRecordFile } from "../core/recordFile.ts";
import { parse, type Fields } from "./fields.ts";
import { readDeposit, toWireDeposit } from "./wire.ts";

const VERSION = 1;

/**
 * Keeps what a buyer knows in one JSON file, replaced as a whole with every change. For one process at a time.
 *
 * @param path - File to use; its folder exists.
 * @returns The storage. {@link BuyerStorage.load} throws {@link UnreadableStorageError} when the file is not one of this storage.
 *
 * @example
 * const scheme = new DeferredEvmScheme({ buyer, escrows, storage: createFileBuyerStorage("./buyer.json") });
 */
export function createFileBuyerStorage(path: string): BuyerStorage {
  return createRecordFile({
    path,
    version: VERSION,
    keyOf: (record: BuyerAccountRecord) => buyerAccountKey(record.account),
    toJson,
    fromJson: (account) => parse(account, "invalid_deferred_evm_payload_malformed", fromJson),
  });
}

function toJson(record: BuyerAccountRecord): unknown {
  const { account, lanes, available, deposited, pendingDeposit, deniedDeposits, signerValidUntil } = record;
  return {
    account: { ...account, chainId: account.chainId.toString() },
    lanes: lanes.map(({ id, nextNonce, charged, promised, timestamp, expiry, isUncertain }) => ({
      id,
      nextNonce: nextNonce.toString(),
      charged: charged.toString(),
      promised: promised.toString(),
      timestamp: timestamp.toString(),
      expiry: expiry.toString(),
      isUncertain,
    })),
    available: available?.toString(),
    deposited: deposited.toString(),
    pendingDeposit: pendingDeposit && toWireDeposit(pendingDeposit),
    deniedDeposits: deniedDeposits.map(toWireDeposit),
    signerValidUntil: signerValidUntil.toString(),
  };
}

function fromJson(fields: Fields): BuyerAccountRecord {
  return {
    account: readAccount(fields.object("account")),
    lanes: fields.objects("lanes").map(readLane),
    ...(fields.has("available") && { available: fields.amount("available") }),
    deposited: fields.amount("deposited"),
    ...(fields.has("pendingDeposit") && { pendingDeposit: readDeposit(fields.object("pendingDeposit")) }),
    deniedDeposits: fields.objects("deniedDeposits").map(readDeposit),
    signerValidUntil: fields.integer("signerValidUntil", MAX_UINT64),
  };
}

function readAccount(fields: Fields): BuyerAccountId {
  return {
    chainId: fields.integer("chainId", MAX_UINT256),
    escrow: fields.address("escrow"),
    seller: fields.address("seller"),
    asset: fields.address("asset"),
    buyer: fields.address("buyer"),
  };
}

function readLane(fields: Fields): LaneRecord {
  return {
    id: fields.bytes32("id"),
    nextNonce: fields.integer("nextNonce", MAX_UINT256),
    charged: fields.amount("charged"),
    promised: fields.amount("promised"),
    timestamp: fields.integer("timestamp", MAX_UINT64),
    expiry: fields.integer("expiry", MAX_UINT64),
    isUncertain: fields.flag("isUncertain"),
  };
}
