import { until } from "../until.ts";
import { expect } from "chai";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createVoucherSeller } from "../../../client/seller/voucher/seller.ts";
import { createMemoryStore } from "../../../client/seller/voucher/store/memory.ts";
import type { CollectProgress } from "../../../client/seller/voucher/collect/types.ts";
import { USDC } from "../../base/addresses.ts";
import { deployMarket, openMarket } from "./market.ts";

describe("a seller put together", () => {
  it("accepts, collects by its policy, releases the rest and stops", async () => {
    const place = await deployMarket();
    const market = await openMarket(place);
    const buyer = privateKeyToAccount(generatePrivateKey());
    await market.fund(buyer, 1_000n);
    const progress: CollectProgress[] = [];
    const seller = await createVoucherSeller({
      client: market.base.publicClient,
      wallet: market.base.wallets.relayer,
      escrow: market.escrow,
      seller: market.base.actors.seller.address,
      assets: [USDC],
      store: createMemoryStore(),
      confirmations: 0,
      signer: market.base.actors.seller,
      limits: { maxLanes: 2 },
      policy: { minValue: () => 200n },
      pollingInterval: 10,
      onProgress: (step) => progress.push(step),
      clock: market.now,
    });
    await seller.start();
    expect(seller.acceptor.limits.maxLanes).to.equal(2);

    for (const nonce of [0n, 1n]) {
      const promised = market.voucher(buyer.address, { nonce, valueAggregate: (nonce + 1n) * 100n });
      const result = await seller.acceptor.accept(await market.payment(buyer, promised));
      if (!result.isAccepted) throw new Error(result.code);
      await seller.acceptor.commit(result.reservation, 100n);
    }
    await until(async () => (await market.collected(buyer.address)) === 200n);
    const { authorization } = await seller.releases.sign({ buyer: buyer.address, asset: USDC });
    expect(authorization.amount).to.equal(800n);

    const last = market.voucher(buyer.address, { id: `0x${"1".repeat(64)}`, valueAggregate: 1n });
    const refused = await seller.acceptor.accept(await market.payment(buyer, last, 1n));
    expect(refused.isAccepted ? "accepted" : refused.code).to.equal("insufficient_funds");
    await seller.stop({ collect: true });
    expect(progress.some(({ kind }) => kind === "failed")).to.equal(false);
    await market.close();
    await place.base.close();
  });
});
