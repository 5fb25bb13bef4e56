import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { StoreVersionError } from "../../client/seller/core/errors.ts";
import { createSqliteStatements, inTransaction, openSqlite } from "../../client/seller/core/sqlite.ts";

describe("SQLite of the stores", () => {
  const schema = "CREATE TABLE notes (text TEXT NOT NULL) STRICT;";
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sqlite-"));
    path = join(folder, "store.sqlite");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("leaves a file that it refuses to others", () => {
    openSqlite({ path, synchronous: "NORMAL", schema, version: 1 }).close();
    expect(() => openSqlite({ path, synchronous: "NORMAL", schema, version: 2 })).to.throw(
      StoreVersionError,
      "format 1",
    );
    openSqlite({ path, synchronous: "NORMAL", schema, version: 1 }).close();
  });

  for (const [synchronous, level] of [
    ["NORMAL", 1],
    ["FULL", 2],
  ] as const) {
    it(`waits for the disk as ${synchronous} says`, () => {
      const database = openSqlite({ path, synchronous, schema, version: 1 });
      expect(database.prepare("PRAGMA synchronous").get()).to.have.property("synchronous", level);
      database.close();
    });
  }

  describe("a transaction", () => {
    let database: DatabaseSync;

    beforeEach(() => {
      database = new DatabaseSync(":memory:");
      database.exec(schema);
    });

    afterEach(() => {
      database.close();
    });

    const note = (text: string): void => {
      createSqliteStatements(database).run("INSERT INTO notes VALUES (?)", [text]);
    };
    const notes = () => createSqliteStatements(database).all("SELECT text FROM notes", []);

    it("that fails leaves nothing behind, and room for the next", () => {
      const fail = (): void => {
        note("lost");
        throw new Error("no more");
      };
      expect(() => inTransaction(database, fail)).to.throw("no more");
      inTransaction(database, () => note("kept"));
      expect(notes().map(({ text }) => text)).to.deep.equal(["kept"]);
    });

    it("that SQLite ended by itself fails with what was wrong", () => {
      const loseTransaction = (): void => {
        database.exec("ROLLBACK");
        throw new Error("disk full");
      };
      expect(() => inTransaction(database, loseTransaction)).to.throw("disk full");
    });
  });
});
