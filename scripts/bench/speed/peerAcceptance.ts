import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { computeChannelId, signVoucher } from "@x402/evm/batch-settlement/client";
import { BatchSettlementEvmScheme, InMemoryChannelStorage } from "@x402/evm/batch-settlement/server";
import { zeroHash, type Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { itemsOf, type Subject } from "./measure.ts";
import { ASSET, benchBuyers, CHAIN_ID, PRICE, SELLER } from "./ourAcceptance.ts";

export const PEER = "@x402/evm batch-settlement server";

const NETWORK = `eip155:${CHAIN_ID}` as const;
const WITHDRAW_DELAY = 86_400;

const REQUIREMENTS: PaymentRequirements = {
  scheme: "batch-settlement",
  network: NETWORK,
  asset: ASSET,
  amount: PRICE.toString(),
  payTo: SELLER,
  maxTimeoutSeconds: 300,
  extra: { receiverAuthorizer: SELLER, withdrawDelay: WITHDRAW_DELAY },
};

/**
 * Prepares the peer's acceptance of one voucher each: its server's own hooks, as the SDK calls them for a paid request. It keeps its
 * channels in memory and their state on-chain counts as just read, so it verifies locally and asks nobody, as ours does.
 */
export async function peerAcceptance(perRound: number): Promise<Subject> {
  const storage = new InMemoryChannelStorage();
  const scheme = new BatchSettlementEvmScheme(SELLER, { storage, onchainStateTtlMs: Number.MAX_SAFE_INTEGER });
  const channels = await Promise.all(benchBuyers(20).map(async (buyer) => openChannel(buyer, storage)));
  const payments: PaymentPayload[] = [];
  for (let index = 0; index < itemsOf({ perRound }); index += 1) {
    const channel = channels[index % channels.length];
    if (channel === undefined) throw new Error("no channels");
    payments.push(await sign(channel, BigInt(Math.floor(index / channels.length) + 1)));
  }
  return {
    name: PEER,
    perRound,
    run: async (index) => {
      const paymentPayload = payments[index];
      if (paymentPayload === undefined) throw new Error("more items than payments");
      await serve(scheme, paymentPayload);
    },
  };
}

async function serve({ schemeHooks }: BatchSettlementEvmScheme, paymentPayload: PaymentPayload): Promise<void> {
  const context = { paymentPayload, requirements: REQUIREMENTS, declaredExtensions: {} };
  const before = await schemeHooks.onBeforeVerify?.(context);
  if (before === undefined || !("skip" in before) || !before.result.isValid)
    throw new Error("the peer did not verify locally");
  const after = await schemeHooks.onAfterVerify?.({ ...context, result: before.result });
  if (after !== undefined) throw new Error("the peer did not reserve the channel");
  const settled = await schemeHooks.onBeforeSettle?.({ ...context, phase: "after-handler" });
  if (settled === undefined || !("skip" in settled) || !settled.result.success)
    throw new Error("the peer did not charge");
}

type Channel = Awaited<ReturnType<typeof openChannel>>;

async function openChannel(buyer: PrivateKeyAccount, storage: InMemoryChannelStorage) {
  const channelConfig = {
    payer: buyer.address,
    payerAuthorizer: buyer.address,
    receiver: SELLER,
    receiverAuthorizer: SELLER,
    token: ASSET,
    withdrawDelay: WITHDRAW_DELAY,
    salt: zeroHash,
  };
  const channelId: Hex = computeChannelId(channelConfig, NETWORK);
  const now = Date.now();
  await storage.updateChannel(channelId, () => ({
    channelId,
    channelConfig,
    chargedCumulativeAmount: "0",
    signedMaxClaimable: "0",
    signature: "0x",
    balance: (10n ** 12n).toString(),
    totalClaimed: "0",
    withdrawRequestedAt: 0,
    refundNonce: 0,
    onchainSyncedAt: now,
    lastRequestTimestamp: now,
  }));
  return { buyer, channelConfig, channelId };
}

async function sign({ buyer, channelConfig, channelId }: Channel, count: bigint): Promise<PaymentPayload> {
  const voucher = await signVoucher(buyer, channelId, (count * PRICE).toString(), NETWORK);
  return { x402Version: 2, accepted: REQUIREMENTS, payload: { type: "voucher", channelConfig, voucher } };
}
