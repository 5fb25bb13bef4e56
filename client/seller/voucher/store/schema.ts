/** Format of the file; a change of the tables below changes it. */
export const SCHEMA_VERSION = 2;

/** Amounts and totals are decimal text: they have up to 256 bits. */
export const SCHEMA = `
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    chain_id TEXT NOT NULL,
    escrow TEXT NOT NULL,
    seller TEXT NOT NULL,
    asset TEXT NOT NULL,
    buyer TEXT NOT NULL,
    balance TEXT NOT NULL,
    thawing TEXT NOT NULL,
    thaw_end_time TEXT NOT NULL,
    block_number INTEGER NOT NULL,
    block_timestamp TEXT NOT NULL,
    block_hash TEXT NOT NULL,
    is_stale INTEGER NOT NULL,
    UNIQUE (chain_id, escrow, seller, asset, buyer)
  ) STRICT;
  CREATE TABLE lanes (
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    lane_id TEXT NOT NULL,
    charged TEXT NOT NULL,
    collected TEXT NOT NULL,
    is_uncollected INTEGER NOT NULL,
    oldest_charge_time TEXT NOT NULL,
    promised TEXT NOT NULL,
    value_aggregate TEXT,
    voucher_timestamp TEXT,
    nonce TEXT,
    expiry TEXT,
    signature TEXT,
    signer TEXT,
    signer_kind TEXT,
    voucher_hash TEXT,
    PRIMARY KEY (account_id, lane_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lanes_uncollected ON lanes (account_id) WHERE is_uncollected = 1;
  CREATE TABLE releases (
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    nonce TEXT NOT NULL,
    lane_id TEXT NOT NULL,
    collected_at_least TEXT NOT NULL,
    amount TEXT NOT NULL,
    expiry TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (account_id, nonce)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE signers (
    chain_id TEXT NOT NULL,
    escrow TEXT NOT NULL,
    buyer TEXT NOT NULL,
    signer TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    is_revoked INTEGER NOT NULL,
    block_number INTEGER NOT NULL,
    PRIMARY KEY (chain_id, escrow, buyer, signer)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE synced_blocks (
    chain_id TEXT NOT NULL,
    escrow TEXT NOT NULL,
    seller TEXT NOT NULL,
    number INTEGER NOT NULL,
    timestamp TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (chain_id, escrow, seller)
  ) STRICT, WITHOUT ROWID;
`;
