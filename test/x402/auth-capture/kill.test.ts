import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createPublicClient, createWalletClient, erc20Abi, http, type Address } from "viem";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import { base } from "viem/chains";
import { deployOperator, ESCROW_DEPLOYMENTS, makeTerms } from "../../../client/auth-capture/index.ts";
import { startChild, type Child } from "../../../scripts/demo/children.ts";
import { USDC } from "../../base/addresses.ts";
import { mintUsdc } from "../../base/usdc.ts";
import { actors } from "../../helpers/actors.ts";
import { mined } from "../../helpers/mined.ts";
import { serveBaseWithFactory, type ServedAuthCaptureBase } from "../../helpers/servedBase.ts";
import { until } from "../../seller/until.ts";
import { stockFetch } from "./helpers/shop.ts";
import type { KilledSellerSettings } from "./killedSeller.ts";

const PRICE = 1_000_000n;
const SCRIPT = new URL("killedSeller.ts", import.meta.url);

describe("x402 auth-capture server: a process that is killed", function () {
  this.timeout(300_000);

  let chain: ServedAuthCaptureBase;
  let folder: string;
  const stop = new AbortController();
  const children: Child<{ readonly url: string }>[] = [];

  before(async () => {
    chain = await serveBaseWithFactory();
    folder = mkdtempSync(join(tmpdir(), "auth-capture-kill-"));
    const client = createPublicClient({ chain: base, transport: http(chain.rpcUrl) });
    const deployer = createWalletClient({ chain: base, transport: http(chain.rpcUrl), account: actors.deployer });
    const terms = makeTerms({ authorizer: actors.seller.address, maxHold: 604_800n });
    const { escrow } = ESCROW_DEPLOYMENTS["v1.1"];
    await mined(client, await deployOperator(deployer, { factory: chain.factory, terms, escrow }));
  });
  after(async () => {
    for (const child of children) await child.stop();
    stop.abort();
    await chain.close();
    rmSync(folder, { recursive: true });
  });

  async function startSeller(storePath: string, isMute = false) {
    const settings: KilledSellerSettings = { rpcUrl: chain.rpcUrl, factory: chain.factory, storePath, isMute };
    const child = await startChild<{ readonly url: string }>(SCRIPT, settings, stop.signal);
    children.push(child);
    return child;
  }

  async function newPayer(): Promise<PrivateKeyAccount> {
    const account = privateKeyToAccount(generatePrivateKey());
    await mintUsdc(chain.provider, { minter: actors.usdcMinter.address, account: account.address, amount: PRICE });
    return account;
  }

  const balanceOf = async (account: Address) =>
    createPublicClient({ transport: http(chain.rpcUrl), cacheTime: 0 }).readContract({
      address: USDC,
      abi: erc20Abi,
      functionName: "balanceOf",
      args: [account],
    });

  /** Pays, and kills the seller once the payment is held. */
  async function payAndKill(path: string, { isMute, storePath }: { isMute: boolean; storePath: string }) {
    const seller = await startSeller(storePath, isMute);
    const account = await newPayer();
    const payer = { address: account.address, account, wrap: (signature: `0x${string}`) => signature };
    const ended = stockFetch(payer)(`${seller.ready.url}${path}`).catch((error: unknown) => error);
    await until(async () => (await balanceOf(account.address)) === 0n);
    // Long enough for the handler, and for a capture to be stored.
    await sleep(500);
    seller.process.kill("SIGKILL");
    expect(await ended).to.be.instanceOf(Error);
    await seller.stop();
    expect(await balanceOf(account.address)).to.equal(0n);
    return account.address;
  }

  it("gives the hold of a request that was never served back after a restart", async () => {
    const storePath = join(folder, "serving.sqlite");
    const payer = await payAndKill("/slow", { isMute: false, storePath });
    await startSeller(storePath);
    await until(async () => (await balanceOf(payer)) === PRICE);
  });

  it("carries the capture that was signed before the kill out after a restart", async () => {
    const storePath = join(folder, "closing.sqlite");
    const before = await balanceOf(actors.seller.address);
    const payer = await payAndKill("/report", { isMute: true, storePath });
    await startSeller(storePath);
    await until(async () => (await balanceOf(actors.seller.address)) === before + PRICE);
    expect(await balanceOf(payer)).to.equal(0n);
  });
});
