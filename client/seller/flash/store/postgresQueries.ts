/** Every query of the PostgreSQL store, each prepared once a connection under its name. */

const LOAD = `SELECT e.id, e.version, e.chain_id, e.settlement, e.client, e.server, e.token, e.epoch, e.confirmed, e.head, e.is_stale,
    e.is_stopped, e.is_impaired, e.accepted, e.nonce_base, e.nonce_bits,
    (SELECT coalesce(json_agg(json_build_object('lane', l.lane, 'charged', l.charged::text, 'settled', l.settled,
      'published', l.published,      'accepted_at', l.accepted_at, 'total', l.total, 'digest', l.digest, 'deadline', l.deadline, 'signature', l.signature)), '[]')
      FROM x402_flash_lanes l WHERE l.escrow_id = e.id AND l.epoch = e.epoch) AS lanes,
    (SELECT coalesce(json_agg(json_build_object('id', r.id, 'price', r.price::text, 'increase', r.increase::text, 'until', r.until,
      'item', r.item)), '[]')
      FROM x402_flash_reservations r WHERE r.escrow_id = e.id AND r.epoch = e.epoch) AS reservations,
    (SELECT coalesce(json_agg(json_build_object('nonce', l.nonce, 'authorization_json', l.authorization_json,
      'signature', l.signature)), '[]')
      FROM x402_flash_releases l WHERE l.escrow_id = e.id) AS releases
  FROM x402_flash_escrows e WHERE e.chain_id = $1 AND e.settlement = $2 AND e.server = $3`;

/** One book as it stood at one moment. */
export const LOAD_BOOK = { name: "x402_flash_load_book", text: `${LOAD} AND e.client = $4 AND e.token = $5` };

/** Every book of a server. */
export const LOAD_BOOKS = { name: "x402_flash_load_books", text: LOAD };

/** Starts a book, unless another process did. */
export const INSERT_BOOK = {
  name: "x402_flash_insert_book",
  text: `INSERT INTO x402_flash_escrows (chain_id, settlement, server, client, token, epoch, confirmed, head, top_block, is_stale,
      is_stopped, accepted, nonce_base, nonce_bits)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING RETURNING id`,
};

/**
 * The conditional write: changes a book and what belongs to it, if nobody changed the book since it was read, else nothing. What one
 * process decided on a book that another has changed is never written, so together they never accept more than the escrow (R1).
 */
export const WRITE_BOOK = {
  name: "x402_flash_write_book",
  text: `WITH book AS (
      UPDATE x402_flash_escrows SET version = version + 1, accepted = $3, nonce_base = $4, nonce_bits = $5, epoch = $6,
        is_stale = $7, is_stopped = $8, is_impaired = $17, confirmed = coalesce($9, confirmed), head = coalesce($10, head),
        top_block = coalesce($11, top_block)
      WHERE id = $1 AND version = $2 RETURNING id, epoch
    ), lanes AS (
      INSERT INTO x402_flash_lanes (escrow_id, epoch, lane, charged, settled, published, accepted_at, total, digest, deadline, signature)
      SELECT book.id, book.epoch, l.lane, 0, l.settled, l.published, l.accepted_at, l.total, l.digest, l.deadline, l.signature FROM book,
        json_to_recordset($12) AS l (lane TEXT, settled TEXT, published TEXT, accepted_at TEXT, total TEXT, digest TEXT, deadline TEXT, signature TEXT)
      ON CONFLICT (escrow_id, epoch, lane) DO UPDATE SET settled = excluded.settled, published = excluded.published, accepted_at = excluded.accepted_at,
        total = excluded.total, digest = excluded.digest, deadline = excluded.deadline, signature = excluded.signature
    ), reserved AS (
      INSERT INTO x402_flash_reservations (id, escrow_id, epoch, lane, price, increase, until, item)
      SELECT r.id, book.id, book.epoch, r.lane, r.price::numeric, r.increase::numeric, r.until, r.item FROM book,
        json_to_recordset($13) AS r (id TEXT, lane TEXT, price TEXT, increase TEXT, until TEXT, item TEXT)
    ), released AS (
      INSERT INTO x402_flash_releases (escrow_id, nonce, authorization_json, signature)
      SELECT book.id, r.nonce, r.authorization_json, r.signature FROM book,
        json_to_recordset($14) AS r (nonce TEXT, authorization_json TEXT, signature TEXT)
    ), ended AS (
      DELETE FROM x402_flash_releases r USING book WHERE r.escrow_id = book.id AND r.nonce = ANY ($15::text[])
    ), forgotten AS (
      DELETE FROM x402_flash_items i USING book
      WHERE i.escrow_id = book.id AND i.epoch = book.epoch AND i.kind = 'payment' AND i.digest = ANY ($16::text[])
    ), noted AS (
      INSERT INTO x402_flash_settled_items (escrow_id, digest) SELECT book.id, d.digest FROM book, unnest($16::text[]) AS d (digest)
      ON CONFLICT DO NOTHING
    ), settled AS (
      UPDATE x402_flash_items i SET is_settled = true, evidence = '' FROM book
      WHERE i.escrow_id = book.id AND i.epoch = book.epoch AND i.kind <> 'payment' AND i.digest = ANY ($16::text[])
    ) SELECT id FROM book`,
};

/** Forgets what belongs to earlier epochs. Nothing reads it any more. */
export const FORGET_EPOCHS = ["x402_flash_lanes", "x402_flash_items", "x402_flash_reservations"].map((table) => ({
  name: `${table}_forget`,
  text: `DELETE FROM ${table} WHERE escrow_id = $1 AND epoch < $2`,
}));

/** Turns a reservation of the current epoch into an accepted item, if it is still held. It leaves the accepted total as it is. */
export const COMMIT = {
  name: "x402_flash_commit",
  text: `WITH gone AS (
      DELETE FROM x402_flash_reservations r USING x402_flash_escrows e
      WHERE r.id = $1 AND e.id = r.escrow_id AND e.epoch = r.epoch RETURNING r.escrow_id, r.epoch, r.lane, r.price
    ), charged AS (
      UPDATE x402_flash_lanes l SET charged = l.charged + gone.price FROM gone
      WHERE l.escrow_id = gone.escrow_id AND l.epoch = gone.epoch AND l.lane = gone.lane
    ), added AS (
      INSERT INTO x402_flash_items (escrow_id, epoch, digest, kind, amount, nonce, deadline, evidence, accepted_at, is_settled)
      SELECT gone.escrow_id, gone.epoch, i.digest, i.kind, i.amount, i.nonce, i.deadline, i.evidence, i.accepted_at,
        i.kind = 'settled'
      FROM gone, json_to_recordset($2) AS i (digest TEXT, kind TEXT, amount TEXT, nonce TEXT, deadline TEXT, evidence TEXT,
        accepted_at TEXT)
    ) SELECT escrow_id FROM gone`,
};

/** Ends a reservation, if it is still held. The book is locked first, as every write does, so that no two wait for each other. */
export const CANCEL = {
  name: "x402_flash_cancel",
  text: `WITH locked AS (
      SELECT id FROM x402_flash_escrows WHERE id = (SELECT escrow_id FROM x402_flash_reservations WHERE id = $1)
      FOR NO KEY UPDATE
    ), gone AS (
      DELETE FROM x402_flash_reservations r USING locked WHERE r.id = $1 AND r.escrow_id = locked.id
      RETURNING r.escrow_id, r.epoch, r.lane, r.increase
    ) UPDATE x402_flash_escrows e SET version = e.version + 1,
        accepted = e.accepted - CASE WHEN gone.lane IS NULL AND gone.epoch = e.epoch THEN gone.increase ELSE 0 END
      FROM gone WHERE e.id = gone.escrow_id`,
};

export const HAS_ITEM = {
  name: "x402_flash_has_item",
  text: "SELECT 1 FROM x402_flash_items WHERE escrow_id = $1 AND epoch = $2 AND digest = $3",
};

const ESCROW = "e.chain_id = $1 AND e.settlement = $2 AND e.server = $3 AND e.client = $4 AND e.token = $5";

export const FIND_ITEM = {
  name: "x402_flash_find_item",
  text: `SELECT s.digest AS noted, s.transaction_hash, i.kind, i.is_settled FROM x402_flash_escrows e
    LEFT JOIN x402_flash_settled_items s ON s.escrow_id = e.id AND s.digest = $6
    LEFT JOIN x402_flash_items i ON i.escrow_id = e.id AND i.epoch = e.epoch AND i.digest = $6 WHERE ${ESCROW}`,
};

export const NOTE_SETTLED = {
  name: "x402_flash_note_settled",
  text: `INSERT INTO x402_flash_settled_items (escrow_id, digest, transaction_hash)
    SELECT e.id, d.digest, $7 FROM x402_flash_escrows e, unnest($6::text[]) AS d (digest) WHERE ${ESCROW}
    ON CONFLICT (escrow_id, digest) DO UPDATE SET transaction_hash = excluded.transaction_hash`,
};

/** Forgets the oldest settled items of an escrow beyond the limit. */
export const FORGET_SETTLED = {
  name: "x402_flash_forget_settled",
  text: `DELETE FROM x402_flash_settled_items s USING x402_flash_escrows e WHERE ${ESCROW} AND s.escrow_id = e.id AND s.id <=
    (SELECT o.id FROM x402_flash_settled_items o WHERE o.escrow_id = e.id ORDER BY o.id DESC LIMIT 1 OFFSET $6)`,
};

export const LIST_ITEMS = {
  name: "x402_flash_list_items",
  text: "SELECT * FROM x402_flash_items WHERE escrow_id = $1 AND epoch = $2 AND NOT is_settled ORDER BY id",
};

export const MARK_STALE = {
  name: "x402_flash_mark_stale",
  text: `UPDATE x402_flash_escrows SET is_stale = true, version = version + 1
    WHERE chain_id = $1 AND settlement = $2 AND top_block > $3`,
};

export const LOAD_SYNCED_BLOCK = {
  name: "x402_flash_load_synced_block",
  text: "SELECT number, timestamp, hash FROM x402_flash_synced_blocks WHERE chain_id = $1 AND settlement = $2 AND server = $3",
};

export const SAVE_SYNCED_BLOCK = {
  name: "x402_flash_save_synced_block",
  text: `INSERT INTO x402_flash_synced_blocks VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (chain_id, settlement, server)
    DO UPDATE SET number = excluded.number, timestamp = excluded.timestamp, hash = excluded.hash`,
};
