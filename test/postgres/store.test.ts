import { describeFlashStore } from "../seller/flash/store/suite.ts";
import { checkAgainstModel } from "../seller/flash/store/property.ts";
import { newStore } from "./database.ts";

describeFlashStore("PostgreSQL store of flash", newStore);

describe("PostgreSQL store of flash beside a simple model", () => {
  it("what was accepted is settled or lies in the escrow", () => checkAgainstModel(newStore, 15));
});
