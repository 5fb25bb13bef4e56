import { expect } from "chai";
import { erc20Abi, maxUint256, zeroAddress, type Address, type Hash } from "viem";
import {
  buildBatches,
  closeEscrowWithAuthorization,
  getCredit,
  getEscrow,
  openEscrowWithPermit,
  openEscrowWithTerms,
  proposeAllowance,
  settleBatch,
  signCloseEscrow,
  signNumberedPayment,
  signOpenEscrow,
  signPayment,
  signPermit,
  signTab,
  settleSignedTransaction,
  type FundingChoice,
  type OpenEscrow,
} from "../../client/flash/index.ts";
import { BASE_CHAIN_ID, PERMIT2, USDC } from "../base/addresses.ts";
import type { Base } from "../helpers/base.ts";
import { mined } from "../helpers/mined.ts";
import { ensureFlashSettlement } from "./escrow.ts";
import { describeFork } from "./fork.ts";

const FUNDS = 20_000_000n;
const LOCKED = 5_000_000n;
const TOKEN_DOMAIN = { name: "USD Coin", version: "2" } as const;

describeFork("FlashSettlement on the forked Base", (connect) => {
  let base: Base;
  let settlement: Address;
  let deadline: bigint;
  let parties: { readonly client: Address; readonly server: Address; readonly token: Address };

  beforeEach(async () => {
    base = await connect();
    settlement = await ensureFlashSettlement(base);
    deadline = (await base.publicClient.getBlock()).timestamp + 3_600n;
    parties = { client: base.actors.buyer.address, server: base.actors.seller.address, token: USDC };
    await base.fundUsdc(parties.client, FUNDS);
  });

  const here = () => ({ chainId: BASE_CHAIN_ID, settlement });
  const done = async (hash: Promise<Hash>) => mined(base.publicClient, await hash);
  const usdcOf = (account: Address) =>
    base.publicClient.readContract({ address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [account] });
  const creditOf = (account: Address) => getCredit(base.publicClient, { settlement, account, token: USDC });
  const approve = (spender: Address, amount: bigint) =>
    done(
      base.wallets.buyer.writeContract({
        address: USDC,
        abi: erc20Abi,
        functionName: "approve",
        args: [spender, amount],
      }),
    );

  const termsOf = (): OpenEscrow => ({
    ...parties,
    amount: LOCKED,
    ttlSeconds: 86_400n,
    closeDelay: 900n,
    signer: zeroAddress,
    epoch: 0n,
    deadline,
  });

  async function openBy(funding: FundingChoice): Promise<void> {
    const opening = await signOpenEscrow(base.actors.buyer, { terms: termsOf(), funding, ...here() });
    await done(openEscrowWithTerms(base.wallets.relayer, { settlement, ...opening }));
    expect((await getEscrow(base.publicClient, { settlement, ...parties })).balance).to.equal(LOCKED);
    expect(await usdcOf(settlement)).to.equal(LOCKED);
  }

  it("opens by the token's own permit, takes a batch from the wallet, and what the wallet lacks from the escrow", async () => {
    const permit = { value: proposeAllowance({ amount: LOCKED }), nonce: 0n, deadline };
    const terms = termsOf();
    const { signature } = await signOpenEscrow(base.actors.buyer, {
      terms,
      funding: { method: "Allowance" },
      ...here(),
    });
    const reference = { ...here(), client: parties.client, token: USDC, permit, tokenDomain: TOKEN_DOMAIN };
    const permitSignature = await signPermit(base.actors.buyer, reference);
    await done(openEscrowWithPermit(base.wallets.relayer, { settlement, terms, signature, permit, permitSignature }));

    const common = { ...parties, deadline: 0n, epoch: 0n };
    const payment = { ...common, amount: 1_000_000n, nonce: 7n };
    const first = await signPayment(base.actors.buyer, { payment, ...here() });
    const settle = async (items: Parameters<typeof buildBatches>[0]) => {
      for (const { groups } of buildBatches(items)) {
        await done(settleBatch(base.wallets.seller, { settlement, groups, allowPartial: true }));
      }
    };
    await settle([{ kind: "payment", payment, signature: first }]);
    expect([await usdcOf(parties.server), await creditOf(parties.server)]).to.deep.equal([1_000_000n, 0n]);

    await approve(settlement, 0n);
    const tab = { ...common, total: 2_000_000n, lane: 17n };
    await settle([{ kind: "tab", tab, signature: await signTab(base.actors.buyer, { tab, ...here() }) }]);
    expect([await usdcOf(parties.server), await creditOf(parties.server)]).to.deep.equal([1_000_000n, 2_000_000n]);
  });

  it("opens by the token's own EIP-3009, settles a transaction that never lands, and refunds what is left", async () => {
    await openBy({ method: "Eip3009", tokenDomain: TOKEN_DOMAIN });
    const payment = { server: parties.server, token: USDC, amount: 1_500_000n, nonce: 1n, deadline: 0n, epoch: 0n };
    // No account of this client ever gets to this nonce.
    const transaction = { nonce: 999, gas: 300_000n, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
    const rawTransaction = await signNumberedPayment(base.actors.buyer, { ...here(), payment, transaction });
    await done(settleSignedTransaction(base.wallets.stranger, { settlement, rawTransaction, allowPartial: false }));
    expect(await creditOf(parties.server)).to.equal(1_500_000n);

    for (const byServer of [false, true]) {
      const authorization = { ...parties, epoch: 0n, byServer, deadline };
      const owner = byServer ? base.actors.seller : base.actors.buyer;
      const signature = await signCloseEscrow(owner, { authorization, ...here() });
      await done(closeEscrowWithAuthorization(base.wallets.relayer, { settlement, authorization, signature }));
    }
    expect(await usdcOf(parties.client)).to.equal(FUNDS - 1_500_000n);
    expect(await usdcOf(settlement)).to.equal(1_500_000n);
  });

  it("opens through the chain's Permit2", async () => {
    await approve(PERMIT2, maxUint256);
    await openBy({ method: "Permit2" });
  });
});
