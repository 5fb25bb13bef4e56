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
import { createWalletRelayer, type DeferredPayload } from "../../client/x402/deferred/index.ts";
import { randomNonce, signDepositEip3009 } from "../../client/voucher/index.ts";
import { ARACHNID_PROXY, USDC } from "../base/addresses.ts";
import { USDC_DOMAIN } from "../base/usdc.ts";
import { offersOf } from "./helpers/agent.ts";
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
  async function planWallet(): Promise<Wallet> {
    const owner = privateKeyToAccount(generatePrivateKey());
    const { abi, bytecode } = await artifacts.readArtifact("OwnedWallet");
    const data = encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args: [owner.address] });
    const salt = padHex("0x", { size: 32 });
    const address = getContractAddress({ opcode: "CREATE2", from: ARACHNID_PROXY, salt, bytecode: data });
    await market.base.fundUsdc(address, 10_000_000n);
    const deployment = { address: ARACHNID_PROXY as Address, data: concat([salt, data]) };
    return { owner, address, wrap: (signature) => serializeErc6492Signature({ ...deployment, signature }) };
  }

  async function openFor(factories: readonly Address[], allowsContractWallets = true): Promise<Shop> {
    const { base, escrow } = market;
    const relayer = createWalletRelayer({
      escrow: { chainId: 8453n, escrow },
      wallet: base.wallets.relayer,
      client: base.publicClient,
      factories,
    });
    return market.openShop({ limits: { allowsContractWallets }, desk: { relayer } });
  }

  /** The first payment of a wallet, with its deposit; both signed by its owner. */
  async function makeFirst(shop: Shop, { owner, address, wrap }: Wallet, withDeposit = true) {
    const authorization = {
      buyer: address,
      seller: shop.seller.address,
      asset: USDC as Address,
      amount: 10n * PRICE,
      nonce: randomNonce(),
      expiry: BigInt(Math.floor(Date.now() / 1000)) + 600n,
    };
    const token = { name: USDC_DOMAIN.name, version: USDC_DOMAIN.version };
    const signature = await signDepositEip3009(owner, { chainId: 8453, escrow: market.escrow, authorization, token });
    const deposit: NonNullable<DeferredPayload["deposit"]> = {
      method: "eip3009",
      authorization,
      signature: wrap(signature),
    };
    const extras = withDeposit ? { deposit } : {};
    const payment = await makePayment({ shop, escrow: market.escrow, buyer: address, signer: owner, extras });
    return mutate(payment, "payload.signature", wrap(payment.payload["signature"] as Hex));
  }

  it("are deployed by a factory that the relayer allows, with their first deposit", async () => {
    const [shop, wallet] = [await openFor([ARACHNID_PROXY]), await planWallet()];
    const payment = await makeFirst(shop, wallet);
    expect((await sendPayment(shop, payment)).status).to.equal(200);
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

  it("are not deployed without a deposit", async () => {
    const [shop, wallet] = [await openFor([ARACHNID_PROXY]), await planWallet()];
    const response = await sendPayment(shop, await makeFirst(shop, wallet, false));
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
