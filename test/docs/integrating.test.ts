import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import express from "express";
import hre from "hardhat";
import {
  createPublicClient,
  createWalletClient,
  erc20Abi,
  http,
  zeroHash,
  type Abi,
  type Address,
  type Chain,
  type Hex,
  type PublicClient,
} from "viem";
import { base } from "viem/chains";
import { canonical } from "x402-escrow/deployments";
import { deposit, NoThawingInProgressError, signVoucher } from "x402-escrow/voucher";
import { USDC } from "../base/addresses.ts";
import { serveBase } from "../base/serve.ts";
import { actorKey, actors, type ActorName } from "../helpers/actors.ts";
import { mined } from "../helpers/mined.ts";
import { serveBaseWithEscrow, type ServedBase } from "../helpers/servedBase.ts";
import { createPaidFetch } from "./integrating/agent.ts";
import { askBack, cancelByAbi, fundAccount, readAccount, readThaws, type AppSettings } from "./integrating/app.ts";
import { addPaidRoutes } from "./integrating/seller.ts";

const PRICE = 1_000n;

/** viem's client of Base in particular is no client of any chain, which an app takes. */
const anyChain: Chain = base;

describe("the code of docs/integrating.md", function () {
  this.timeout(60_000);

  let chain: ServedBase;
  let client: PublicClient;
  let folder: string;
  before(async () => {
    chain = await serveBaseWithEscrow();
    expect(chain.escrow).to.equal(canonical.VoucherEscrow);
    client = createPublicClient({ chain: anyChain, transport: http(chain.rpcUrl), pollingInterval: 20, cacheTime: 0 });
    folder = mkdtempSync(join(tmpdir(), "x402-escrow-integrating-"));
  });
  after(async () => {
    await chain.close();
    rmSync(folder, { recursive: true });
  });

  const walletOf = (name: ActorName) =>
    createWalletClient({ chain: anyChain, transport: http(chain.rpcUrl), account: actors[name], pollingInterval: 20 });
  const balanceOf = async (owner: Address): Promise<bigint> =>
    client.readContract({ address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [owner] });

  it("sells to an agent, which remembers what it signed, and collects in the end", async () => {
    const reports: string[] = [];
    const report = (what: string): void => void reports.push(what);
    const { rpcUrl } = chain;
    const app = express();
    const keys = { sellerKey: actorKey("seller"), gasKey: actorKey("relayer") };
    const storePath = join(folder, "vouchers.sqlite");
    const seller = await addPaidRoutes(app, { rpcUrl, ...keys, storePath, confirmations: 0, report });
    app.get("/weather", (_request, response) => void response.json({ weather: "sunny" }));
    const listening = app.listen(0, "127.0.0.1");
    await once(listening, "listening");
    const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/weather`;
    const statePath = join(folder, "agent.json");
    const before = await balanceOf(actors.seller.address);

    for (let start = 0; start < 2; start++) {
      const paidFetch = createPaidFetch({ rpcUrl, key: actorKey("buyer"), statePath, report });
      for (let request = 0; request < 2; request++) {
        const response = await paidFetch(url);
        expect(response.status, reports.join()).to.equal(200);
        expect(await response.json()).to.deep.equal({ weather: "sunny" });
      }
    }
    expect(reports.filter((what) => what === "agent: depositSigned")).to.have.lengthOf(1);
    expect(reports).not.to.include("server");

    listening.close();
    await seller.stop({ collect: true });
    expect(await balanceOf(actors.seller.address)).to.equal(before + 4n * PRICE);
    expect(reports).to.include("collector: reconciled");
  });

  it("funds an account, reads it, asks for it back and changes its mind", async () => {
    const app: AppSettings = {
      client,
      wallet: walletOf("otherBuyer"),
      seller: actors.otherSeller.address,
      asset: USDC,
    };
    const deposited = await fundAccount(app, 5_000_000n);
    expect(deposited).to.include({ buyer: actors.otherBuyer.address, amount: 5_000_000n });
    expect((await readAccount(app)).balance).to.equal(5_000_000n);

    expect(await askBack(app, 5_000_001n)).to.equal(undefined);
    const fromBlock = await client.getBlockNumber();
    const hash = await askBack(app, 2_000_000n);
    expect(hash).not.to.equal(undefined);
    await mined(client, hash as Hex);
    expect((await readAccount(app)).thawingAmount).to.equal(2_000_000n);
    const thaws = await readThaws(app, fromBlock);
    expect(thaws.map(({ buyer, newThawingAmount }) => ({ buyer, newThawingAmount }))).to.deep.equal([
      { buyer: actors.otherBuyer.address, newThawingAmount: 2_000_000n },
    ]);

    await mined(client, await cancelByAbi(app));
    expect((await readAccount(app)).thawingAmount).to.equal(0n);
    const error = await cancelByAbi(app).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(NoThawingInProgressError);
  });

  it("stops where there is no escrow", async () => {
    const empty = await serveBase({ port: 0 });
    const transport = http(empty.url);
    const nowhere = createPublicClient({ chain: anyChain, transport });
    const wallet = createWalletClient({ chain: anyChain, transport, account: actors.stranger });
    const names = { seller: actors.seller.address, asset: USDC };
    const error = await fundAccount({ client: nowhere, wallet, ...names }, 1n).then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    await empty.close();
    expect(error?.message).to.equal("There is no escrow on Base.");
  });

  it("collects from a contract, which shares what it got", async () => {
    const { abi, bytecode } = (await hre.artifacts.readArtifact("RevenueShare")) as { abi: Abi; bytecode: Hex };
    const [one, other] = [actors.signer.address, actors.otherSeller.address];
    const wallet = walletOf("stranger");
    const deployment = await wallet.deployContract({ abi, bytecode, args: [chain.escrow, USDC, one, other] });
    const { contractAddress } = await client.waitForTransactionReceipt({ hash: deployment });
    const seller = contractAddress as Address;
    const names = { seller, asset: USDC, escrow: chain.escrow };
    const approval = { address: USDC, abi: erc20Abi, functionName: "approve", args: [chain.escrow, 11n] } as const;
    await mined(client, await wallet.writeContract(approval));
    await mined(client, await deposit(wallet, { ...names, amount: 11n }));
    const [before, otherBefore] = [await balanceOf(one), await balanceOf(other)];

    const { timestamp } = await client.getBlock();
    const voucher = {
      ...names,
      id: zeroHash,
      buyer: actors.stranger.address,
      valueAggregate: 9n,
      timestamp,
      nonce: 0n,
      chainId: 8453n,
      expiry: timestamp + 600n,
    };
    const signature = await signVoucher(actors.stranger, voucher);
    const call = { address: seller, abi, functionName: "collectAndShare", args: [voucher, signature] };
    await mined(client, await wallet.writeContract(call));
    expect(await balanceOf(one)).to.equal(before + 4n);
    expect(await balanceOf(other)).to.equal(otherBefore + 5n);
  });
});
