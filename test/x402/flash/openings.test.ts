import { expect } from "chai";
import { erc20Abi, maxUint256, zeroAddress, type Address, type PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { PERMIT2_ADDRESS } from "../../../client/core/funding.ts";
import { getEscrow } from "../../../client/flash/read.ts";
import { signOpenEscrow, signPayment, signPermit, signTab, type FundingChoice } from "../../../client/flash/sign.ts";
import type { OpenEscrow } from "../../../client/flash/types.ts";
import {
  createWalletRelayer,
  FlashConfigurationError,
  toWirePayload,
  type FlashPayload,
  type Opening,
  type SignedItem,
  type WireOpenPayload,
} from "../../../client/x402/flash/index.ts";
import { USDC } from "../../base/addresses.ts";
import { USDC_DOMAIN } from "../../base/usdc.ts";
import { mined } from "../../helpers/mined.ts";
import { DAY, deployMarket, openMarket, type Market } from "../../seller/flash/market.ts";
import { openShop, payloadOf, PRICE, type Answer, type Shop } from "./helpers/shop.ts";

const MINIMUM = 1_000_000n;
const TOKEN_DOMAIN = { name: USDC_DOMAIN.name, version: USDC_DOMAIN.version };
const EIP3009: FundingChoice = { method: "Eip3009", tokenDomain: TOKEN_DOMAIN };

describe("x402 flash: openings that payments bring", function () {
  this.timeout(120_000);

  let deployed: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  /** Counts an opening at once. */
  let shop: Shop;
  before(async () => {
    deployed = await deployMarket();
    market = await openMarket(deployed);
    shop = await openShop(market, { desk: { relayer: newRelayer() } });
  });
  after(async () => {
    await shop.close();
    await market.close();
    await deployed.base.close();
  });

  function newRelayer(options: Partial<Parameters<typeof createWalletRelayer>[0]> = {}) {
    const { base, settlement } = deployed;
    return createWalletRelayer({
      settlement,
      wallet: base.wallets.relayer,
      client: base.publicClient,
      minimumOpenings: { [USDC]: MINIMUM },
      ...options,
    });
  }

  /** A client with USDC and nothing else. */
  async function newClient(usdc = 10n * MINIMUM): Promise<PrivateKeyAccount> {
    const client = privateKeyToAccount(generatePrivateKey());
    if (usdc > 0n) await deployed.base.fundUsdc(client.address, usdc);
    return client;
  }

  interface Parts {
    readonly terms?: Partial<OpenEscrow>;
    readonly funding?: FundingChoice;
    readonly permit?: { readonly value: bigint };
    readonly item?: {
      readonly amount?: bigint;
      readonly nonce?: bigint;
      readonly epoch?: bigint;
      readonly deadline?: bigint;
    };
    readonly signer?: PrivateKeyAccount;
    readonly server?: Address;
    readonly isTab?: boolean;
  }

  async function bring(
    client: PrivateKeyAccount,
    { terms, funding = EIP3009, permit, item = {}, signer = client, server = market.server, isTab = false }: Parts = {},
  ): Promise<Extract<FlashPayload, { readonly type: "open" }>> {
    const { settlement } = deployed;
    const full: OpenEscrow = {
      client: client.address,
      server,
      token: USDC,
      amount: 2n * MINIMUM,
      ttlSeconds: 30n * DAY,
      closeDelay: 3_600n,
      signer: signer === client ? zeroAddress : signer.address,
      epoch: 0n,
      deadline: BigInt(Math.floor(Date.now() / 1000)) + DAY,
      ...terms,
    };
    const signed = await signOpenEscrow(client, { ...settlement, terms: full, funding });
    const opening: Opening = {
      ...signed,
      ...(permit !== undefined && { permit: await signedPermit(client, permit.value) }),
    };
    const { amount = PRICE, nonce = 0n, epoch = 0n, deadline = 0n } = item;
    const parties = { client: client.address, server, token: USDC };
    if (isTab) {
      const tab = { ...parties, total: amount, lane: nonce, epoch, deadline };
      const signature = await signTab(signer, { ...settlement, tab });
      return { type: "open", opening, item: { kind: "tab", ...tab, signature } satisfies SignedItem };
    }
    const payment = { ...parties, amount, nonce, epoch, deadline };
    const signature = await signPayment(signer, { ...settlement, payment });
    return { type: "open", opening, item: { kind: "payment", ...payment, signature } satisfies SignedItem };
  }

  /** The client's own transaction, with gas of its own. */
  async function approvePermit2(client: PrivateKeyAccount): Promise<void> {
    const { base } = deployed;
    await base.testClient.setBalance({ address: client.address, value: 10n ** 18n });
    const approve = {
      address: USDC,
      abi: erc20Abi,
      functionName: "approve",
      args: [PERMIT2_ADDRESS, maxUint256],
    } as const;
    await mined(base.publicClient, await base.walletOf(client).writeContract(approve));
  }

  async function signedPermit(client: PrivateKeyAccount, value: bigint) {
    const permit = { value, nonce: 0n, deadline: maxUint256 };
    const reference = {
      ...deployed.settlement,
      client: client.address,
      token: USDC,
      permit,
      tokenDomain: TOKEN_DOMAIN,
    };
    return { value, deadline: maxUint256, signature: await signPermit(client, reference) };
  }

  const escrowOf = (client: PrivateKeyAccount, server = market.server) =>
    getEscrow(deployed.base.publicClient, { ...deployed.settlement, client: client.address, server, token: USDC });

  async function refused(answer: Answer, code: string, client: PrivateKeyAccount, what = ""): Promise<void> {
    expect([answer.status, answer.error, answer.body], what).to.deep.equal([402, code, "{}"]);
    expect((await escrowOf(client)).isOpen, what).to.equal(false);
  }

  describe("by every method", () => {
    it("are offered with what a client needs for them", async () => {
      const { extra } = await shop.offer();
      expect(extra).to.deep.include({
        payloadTypes: ["payment", "tab", "open", "transaction"],
        minEscrow: MINIMUM.toString(),
        openMethods: ["allowance", "eip3009", "permit2"],
        facilitatorOpen: deployed.base.actors.relayer.address,
      });
    });

    it("ERC-3009: one signature and no gas", async () => {
      const client = await newClient();
      const answer = await shop.pay(await bring(client));
      expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
      expect(await deployed.base.publicClient.getBalance({ address: client.address })).to.equal(0n);
      expect(await escrowOf(client)).to.include({ isOpen: true, balance: 2n * MINIMUM });
    });

    it("the allowance with a permit in front, which leaves a working allowance", async () => {
      const client = await newClient();
      const payload = await bring(client, { funding: { method: "Allowance" }, permit: { value: 5n * MINIMUM } });
      expect((await shop.pay(payload)).status).to.equal(200);
      const allowance = await deployed.base.publicClient.readContract({
        address: USDC,
        abi: erc20Abi,
        functionName: "allowance",
        args: [client.address, deployed.settlement.settlement],
      });
      expect(allowance).to.equal(3n * MINIMUM);
    });

    it("Permit2", async () => {
      const client = await newClient();
      await approvePermit2(client);
      expect((await shop.pay(await bring(client, { funding: { method: "Permit2" } }))).status).to.equal(200);
    });

    it("with a tab, and with a session key as the signer", async () => {
      const [client, key] = [await newClient(), privateKeyToAccount(generatePrivateKey())];
      const answer = await shop.pay(await bring(client, { signer: key, isTab: true }));
      expect(answer.status).to.equal(200);
      expect(answer.settlement?.payer).to.equal(client.address.toLowerCase());
      expect((await escrowOf(client)).signer).to.equal(key.address);
    });
  });

  describe("until they are final", () => {
    it("are pending, never served before, and accepted afterwards by the same payload", async () => {
      const deep = await openMarket(deployed, { chain: { confirmations: 3 } });
      const slow = await openShop(deep, { desk: { relayer: newRelayer() } });
      try {
        const client = await newClient();
        const payload = await bring(client, { server: deep.server });
        const first = await slow.pay(payload);
        expect([first.status, first.error]).to.deep.equal([402, "flash_escrow_pending"]);
        expect(first.extra?.retryAfterMs).to.be.above(0);
        const { openTransaction } = first.extra ?? {};
        const receipt = await deployed.base.publicClient.getTransactionReceipt({
          hash: openTransaction as `0x${string}`,
        });
        expect(receipt.status).to.equal("success");
        const sent = await deployed.base.publicClient.getBlockNumber({ cacheTime: 0 });
        const second = await slow.pay(payload);
        expect([second.status, second.error]).to.deep.equal([402, "flash_escrow_pending"]);
        expect(second.extra?.retryAfterMs).to.be.above(0);
        expect(await deployed.base.publicClient.getBlockNumber({ cacheTime: 0 }), "sent twice").to.equal(sent);
        expect(slow.served).to.deep.equal([]);
        await deployed.base.networkHelpers.mine(4);
        const third = await slow.pay(payload);
        expect([third.status, third.body]).to.deep.equal([200, "sunny"]);
        expect((await slow.pay(payload)).error).to.equal("flash_nonce_used");
        const { item } = payload;
        expect(
          (await slow.pay(payloadOf({ ...item, ...(item.kind === "payment" && { nonce: 1n }) } as SignedItem))).status,
        ).to.equal(402);
        expect(slow.errors).to.deep.equal([]);
      } finally {
        await slow.close();
        await deep.close();
      }
    });

    it("that come ten times at once are sent once and served once", async () => {
      const client = await newClient();
      const payload = await bring(client);
      const before = await deployed.base.publicClient.getBlockNumber({ cacheTime: 0 });
      const answers = await Promise.all(Array.from({ length: 10 }, () => shop.pay(payload)));
      expect(answers.filter(({ status }) => status === 200)).to.have.lengthOf(1);
      expect(answers.every(({ status }) => status === 200 || status === 402)).to.equal(true);
      expect((await deployed.base.publicClient.getBlockNumber({ cacheTime: 0 })) - before).to.equal(1n);
    });
  });

  describe("that nobody sends", () => {
    const cases: readonly [string, Parts, string][] = [
      ["too little", { terms: { amount: MINIMUM - 1n } }, "flash_escrow_too_small"],
      ["nothing", { terms: { amount: 0n } }, "flash_escrow_too_small"],
      ["a short end", { terms: { ttlSeconds: 3_599n, closeDelay: 900n } }, "flash_lock_too_short"],
      ["a short notice", { terms: { closeDelay: 899n } }, "flash_lock_too_short"],
      ["past its deadline", { terms: { deadline: 1n } }, "flash_opening_expired"],
      ["another epoch than the payment", { terms: { epoch: 1n } }, "flash_opening_mismatch"],
      ["another token", { terms: { token: `0x${"ab".repeat(20)}` } }, "flash_opening_mismatch"],
      ["another server", { terms: { server: `0x${"ab".repeat(20)}` } }, "flash_opening_mismatch"],
      ["another client", { terms: { client: `0x${"ab".repeat(20)}` } }, "flash_opening_mismatch"],
      ["a payment below the price", { item: { amount: PRICE - 1n } }, "flash_amount_insufficient"],
      ["a payment above the escrow", { item: { amount: 2n * MINIMUM + 1n } }, "flash_exposure_exceeded"],
      ["a payment that expires", { item: { deadline: 1n } }, "flash_deadline_too_soon"],
      [
        "a permit below the opening",
        { funding: { method: "Allowance" }, permit: { value: MINIMUM } },
        "flash_opening_malformed",
      ],
      ["a permit beside ERC-3009", { permit: { value: 5n * MINIMUM } }, "flash_opening_malformed"],
      ["no allowance", { funding: { method: "Allowance" } }, "flash_opening_unfunded"],
      ["no allowance for Permit2", { funding: { method: "Permit2" } }, "flash_opening_unfunded"],
      ["more than the client has", { terms: { amount: 50n * MINIMUM } }, "flash_opening_unfunded"],
    ];
    for (const [what, parts, code] of cases) {
      it(`with ${what}`, async () => {
        const client = await newClient();
        await refused(await shop.pay(await bring(client, parts)), code, client);
        expect(shop.errors).to.deep.equal([]);
      });
    }

    it("for an epoch that is not the next one, but the client learns which is", async () => {
      const client = await newClient();
      const answer = await shop.pay(await bring(client, { terms: { epoch: 3n }, item: { epoch: 3n } }));
      await refused(answer, "flash_epoch_mismatch", client);
      expect(answer.extra?.epoch).to.equal(0);
    });

    it("with a payment that the escrow's key did not sign", async () => {
      const [client, key] = [await newClient(), privateKeyToAccount(generatePrivateKey())];
      const payload = await bring(client, { signer: key, terms: { signer: zeroAddress } });
      await refused(await shop.pay(payload), "flash_signature_invalid", client);
    });

    /** An opening in a client's name that a thief signed, who is also the key of the payments that come with it. */
    async function steal(funding: FundingChoice) {
      const [client, thief] = [await newClient(), await newClient()];
      const payload = await bring(client, { funding, signer: thief });
      const { opening } = await bring(thief, { funding, terms: payload.opening.terms });
      return { client, payload: { ...payload, opening } };
    }

    it("with a funding that the client did not sign", async () => {
      for (const funding of [EIP3009, { method: "Permit2" }] as const) {
        const { client, payload } = await steal(funding);
        await approvePermit2(client);
        await refused(await shop.pay(payload), "flash_opening_failed", client, funding.method);
      }
    });

    it("on terms that the client did not sign", async () => {
      const { client, payload } = await steal({ method: "Allowance" });
      await refused(await shop.pay(payload), "flash_opening_signature_invalid", client);
    });

    it("in the name of whoever sends", async () => {
      const relayer = deployed.base.actors.relayer;
      await deployed.base.fundUsdc(relayer.address, 10n * MINIMUM);
      const approve = {
        address: USDC,
        abi: erc20Abi,
        functionName: "approve",
        args: [deployed.settlement.settlement, maxUint256],
      } as const;
      await mined(deployed.base.publicClient, await deployed.base.wallets.relayer.writeContract(approve));
      const thief = await newClient();
      const payload = await bring(thief, {
        funding: { method: "Allowance" },
        terms: { client: relayer.address, signer: thief.address },
      });
      const forged = { ...payload, item: { ...payload.item, client: relayer.address } };
      const answer = await shop.pay(forged);
      expect([answer.status, answer.error]).to.deep.equal([402, "flash_opening_unsupported"]);
      expect(await newRelayer().simulate(forged.opening)).to.deep.equal({ code: "flash_opening_unsupported" });
    });

    it("with any field of another type", async () => {
      const client = await newClient();
      const wire = toWirePayload(await bring(client)) as WireOpenPayload;
      const bad: readonly [string, object][] = [
        ...Object.keys(wire.open).map((field): [string, object] => [field, { open: { ...wire.open, [field]: {} } }]),
        ["open", { open: null }],
        ["openSignature", { openSignature: "0x0" }],
        ["funding", { funding: undefined }],
        ["method", { funding: { ...wire.funding, method: "eip2612" } }],
        ["funding.signature", { funding: { ...wire.funding, signature: 7 } }],
        ["permit", { permit: { value: 1 } }],
      ];
      for (const [what, change] of bad) {
        await refused(await shop.pay({ ...wire, ...change }), "flash_opening_malformed", client, what);
      }
      await refused(await shop.pay({ ...wire, payment: undefined }), "flash_payment_malformed", client);
      await refused(await shop.pay({ ...wire, signature: "0x" }), "flash_opening_malformed", client);
    });

    it("where nobody relays", async () => {
      const bare = await openShop(market);
      try {
        const client = await newClient();
        await refused(await bare.pay(await bring(client)), "flash_opening_unsupported", client);
      } finally {
        await bare.close();
      }
    });

    it("beyond a client's ration, or by a method that is not offered", async () => {
      const strict = await openShop(market, {
        desk: { relayer: newRelayer({ ration: { burst: 0, perHour: 0 }, methods: ["eip3009"] }) },
      });
      try {
        const client = await newClient();
        await refused(await strict.pay(await bring(client)), "flash_relay_limit", client);
        const payload = await bring(client, { funding: { method: "Permit2" } });
        await refused(await strict.pay(payload), "flash_opening_unsupported", client);
      } finally {
        await strict.close();
      }
    });

    it("past its deadline by the clock of the acceptor", async () => {
      const clock = () => BigInt(Math.floor(Date.now() / 1000)) + 2n * DAY;
      const late = await openMarket(deployed, { acceptor: { clock } });
      const lateShop = await openShop(late, { desk: { relayer: newRelayer() } });
      try {
        const client = await newClient();
        const { server } = late;
        await refused(await lateShop.pay(await bring(client, { server })), "flash_opening_expired", client);
        const terms = { deadline: clock() + DAY };
        const item = { deadline: clock() + 599n };
        const payload = await bring(client, { server, terms, item });
        await refused(await lateShop.pay(payload), "flash_deadline_too_soon", client);
      } finally {
        await lateShop.close();
        await late.close();
      }
    });

    it("that fail when they are tried, beyond what is tried for a client and for all", async () => {
      const trials = { each: { burst: 2, perSecond: 0 }, all: { burst: 3, perSecond: 0 } };
      const strict = await openShop(market, { desk: { relayer: newRelayer({ trials }) } });
      try {
        const [one, other] = [await newClient(0n), await newClient(0n)];
        const rich = await newClient();
        for (const code of ["flash_opening_unfunded", "flash_opening_unfunded", "flash_relay_busy"]) {
          await refused(await strict.pay(await bring(one)), code, one);
        }
        // One that would succeed uses nothing up.
        expect((await strict.pay(await bring(rich))).status).to.equal(200);
        await refused(await strict.pay(await bring(other)), "flash_opening_unfunded", other);
        const answer = await strict.pay(await bring(other));
        await refused(answer, "flash_relay_busy", other);
        expect(answer.extra?.retryAfterMs).to.equal(2_000);
      } finally {
        await strict.close();
      }
    });

    it("that succeed when they are tried and fail when they are mined, beyond a budget of all clients", async () => {
      // A node that finds every opening good, as a wallet would that tells a trial from its transaction.
      const { client: node } = market.node;
      const client = {
        ...node,
        request: (async (request: { readonly method: string }, ...rest: readonly never[]) =>
          request.method === "eth_call" ? "0x" : node.request(request as never, ...rest)) as typeof node.request,
      };
      const gas = 350_000n;
      const budget = { gas: 3n * gas, gasPerHour: 0n };
      const strict = await openShop(market, { desk: { relayer: newRelayer({ client, budget, gasLimit: gas }) } });
      const { testClient } = deployed.base;
      // The local node refuses what it sees fail, unless it mines later.
      await testClient.setAutomine(false);
      const miner = setInterval(() => void testClient.mine({ blocks: 1 }), 20);
      const bringAsContract = async () => {
        const contract = await newClient(0n);
        await testClient.setCode({ address: contract.address, bytecode: "0xfe" });
        return { contract, answer: await strict.pay(await bring(contract)) };
      };
      try {
        const first = await bringAsContract();
        await refused(first.answer, "flash_opening_failed", first.contract);
        // Half of the budget is for keys alone.
        const second = await bringAsContract();
        await refused(second.answer, "flash_relay_budget", second.contract);
        for (const code of ["flash_opening_failed", "flash_opening_failed", "flash_relay_budget"]) {
          const key = await newClient(0n);
          await refused(await strict.pay(await bring(key)), code, key);
        }
      } finally {
        clearInterval(miner);
        await testClient.setAutomine(true);
        await strict.close();
      }
    });

    it("that take more gas than the relayer spends", async () => {
      const strict = await openShop(market, { desk: { relayer: newRelayer({ gasLimit: 60_000n }) } });
      try {
        const client = await newClient();
        const before = await deployed.base.publicClient.getBlockNumber({ cacheTime: 0 });
        await refused(await strict.pay(await bring(client)), "flash_opening_failed", client);
        expect(await deployed.base.publicClient.getBlockNumber({ cacheTime: 0 })).to.equal(before);
      } finally {
        await strict.close();
      }
    });
  });

  describe("a relayer", () => {
    it("needs an account and a least opening", () => {
      const { publicClient } = deployed.base;
      expect(() => newRelayer({ wallet: publicClient })).to.throw(FlashConfigurationError, /no account/);
      expect(() => newRelayer({ minimumOpenings: {} })).to.throw(FlashConfigurationError, /least opening/);
      expect(() => newRelayer({ minimumOpenings: { [USDC]: 0n } })).to.throw(FlashConfigurationError, /least opening/);
    });
  });
});
