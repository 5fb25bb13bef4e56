import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryPaymentStore, createSqlitePaymentStore } from "../../../client/seller/auth-capture/index.ts";
import { describeReorganizations } from "./reorgSuite.ts";

describe("manager of auth-capture payments, on a chain that reorganizes", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "payments-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  describeReorganizations("memory", createMemoryPaymentStore);
  describeReorganizations("SQLite", () => createSqlitePaymentStore({ path: join(folder, `${randomUUID()}.sqlite`) }));
});
