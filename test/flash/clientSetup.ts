import {
  erc20Abi,
  maxUint256,
  parseAbi,
  zeroAddress,
  type Address,
  type Hash,
  type PrivateKeyAccount,
  type TransactionReceipt,
} from "viem";
import {
  getCredit,
  getEscrow,
  openEscrowWithTerms,
  signOpenEscrow,
  signPayment,
  signTab,
  type Escrow,
  type EscrowParties,
  type OpenEscrow,
  type Payment,
  type SettleableItem,
  type Tab,
} from "x402-escrow/flash";
import { PERMIT2, USDC } from "../base/addresses.ts";
import { actors } from "../helpers/actors.ts";
import { connectBase, type Base } from "../helpers/base.ts";
import { deployFlashSettlement } from "../helpers/flashSettlement.ts";
import { mined } from "../helpers/mined.ts";

/** What the client holds at the start: a thousand USDC, in token base units. */
export const FUNDS = 1_000_000_000n;
/** What an escrow locks unless a test says otherwise. */
export const LOCKED = 5_000_000n;
export const DAY = 86_400n;
export const TOKEN_DOMAIN = { name: "USD Coin", version: "2" } as const;
export const CHAIN_ID = 8453;

/** The payer, who also signs; the receiver; and who else plays. */
export const payer = actors.buyer;
export const otherPayer = actors.otherBuyer;
export const server = actors.seller;
export const otherServer = actors.otherSeller;

const mintAbi = parseAbi(["function mint(address to, uint256 amount)"]);

/** The local Base with FlashSettlement, funded clients that approved it, and what tests of the client layer repeat. */
export interface FlashSetup {
  readonly base: Base;
  readonly settlement: Address;
  /** The chain's time at the start, unix seconds. */
  readonly now: bigint;
  /** A day and a bit after the start. */
  readonly deadline: bigint;
  readonly here: { readonly chainId: number; readonly settlement: Address };
  readonly parties: EscrowParties;
  termsOf(changes?: Partial<OpenEscrow>): OpenEscrow;
  paymentOf(changes?: Partial<Payment>): Payment;
  tabOf(changes?: Partial<Tab>): Tab;
  /** Signed by the payer, or whoever is named. */
  payment(changes?: Partial<Payment>, signer?: PrivateKeyAccount): Promise<SettleableItem & { kind: "payment" }>;
  tab(changes?: Partial<Tab>, signer?: PrivateKeyAccount): Promise<SettleableItem & { kind: "tab" }>;
  /** Waits until a transaction is mined; fails when it reverted. */
  done(hash: Promise<Hash>): Promise<TransactionReceipt>;
  /** Opens an escrow by the payer's allowance, relayed. */
  open(changes?: Partial<OpenEscrow>, signer?: PrivateKeyAccount): Promise<void>;
  escrow(changes?: Partial<EscrowParties>): Promise<Escrow>;
  credit(account?: Address): Promise<bigint>;
  balanceOf(owner: Address, token?: Address): Promise<bigint>;
  approve(account: PrivateKeyAccount, amount: bigint, token?: Address): Promise<void>;
  /** Deploys a mock token of which the payer has funds, approved to the contract. */
  mockToken(name: string): Promise<Address>;
  passSeconds(seconds: bigint): Promise<void>;
}

async function startFlash(): Promise<FlashSetup> {
  const base = await connectBase();
  const settlement = await deployFlashSettlement(base);
  const { publicClient, wallets } = base;
  const done = async (hash: Promise<Hash>): Promise<TransactionReceipt> => mined(publicClient, await hash);
  const approveTo = async (account: PrivateKeyAccount, spender: Address, amount: bigint, token = USDC) => {
    const call = { abi: erc20Abi, address: token, functionName: "approve", args: [spender, amount] } as const;
    await done(base.walletOf(account).writeContract(call));
  };
  for (const account of [payer, otherPayer]) {
    await base.fundUsdc(account.address, FUNDS);
    await approveTo(account, settlement, FUNDS);
    await approveTo(account, PERMIT2, maxUint256);
  }
  const { timestamp: now } = await publicClient.getBlock();
  const deadline = now + DAY + 3_600n;
  const here = { chainId: CHAIN_ID, settlement };
  const parties = { client: payer.address, server: server.address, token: USDC };
  const termsOf = (changes: Partial<OpenEscrow> = {}): OpenEscrow => ({
    ...parties,
    amount: LOCKED,
    ttlSeconds: DAY,
    closeDelay: 900n,
    signer: zeroAddress,
    epoch: 0n,
    deadline,
    ...changes,
  });
  const paymentOf = (changes: Partial<Payment> = {}): Payment => ({
    ...parties,
    amount: 1_000n,
    nonce: 0n,
    deadline: 0n,
    epoch: 0n,
    ...changes,
  });
  const tabOf = (changes: Partial<Tab> = {}): Tab => ({
    ...parties,
    total: 1_000n,
    lane: 0n,
    deadline: 0n,
    epoch: 0n,
    ...changes,
  });
  return {
    base,
    settlement,
    now,
    deadline,
    here,
    parties,
    termsOf,
    paymentOf,
    tabOf,
    async payment(changes, signer = payer) {
      const payment = paymentOf(changes);
      return { kind: "payment", payment, signature: await signPayment(signer, { payment, ...here }) };
    },
    async tab(changes, signer = payer) {
      const tab = tabOf(changes);
      return { kind: "tab", tab, signature: await signTab(signer, { tab, ...here }) };
    },
    done,
    async open(changes, signer = payer) {
      const terms = termsOf({ client: signer.address, ...changes });
      const opening = await signOpenEscrow(signer, { terms, funding: { method: "Allowance" }, ...here });
      await done(openEscrowWithTerms(wallets.relayer, { settlement, ...opening }));
    },
    escrow: (changes = {}) => getEscrow(publicClient, { settlement, ...parties, ...changes }),
    credit: (account = server.address) => getCredit(publicClient, { settlement, account, token: USDC }),
    balanceOf: (owner, token = USDC) =>
      publicClient.readContract({ abi: erc20Abi, address: token, functionName: "balanceOf", args: [owner] }),
    approve: (account, amount, token) => approveTo(account, settlement, amount, token),
    async mockToken(name) {
      const { address } = await base.viem.deployContract(name as "MintableToken");
      const mint = { abi: mintAbi, address, functionName: "mint", args: [payer.address, FUNDS] } as const;
      await done(wallets.buyer.writeContract(mint));
      await approveTo(payer, settlement, FUNDS, address);
      return address;
    },
    async passSeconds(seconds) {
      await base.networkHelpers.time.increase(seconds);
    },
  };
}

/** Gives every test of a `describe` the same chain, as it was at the start. */
export function useFlash(): FlashSetup {
  let setup: FlashSetup | undefined;
  let restore: () => Promise<void>;

  before(async () => {
    setup = await startFlash();
    ({ restore } = await setup.base.networkHelpers.takeSnapshot());
  });

  afterEach(async () => restore());

  after(async () => setup?.base.close());

  return new Proxy({} as FlashSetup, {
    get(_, name) {
      if (setup === undefined) throw new Error("The chain starts before the first test, not while tests are declared");
      return Reflect.get(setup, name) as unknown;
    },
  });
}
