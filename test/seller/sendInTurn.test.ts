import { expect } from "chai";
import { createWalletClient, custom, parseEther, type Hash } from "viem";
import { generatePrivateKey, nonceManager, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import { base as chain } from "viem/chains";
import { sendInTurn } from "../../client/seller/core/sendInTurn.ts";
import type { WriteClient } from "../../client/voucher/index.ts";
import { connectBase, type Base } from "../helpers/base.ts";
import { mined } from "../helpers/mined.ts";

describe("sending in turn", () => {
  let base: Base;
  before(async () => {
    base = await connectBase();
  });
  after(() => base.close());

  async function newAccount(options: { readonly isManaged?: boolean } = {}): Promise<PrivateKeyAccount> {
    const account = privateKeyToAccount(generatePrivateKey(), options.isManaged === true ? { nonceManager } : {});
    await base.testClient.setBalance({ address: account.address, value: parseEther("1") });
    return account;
  }

  /** A wallet whose node may be made to count nonces wrongly. */
  function walletOf(account: PrivateKeyAccount, countOf?: () => number) {
    const { provider } = base.connection;
    const request = async ({ method, params }: { readonly method: string; readonly params?: unknown[] }) =>
      method === "eth_getTransactionCount" && countOf !== undefined
        ? `0x${countOf().toString(16)}`
        : provider.request({ method, params: params ?? [] });
    return createWalletClient({ account, chain, transport: custom({ request }, { retryCount: 0 }) });
  }

  const pay = (wallet: ReturnType<typeof walletOf>) =>
    sendInTurn(wallet, {
      send: (nonce) => wallet.sendTransaction({ to: base.actors.stranger.address, value: 1n, gas: 21_000n, nonce }),
      wait: (hash) => mined(base.publicClient, hash),
    });

  for (const isManaged of [false, true]) {
    it(`mines what several wallets of one account send at once${isManaged ? ", with viem's nonce manager" : ""}`, async () => {
      const account = await newAccount({ isManaged });
      const wallets = [walletOf(account), walletOf(account)];
      await Promise.all(Array.from({ length: 10 }, () => wallets.map(pay)).flat());
      expect(await base.publicClient.getTransactionCount(account)).to.equal(20);
    });
  }

  it("gives each transaction a nonce of its own while the node is behind", async () => {
    const wallet = walletOf(await newAccount(), () => 0);
    const nonces: (number | undefined)[] = [];
    const waiting: (() => void)[] = [];
    const sent = Array.from({ length: 3 }, (_, index) =>
      sendInTurn(wallet, {
        send: async (nonce) => {
          nonces.push(nonce);
          return `0x${index}` as Hash;
        },
        wait: () => new Promise<void>((resolve) => waiting.push(resolve)),
      }),
    );
    while (waiting.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(nonces).to.deep.equal([0, 1, 2]);
    for (const end of waiting) end();
    await Promise.all(sent);
  });

  it("fills the gap of a transaction that was lost, and of one that never left", async () => {
    const wallet: WriteClient = walletOf(await newAccount(), () => 7);
    const nonces: (number | undefined)[] = [];
    const keep = (then: () => Promise<Hash>) => (nonce: number | undefined) => {
      nonces.push(nonce);
      return then();
    };
    const lost = new Error("nobody has seen it mined");
    const results = await Promise.allSettled([
      sendInTurn(wallet, { send: keep(() => Promise.reject(lost)), wait: async () => undefined }),
      sendInTurn(wallet, { send: keep(async () => "0x1"), wait: () => Promise.reject(lost) }),
    ]);
    expect(results.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    await sendInTurn(wallet, { send: keep(async () => "0x2"), wait: async () => undefined });
    expect(nonces).to.deep.equal([7, 7, 7]);
  });

  it("leaves the nonce to a wallet that picks its own", async () => {
    const { address } = await newAccount();
    const wallet = createWalletClient({ account: address, chain, transport: custom(base.connection.provider) });
    const send = async (nonce: number | undefined): Promise<Hash> => `0x${nonce ?? "none"}`;
    expect(await sendInTurn(wallet, { send, wait: async (hash) => hash })).to.equal("0xnone");
  });
});
