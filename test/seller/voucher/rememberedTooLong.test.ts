import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createMemoryStore } from "../../../client/seller/voucher/store/memory.ts";
import { createSqliteStore } from "../../../client/seller/voucher/store/sqlite.ts";
import { authorizeSigner } from "../../../client/voucher/actions/authorizeSigner.ts";
import { releaseWithAuthorization } from "../../../client/voucher/actions/releaseWithAuthorization.ts";
import { revokeSigner } from "../../../client/voucher/actions/revokeSigner.ts";
import { mined } from "../../helpers/mined.ts";
import { ACCOUNT, address, block, chainUpdate, DAY, ESCROW, NOW } from "./fixtures.ts";
import { deployMarket, openMarket } from "./market.ts";

const SECONDS_OF_DAY = 86_400;
const newKey = () => privateKeyToAccount(generatePrivateKey());

describe("what a seller must not remember", function () {
  this.timeout(60_000);
  let place: Awaited<ReturnType<typeof deployMarket>>;
  before(async () => {
    place = await deployMarket();
  });
  after(() => place.base.close());

  async function pass(seconds: number): Promise<void> {
    await place.base.testClient.increaseTime({ seconds });
    await place.base.testClient.mine({ blocks: 1 });
  }

  it("a session signer that was revoked while its buyer's account was empty", async () => {
    const market = await openMarket(place);
    const [buyer, session] = [newKey(), newKey()];
    const { publicClient, testClient } = market.base;
    await testClient.setBalance({ address: buyer.address, value: parseEther("1") });
    const wallet = market.base.walletOf(buyer);
    const key = { escrow: market.escrow.escrow, signer: session.address };
    await mined(publicClient, await authorizeSigner(wallet, { ...key, validUntil: market.now() + 60n * DAY }));
    await market.chainView.sync();
    // The seller gets to know the key before there is anything in the account.
    const early = await market.payment(session, market.voucher(buyer.address));
    expect(await market.answer(early)).to.equal("insufficient_funds");

    await mined(publicClient, await revokeSigner(wallet, key));
    await market.chainView.sync();
    await pass(2 * SECONDS_OF_DAY);
    await market.fund(buyer, 1_000n);
    await market.chainView.sync();
    const late = await market.payment(session, market.voucher(buyer.address, { valueAggregate: 1_000n }), 1_000n);
    expect(await market.answer(late)).to.not.equal("accepted");
    await market.close();
  });

  it("the balance of an account that was emptied before a restart", async () => {
    const folder = await mkdtemp(join(tmpdir(), "x402-escrow-emptied-"));
    const path = join(folder, "vouchers.sqlite");
    const buyer = newKey();
    const market = await openMarket(place, { store: createSqliteStore({ path }) });
    await market.fund(buyer, 1_000n);
    const account = { buyer: buyer.address, asset: market.account(buyer.address).asset };
    await market.acceptor.getAccount(account);
    const release = await market.releases.sign(account);
    const { publicClient, wallets } = market.base;
    const hash = await releaseWithAuthorization(wallets.stranger, { escrow: market.escrow.escrow, ...release });
    await mined(publicClient, hash);
    await market.chainView.sync();
    await market.close();
    await pass(7_200);

    const restarted = await openMarket(place, { store: createSqliteStore({ path }) });
    const payment = await restarted.payment(
      buyer,
      restarted.voucher(buyer.address, { valueAggregate: 1_000n }),
      1_000n,
    );
    expect(await restarted.answer(payment)).to.equal("insufficient_funds");
    await restarted.close();
    await rm(folder, { recursive: true });
  });

  it("a session signer whose authorization was lost in a re-organisation", async () => {
    const store = createMemoryStore();
    const key = { ...ESCROW, buyer: ACCOUNT.buyer, signer: address("session"), isRevoked: false };
    await store.applyChain([chainUpdate()], [{ ...key, validUntil: NOW + 30n * DAY, block: block(100n) }]);
    await store.rewindChain(ESCROW, 90n);
    // The other branch is shorter: what it says counts all the same.
    await store.applyChain([chainUpdate({ block: block(95n) })], [{ ...key, validUntil: 0n, block: block(95n) }]);
    expect((await store.getSigner(ESCROW, key.buyer, key.signer))?.validUntil).to.equal(0n);
  });
});
