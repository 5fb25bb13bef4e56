import { expect } from "chai";
import { createMemoryStore } from "../../../../client/seller/voucher/store/memory.ts";
import { ACCOUNT, address, chainUpdate } from "../fixtures.ts";
import { describeVoucherStore } from "./suite.ts";

describeVoucherStore("memory store", () => createMemoryStore());

describe("memory store of many accounts", () => {
  it("forgets accounts with nothing in them, and no others", async () => {
    const store = createMemoryStore({ maxEmptyAccounts: 10 });
    const accounts = Array.from({ length: 40 }, (_, index) => ({ ...ACCOUNT, buyer: address(`buyer ${index}`) }));
    for (const [index, account] of accounts.entries()) {
      await store.applyChain([chainUpdate({ account, balance: index < 5 ? 1n : 0n })], []);
    }
    const known = await Promise.all(accounts.map(async (account) => (await store.getAccount(account)) !== undefined));
    expect(known.slice(0, 5)).to.deep.equal([true, true, true, true, true]);
    expect(known.slice(5).filter(Boolean).length).to.be.at.most(10);
  });
});
