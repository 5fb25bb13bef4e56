import { expect } from "chai";
import { artifacts } from "hardhat";
import {
  concat,
  encodeDeployData,
  getContractAddress,
  padHex,
  serializeErc6492Signature,
  type Abi,
  type Address,
  type Hex,
} from "viem";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import {
  createWalletRelayer,
  DEFAULT_RELAY_GAS,
  type DeferredPayload,
  type RelayGasLimits,
  type SignedSignerAuthorization,
} from "../../client/x402/deferred/index.ts";
import { randomNonce, signDepositEip3009, signSignerAuthorization, type Voucher } from "../../client/voucher/index.ts";
import { ARACHNID_PROXY, USDC } from "../base/addresses.ts";
import { USDC_DOMAIN } from "../base/usdc.ts";
import { offersOf } from "./helpers/agent.ts";
import { countSent } from "./helpers/relay.ts";
import { makePayment, sendPayment } from "./helpers/payment.ts";
import { openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";
import { mutate } from "./helpers/wireCases.ts";

const PREFIX = "invalid_deferred_evm_payload_";

describe("x402 deferred: contract wallets", function () {
  this.timeout(60_000);

  let market: Market;
  before(async () => {
    market = await openMarket();
  });
  after(() => market.close());

  interface Wallet {
    readonly owner: PrivateKeyAccount;
    readonly address: Address;
    /** Wraps a signature as ERC-6492 does. */
    readonly wrap: (signature: Hex) => Hex;
  }

  /** A wallet with tokens that is not deployed yet. */
  async function planWallet(usdc = 10_000_000n): Promise<Wallet> {
    const owner = privateKeyToAccount(generatePrivateKey());
    const { abi, bytecode } = await artifacts.readArtifact("OwnedWallet");
    const data = encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args: [owner.address] });
    const salt = padHex("0x", { size: 32 });
    const address = getContractAddress({ opcode: "CREATE2", from: ARACHNID_PROXY, salt, bytecode: data });
    if (usdc > 0n) await market.base.fundUsdc(address, usdc);
    const deployment = { address: ARACHNID_PROXY as Address, data: concat([salt, data]) };
    return { owner, address, wrap: (signature) => serializeErc6492Signature({ ...deployment, signature }) };
  }

  async function openFor(
    factories: readonly Address[],
    allowsContractWallets = true,
    gasLimits: Partial<RelayGasLimits> = {},
  ): Promise<Shop> {
    const { base, escrow } = market;
    const relayer = createWalletRelayer({
      escrow: { chainId: 8453n, escrow },
      wallet: base.wallets.relayer,
      client: base.publicClient,
      minimumDeposits: { [USDC]: PRICE },
      factories,
      gasLimits,
    });
    return market.openShop({ limits: { allowsContractWallets }, desk: { relayer } });
  }

  /** Changes of a first payment. */
  interface FirstChanges {
    readonly withDeposit?: boolean;
    /** Whoever signs the deposit, and the voucher. */
    readonly depositor?: PrivateKeyAccount;
    readonly signer?: PrivateKeyAccount;
    readonly voucher?: Partial<Voucher>;
    /** Whether the voucher's signature is a key's and needs no wrapping. */
    readonly isVoucherBare?: boolean;
    readonly signerAuthorization?: SignedSignerAuthorization;
  }

  /** The first payment of a wallet, with its deposit; both signed by its owner. */
  async function makeFirst(shop: Shop, { owner, address, wrap }: Wallet, changes: FirstChanges = {}) {
    const { withDeposit = true, depositor = owner, signer = owner, voucher = {} } = changes;
    const authorization = {
      buyer: address,
      seller: shop.seller.address,
      asset: USDC as Address,
      amount: 10n * PRICE,
      nonce: randomNonce(),
      expiry: BigInt(Math.floor(Date.now() / 1000)) + 600n,
    };
    const token = { name: USDC_DOMAIN.name, version: USDC_DOMAIN.version };
    const signature = await signDepositEip3009(depositor, {
      chainId: 8453,
      escrow: market.escrow,
      authorization,
      token,
    });
    const deposit: NonNullable<DeferredPayload["deposit"]> = {
      method: "eip3009",
      authorization,
      signature: wrap(signature),
    };
    const { signerAuthorization, isVoucherBare = false } = changes;
    const extras = { ...(withDeposit && { deposit }), ...(signerAuthorization && { signerAuthorization }) };
    const payment = await makePayment({ shop, escrow: market.escrow, buyer: address, signer, voucher, extras });
    if (isVoucherBare) return payment;
    return mutate(payment, "payload.signature", wrap(payment.payload["signature"] as Hex));
  }

  const sent = (step: () => Promise<unknown>) => countSent(market.base, market.base.actors.relayer.address, step);
  const codeAt = (address: Address) => market.base.publicClient.getCode({ address });

  it("are deployed by a factory that the relayer allows, with their first deposit", async () => {
    const [shop, wallet] = [await openFor([ARACHNID_PROXY]), await planWallet()];
    const payment = await makeFirst(shop, wallet);
    const { count } = await sent(async () => expect((await sendPayment(shop, payment)).status).to.equal(200));
    expect(count).to.equal(1);
    expect(await market.base.publicClient.getCode({ address: wallet.address })).to.match(/^0x.+/);
    expect(await shop.charged(wallet.address)).to.equal(PRICE);
    const { owner, address } = wallet;
    const voucher = { nonce: 1n, valueAggregate: 2n * PRICE };
    const next = await makePayment({ shop, escrow: market.escrow, buyer: address, signer: owner, voucher });
    expect((await sendPayment(shop, next)).status).to.equal(200);
  });

  it("are not deployed by any other factory", async () => {
    const [shop, wallet] = [await openFor([market.escrow]), await planWallet()];
    const response = await sendPayment(shop, await makeFirst(shop, wallet));
    expect([response.status, offersOf(response).error]).to.deep.equal([402, `${PREFIX}contract_wallet`]);
    expect(await market.base.publicClient.getCode({ address: wallet.address })).to.equal(undefined);
  });

  const stranger = privateKeyToAccount(generatePrivateKey());
  const refused: readonly [string, FirstChanges, string][] = [
    ["a deposit that they would not sign", { depositor: stranger }, "deposit_authorization_signature"],
    ["a voucher that they would not sign", { signer: stranger }, "signature"],
    ["a voucher past its expiry", { voucher: { expiry: 1_000n } }, "voucher_expired"],
  ];
  for (const [what, changes, code] of refused) {
    it(`are not deployed for ${what}`, async () => {
      const [shop, wallet] = [await openFor([ARACHNID_PROXY]), await planWallet()];
      const { count } = await sent(async () => {
        const response = await sendPayment(shop, await makeFirst(shop, wallet, changes));
        expect(offersOf(response).error).to.equal(`${PREFIX}${code}`);
      });
      expect(count).to.equal(0);
      expect(await codeAt(wallet.address)).to.equal(undefined);
    });
  }

  it("are not deployed when the tokens for the deposit are gone", async () => {
    const [shop, wallet] = [await openFor([ARACHNID_PROXY]), await planWallet(0n)];
    const { count } = await sent(async () => {
      const response = await sendPayment(shop, await makeFirst(shop, wallet));
      expect(offersOf(response).error).to.equal(`${PREFIX}deposit_authorization_insufficient_allowance`);
    });
    expect(count).to.equal(0);
  });

  it("are not deployed with more gas than the relayer gives", async () => {
    const shop = await openFor([ARACHNID_PROXY], true, { deployment: 200_000n });
    const wallet = await planWallet();
    const { count } = await sent(async () => {
      expect((await sendPayment(shop, await makeFirst(shop, wallet))).status).to.equal(402);
    });
    expect(count).to.equal(0);
    expect(await codeAt(wallet.address)).to.equal(undefined);
  });

  it("leave the default limit as much again as half of what a small one takes", async () => {
    const [shop, wallet] = [await openFor([ARACHNID_PROXY]), await planWallet()];
    const { gas } = await sent(async () => sendPayment(shop, await makeFirst(shop, wallet)));
    expect((gas * 3n) / 2n <= DEFAULT_RELAY_GAS.deployment, gas.toString()).to.equal(true);
  });

  it("are not deployed for a key that needs none", async () => {
    const [shop, key, wallet] = [await openFor([ARACHNID_PROXY]), await market.newBuyer(), await planWallet()];
    const { wrap } = wallet;
    const payment = await makeFirst(shop, { owner: key, address: key.address, wrap });
    const { count } = await sent(async () => expect((await sendPayment(shop, payment)).status).to.equal(200));
    expect(count).to.equal(1);
    expect(await codeAt(wallet.address)).to.equal(undefined);
  });

  it("are deployed together with a session signer that signs their vouchers", async () => {
    const [shop, wallet] = [await openFor([ARACHNID_PROXY]), await planWallet()];
    const session = privateKeyToAccount(generatePrivateKey());
    const now = BigInt(Math.floor(Date.now() / 1000));
    const authorization = {
      buyer: wallet.address,
      signer: session.address,
      validUntil: now + 9_000_000n,
      expiry: now + 600n,
    };
    const reference = { chainId: 8453, escrow: market.escrow, authorization };
    const signature = await signSignerAuthorization(wallet.owner, reference);
    const payment = await makeFirst(shop, wallet, {
      signer: session,
      isVoucherBare: true,
      signerAuthorization: { authorization, signature },
    });
    expect((await sendPayment(shop, payment)).status).to.equal(200);
    expect(await shop.charged(wallet.address)).to.equal(PRICE);
  });

  it("are not deployed without a deposit", async () => {
    const [shop, wallet] = [await openFor([ARACHNID_PROXY]), await planWallet()];
    const response = await sendPayment(shop, await makeFirst(shop, wallet, { withDeposit: false }));
    expect(offersOf(response).error).to.equal(`${PREFIX}contract_wallet`);
    expect(await market.base.publicClient.getCode({ address: wallet.address })).to.equal(undefined);
  });

  it("are refused where the seller takes vouchers of keys only", async () => {
    const [shop, wallet] = [await openFor([ARACHNID_PROXY], false), await planWallet()];
    const { owner, address } = wallet;
    const payment = await makePayment({ shop, escrow: market.escrow, buyer: address, signer: owner });
    expect(offersOf(await sendPayment(shop, payment)).error).to.equal(`${PREFIX}signature`);
    const first = await makeFirst(shop, wallet);
    expect(offersOf(await sendPayment(shop, first)).error).to.equal(`${PREFIX}contract_wallet`);
    expect(await market.base.publicClient.getCode({ address })).to.equal(undefined);
    expect(shop.served).to.deep.equal([]);
  });
});
