import { expect } from "chai";
import { createPublicClient, createWalletClient, http } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { base, mainnet } from "viem/chains";
import { createChainView, createCollector, createMemoryStore } from "../../client/seller/voucher/index.ts";
import {
  createFacilitatorRelayer,
  createLocalFacilitatorClient,
  createWalletRelayer,
} from "../../client/x402/deferred/index.ts";
import { getChainState, quoteBatch, settleBatch } from "../../client/flash/index.ts";
import { USDC } from "../base/addresses.ts";

// The compiler does half of this test: a chain with formatters, as Base has, types its clients' blocks and transactions in its own way.
describe("clients of viem's chains", () => {
  const transport = http("http://127.0.0.1:1", { retryCount: 0 });
  const account = privateKeyToAccount(generatePrivateKey());
  const escrow = { chainId: 8453n, escrow: USDC };
  const facilitator = createLocalFacilitatorClient(["eip155:8453"]);
  const minimumDeposits = { [USDC]: 100_000n };
  const store = createMemoryStore();
  const clients = {
    Base: {
      client: createPublicClient({ chain: base, transport }),
      wallet: createWalletClient({ chain: base, transport, account }),
    },
    Ethereum: {
      client: createPublicClient({ chain: mainnet, transport }),
      wallet: createWalletClient({ chain: mainnet, transport, account }),
    },
    "no chain in particular": {
      client: createPublicClient({ transport }),
      wallet: createWalletClient({ transport, account }),
    },
  };

  for (const [name, { client, wallet }] of Object.entries(clients)) {
    it(`of ${name} need no cast`, async () => {
      const seller = { client, escrow, seller: USDC, store } as const;
      const chainView = createChainView({ ...seller, confirmations: 0 });
      const collector = createCollector({ ...seller, wallet, chainView, onProgress: () => undefined });
      const remote = {
        facilitator,
        escrow,
        client,
        methods: ["eip3009"],
        minimumDeposits,
        name: "https://facilitator.example",
      } as const;
      expect(createWalletRelayer({ escrow, client, wallet, minimumDeposits }).name).to.equal(account.address);
      expect(createFacilitatorRelayer(remote).methods).to.deep.equal(["eip3009"]);
      expect(collector).to.have.property("collectNow");
      // Nothing listens: what counts is that these clients are taken.
      const settlement = USDC;
      const batch = { settlement, groups: [], allowPartial: true };
      const calls = [
        quoteBatch(client, { ...batch, chainId: 8453, account: USDC }),
        getChainState(client, { settlement, escrows: [] }),
        settleBatch(wallet, batch),
      ];
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(["rejected", "rejected", "rejected"]);
    });
  }
});
