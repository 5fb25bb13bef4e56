/** Format of the file. Counts from 1,001, so that a file of the voucher family is never taken for one of these. */
export const FLASH_SCHEMA_VERSION = 1_002;

/** Amounts and totals are decimal text: they have more bits than an integer of SQLite. */
export const FLASH_SCHEMA = `
  CREATE TABLE escrows (
    id INTEGER PRIMARY KEY,
    chain_id TEXT NOT NULL,
    settlement TEXT NOT NULL,
    client TEXT NOT NULL,
    server TEXT NOT NULL,
    token TEXT NOT NULL,
    epoch TEXT NOT NULL,
    confirmed TEXT NOT NULL,
    head TEXT NOT NULL,
    top_block INTEGER NOT NULL,
    is_stale INTEGER NOT NULL,
    is_stopped INTEGER NOT NULL,
    is_impaired INTEGER NOT NULL,
    accepted TEXT NOT NULL,
    nonce_base TEXT NOT NULL,
    nonce_bits TEXT NOT NULL,
    UNIQUE (chain_id, settlement, client, server, token)
  ) STRICT;
  CREATE TABLE lanes (
    escrow_id INTEGER NOT NULL REFERENCES escrows (id),
    lane TEXT NOT NULL,
    charged TEXT NOT NULL,
    settled TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    total TEXT NOT NULL,
    digest TEXT NOT NULL,
    deadline TEXT NOT NULL,
    signature TEXT NOT NULL,
    published TEXT NOT NULL,
    PRIMARY KEY (escrow_id, lane)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    escrow_id INTEGER NOT NULL REFERENCES escrows (id),
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount TEXT NOT NULL,
    nonce TEXT NOT NULL,
    deadline TEXT NOT NULL,
    evidence TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    is_settled INTEGER NOT NULL,
    UNIQUE (escrow_id, digest)
  ) STRICT;
  CREATE INDEX items_unsettled ON items (escrow_id) WHERE is_settled = 0;
  CREATE TABLE settled_items (
    id INTEGER PRIMARY KEY,
    escrow_id INTEGER NOT NULL REFERENCES escrows (id),
    digest TEXT NOT NULL,
    transaction_hash TEXT,
    UNIQUE (escrow_id, digest)
  ) STRICT;
  CREATE INDEX settled_items_by_age ON settled_items (escrow_id);
  CREATE TABLE releases (
    escrow_id INTEGER NOT NULL REFERENCES escrows (id),
    nonce TEXT NOT NULL,
    authorization_json TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (escrow_id, nonce)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE synced_blocks (
    chain_id TEXT NOT NULL,
    settlement TEXT NOT NULL,
    server TEXT NOT NULL,
    number INTEGER NOT NULL,
    timestamp TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (chain_id, settlement, server)
  ) STRICT, WITHOUT ROWID;
`;
