import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import {
  concat,
  createWalletClient,
  custom,
  encodeErrorResult,
  erc20Abi,
  keccak256,
  maxUint256,
  numberToHex,
  parseAbi,
  parseEther,
  size,
  type Address,
  type Hex,
} from "viem";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import { base as chain } from "viem/chains";
import { createCollector } from "../../client/seller/voucher/index.ts";
import { depositWithEip3009, getSigner, PERMIT2_ADDRESS, type WriteClient } from "../../client/voucher/index.ts";
import {
  createWalletRelayer,
  DEFAULT_RELAY_GAS,
  DeferredConfigurationError,
  type RelayResult,
  type WalletRelayerOptions,
} from "../../client/x402/deferred/index.ts";
import { USDC } from "../base/addresses.ts";
import { mined } from "../helpers/mined.ts";
import { makeAgent } from "./helpers/agent.ts";
import { countSent, deploy, inSeconds, makeDeposit, makeSigner } from "./helpers/relay.ts";
import { openMarket, PRICE, type Market } from "./helpers/shop.ts";

const PREFIX = "invalid_deferred_evm_payload_";
const LEAST = 10n * PRICE;

describe("x402 deferred: relayers", function () {
  this.timeout(60_000);

  let market: Market;
  let seller: Address;
  before(async () => {
    market = await openMarket();
    seller = market.base.actors.seller.address;
  });
  after(() => market.close());

  const newKey = (): PrivateKeyAccount => privateKeyToAccount(generatePrivateKey());
  const escrowId = () => ({ chainId: 8453n, escrow: market.escrow });

  function makeRelayer(options: Partial<WalletRelayerOptions> = {}) {
    const { wallets, publicClient: client } = market.base;
    const minimumDeposits = { [USDC]: LEAST };
    return createWalletRelayer({ escrow: escrowId(), wallet: wallets.relayer, client, minimumDeposits, ...options });
  }

  const accountOf = (buyer: Address) => ({ buyer, seller, asset: USDC });
  const partiesOf = (by: PrivateKeyAccount, buyer = by.address) => ({ escrow: market.escrow, buyer, seller, by });
  const sentBy = (step: () => Promise<unknown>, wallet: WriteClient = market.base.wallets.relayer) =>
    countSent(market.base, wallet.account?.address ?? "0x", step);
  const codeOf = (result: RelayResult) => (result.isRelayed ? "relayed" : result.code);

  describe("the gas that strangers can use", () => {
    const MAGIC_OR_BURN = "0x3a6012576316 26ba7e 60e01b5f526020 5ff3 5b601256".replaceAll(" ", "") as Hex;

    /** A wallet with tokens. */
    async function fundWallet(address: Address): Promise<Address> {
      await market.base.fundUsdc(address, 100n * LEAST);
      return address;
    }

    async function makeBurner(gas: bigint): Promise<Address> {
      return fundWallet(await deploy(market.base, "GasBurningWallet", [gas]));
    }

    async function setCode(bytecode: Hex): Promise<Address> {
      const { address } = newKey();
      await market.base.testClient.setCode({ address, bytecode });
      return fundWallet(address);
    }

    /** Sends through a node that mines what fails and says so in the receipt only, as nodes do. */
    function walletOfQuietNode(): WriteClient {
      const { connection, wallets } = market.base;
      const request = async ({ method, params }: { readonly method: string; readonly params?: unknown[] }) => {
        const answer = connection.provider.request({ method, params: params ?? [] });
        return method === "eth_sendRawTransaction" ? answer.catch(() => keccak256(params?.[0] as Hex)) : answer;
      };
      return createWalletClient({ account: wallets.relayer.account, chain, transport: custom({ request }) });
    }

    for (const [what, burn, isSent] of [
      ["a deposit that takes what the limit allows", 50_000n, true],
      ["no deposit that takes more", 250_000n, false],
    ] as const) {
      it(`sends ${what}, from a contract wallet that burns gas`, async () => {
        const buyer = await makeBurner(burn);
        const deposit = await makeDeposit(partiesOf(newKey(), buyer), LEAST);
        let result: RelayResult | undefined;
        const { count, gas } = await sentBy(async () => {
          result = await makeRelayer().relay({ account: accountOf(buyer), deposit });
        });
        expect(count).to.equal(isSent ? 1 : 0);
        expect(gas <= DEFAULT_RELAY_GAS.deposit).to.equal(true);
        if (!isSent) expect(result).to.deep.equal({ isRelayed: false, code: `${PREFIX}deposit_authorization_failed` });
        expect(await makeRelayer().simulate({ account: accountOf(buyer), deposit })).to.deep.equal(
          isSent ? { isDepositDone: true } : { code: `${PREFIX}deposit_authorization_failed` },
        );
      });

      it(`sends ${what.replace("deposit", "signer")}, from a contract wallet that burns gas`, async () => {
        const buyer = await makeBurner(burn);
        const signerAuthorization = await makeSigner(partiesOf(newKey(), buyer), newKey().address);
        let result: RelayResult | undefined;
        const { count, gas } = await sentBy(async () => {
          result = await makeRelayer().relay({ account: accountOf(buyer), signerAuthorization });
        });
        expect(count).to.equal(isSent ? 1 : 0);
        expect(gas <= DEFAULT_RELAY_GAS.signer).to.equal(true);
        if (!isSent) expect(result).to.deep.equal({ isRelayed: false, code: `${PREFIX}signer_authorization_failed` });
      });
    }

    it("ends at the limit for a wallet that burns more than when it was tried, and at the buyer's ration", async () => {
      const buyer = await setCode(MAGIC_OR_BURN);
      const wallet = walletOfQuietNode();
      const relayer = makeRelayer({ wallet, ration: { burst: 3, perHour: 0 } });
      const codes: string[] = [];
      const { count, gas } = await sentBy(async () => {
        for (let index = 0; index < 5; index += 1) {
          const deposit = await makeDeposit(partiesOf(newKey(), buyer), LEAST);
          codes.push(codeOf(await relayer.relay({ account: accountOf(buyer), deposit })));
        }
      });
      expect(count).to.equal(3);
      expect(gas <= 3n * DEFAULT_RELAY_GAS.deposit).to.equal(true);
      const failed = `${PREFIX}deposit_authorization_failed`;
      expect(codes).to.deep.equal([failed, failed, failed, `${PREFIX}relay_limit`, `${PREFIX}relay_limit`]);
    });

    it("authorizes a buyer's signers within its ration, whatever other buyers do", async () => {
      const relayer = makeRelayer({ ration: { burst: 2, perHour: 0 } });
      const [buyer, other] = [newKey(), newKey()];
      const codes: string[] = [];
      for (const by of [buyer, buyer, buyer, other]) {
        const signerAuthorization = await makeSigner(partiesOf(by), newKey().address);
        codes.push(codeOf(await relayer.relay({ account: accountOf(by.address), signerAuthorization })));
      }
      expect(codes).to.deep.equal(["relayed", "relayed", `${PREFIX}relay_limit`, "relayed"]);
    });

    it("gives a ration of eight by default", async () => {
      const [relayer, by] = [makeRelayer(), newKey()];
      const { count } = await sentBy(async () => {
        for (let index = 0; index < 9; index += 1) {
          const signerAuthorization = await makeSigner(partiesOf(by), newKey().address);
          await relayer.relay({ account: accountOf(by.address), signerAuthorization });
        }
      });
      expect(count).to.equal(8);
    });

    it("counts no deposit that succeeds", async () => {
      const relayer = makeRelayer({ ration: { burst: 1, perHour: 0 } });
      const by = await market.newBuyer();
      for (let index = 0; index < 3; index += 1) {
        const deposit = await makeDeposit(partiesOf(by), LEAST);
        expect(codeOf(await relayer.relay({ account: accountOf(by.address), deposit }))).to.equal("relayed");
      }
    });

    it("sends nothing for a signer that is authorized for as long already", async () => {
      const [relayer, by, signer] = [makeRelayer(), newKey(), newKey().address];
      const validUntil = inSeconds(1_000_000n);
      const relay = async (until: bigint) =>
        relayer.relay({
          account: accountOf(by.address),
          signerAuthorization: await makeSigner(partiesOf(by), signer, until),
        });
      await relay(validUntil);
      await market.base.testClient.mine({ blocks: 1 });
      const results: RelayResult[] = [];
      const { count } = await sentBy(async () => {
        for (const until of [validUntil, validUntil - 1n]) results.push(await relay(until));
      });
      const block = await market.base.publicClient.getBlockNumber();
      expect(results).to.deep.equal([
        { isRelayed: true, block },
        { isRelayed: true, block },
      ]);
      expect(count).to.equal(0);
      await relay(validUntil + 1n);
      const known = await getSigner(market.base.publicClient, { escrow: market.escrow, buyer: by.address, signer });
      expect(known.validUntil).to.equal(validUntil + 1n);
    });

    it("fetches no URL that a wallet reverts with", async () => {
      let visits = 0;
      const server = createServer((_request, response) => {
        visits += 1;
        response.end(JSON.stringify({ data: "0x" }));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const lookup = encodeErrorResult({
        abi: parseAbi([
          "error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData)",
        ]),
        args: [
          market.escrow,
          [`http://127.0.0.1:${(server.address() as AddressInfo).port}/`],
          "0x",
          "0x12345678",
          "0x",
        ],
      });
      const length = numberToHex(size(lookup), { size: 2 });
      const buyer = await setCode(concat(["0x61", length, "0x600c5f3961", length, "0x5ffd", lookup]));
      const { authorization } = await makeDeposit(partiesOf(newKey(), buyer), LEAST);
      const deposit = { method: "permit2", authorization, signature: `0x${"11".repeat(65)}` } as const;
      const result = await makeRelayer().relay({ account: accountOf(buyer), deposit });
      expect(result.isRelayed).to.equal(false);
      expect(visits).to.equal(0);
      server.close();
    });

    it("is bounded by nothing when no deposit has a least amount, so that is refused", () => {
      for (const minimumDeposits of [{}, { [USDC]: 0n }]) {
        expect(() => makeRelayer({ minimumDeposits })).to.throw(DeferredConfigurationError, /least deposit/);
      }
    });
  });

  describe("the default limits", () => {
    async function approve(by: PrivateKeyAccount, spender: Address): Promise<void> {
      await market.base.testClient.setBalance({ address: by.address, value: parseEther("1") });
      const call = { address: USDC, abi: erc20Abi, functionName: "approve", args: [spender, maxUint256] } as const;
      await mined(market.base.publicClient, await market.base.walletOf(by).writeContract(call));
    }

    for (const method of ["eip3009", "permit2", "eip2612", "allowance"] as const) {
      it(`leave a first deposit by ${method} as much again as half of what it takes`, async () => {
        const [shop, by] = [await market.openShop(), await market.newBuyer()];
        if (method === "permit2") await approve(by, PERMIT2_ADDRESS);
        if (method === "allowance") await approve(by, market.escrow);
        const agent = makeAgent(by, { deposit: { methods: [method] } });
        const { count, gas } = await sentBy(() => agent.fetch(`${shop.url}/fixed`));
        expect(count).to.equal(1);
        expect((gas * 3n) / 2n <= DEFAULT_RELAY_GAS.deposit, gas.toString()).to.equal(true);
      });
    }

    it("leave a signer as much again as half of what it takes", async () => {
      const by = newKey();
      const signerAuthorization = await makeSigner(partiesOf(by), newKey().address);
      const { gas } = await sentBy(() => makeRelayer().relay({ account: accountOf(by.address), signerAuthorization }));
      expect((gas * 3n) / 2n <= DEFAULT_RELAY_GAS.signer, gas.toString()).to.equal(true);
    });
  });

  describe("what was done before", () => {
    it("is told with the newest block, so that the account is read no earlier", async () => {
      const by = await market.newBuyer();
      const deposit = await makeDeposit(partiesOf(by), LEAST);
      const { publicClient, testClient, wallets } = market.base;
      await mined(publicClient, await depositWithEip3009(wallets.stranger, { escrow: market.escrow, ...deposit }));
      await testClient.mine({ blocks: 2 });
      let result: RelayResult | undefined;
      const { count } = await sentBy(async () => {
        result = await makeRelayer().relay({ account: accountOf(by.address), deposit });
      });
      expect(count).to.equal(0);
      expect(result).to.deep.equal({ isRelayed: true, block: await publicClient.getBlockNumber() });
    });

    it("is told so too when somebody was faster than the relayer's transaction", async () => {
      const by = await market.newBuyer();
      const deposit = await makeDeposit(partiesOf(by), LEAST);
      const { publicClient, wallets, connection } = market.base;
      const request = async ({ method, params }: { readonly method: string; readonly params?: unknown[] }) => {
        if (method === "eth_sendRawTransaction") {
          await mined(publicClient, await depositWithEip3009(wallets.stranger, { escrow: market.escrow, ...deposit }));
        }
        return connection.provider.request({ method, params: params ?? [] });
      };
      const wallet = createWalletClient({ account: wallets.relayer.account, chain, transport: custom({ request }) });
      const result = await makeRelayer({ wallet }).relay({ account: accountOf(by.address), deposit });
      expect(result).to.deep.equal({ isRelayed: true, block: await publicClient.getBlockNumber() });
    });
  });

  describe("one account", () => {
    it("sends what comes at once to several relayers of it", async () => {
      const relayers = [makeRelayer(), makeRelayer({ wallet: market.base.walletOf(market.base.actors.relayer) })];
      const results = await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const by = await market.newBuyer();
          const deposit = await makeDeposit(partiesOf(by), LEAST);
          return relayers[index % 2]?.relay({ account: accountOf(by.address), deposit });
        }),
      );
      expect(results.map((result) => result && codeOf(result))).to.deep.equal(
        Array.from({ length: 12 }, () => "relayed"),
      );
    });

    it("serves a relayer and a collector at once", async () => {
      const [shop, agent] = [await market.openShop(), makeAgent(await market.newBuyer())];
      const { publicClient: client, wallets } = market.base;
      const { store, chainView } = shop;
      const collector = createCollector({
        ...{ client, wallet: wallets.relayer, escrow: escrowId(), seller: shop.seller.address, store, chainView },
        onProgress: () => undefined,
      });
      for (let round = 0; round < 4; round += 1) {
        await agent.fetch(`${shop.url}/fixed`);
        const by = await market.newBuyer();
        const deposit = await makeDeposit(partiesOf(by), LEAST);
        const [report, result] = await Promise.all([
          collector.collectNow(),
          makeRelayer().relay({ account: accountOf(by.address), deposit }),
        ]);
        expect([report.transactions.length, codeOf(result)]).to.deep.equal([1, "relayed"]);
      }
      await collector.stop();
    });
  });
});
