import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { artifacts } from "hardhat";
import express from "express";
import { x402Facilitator } from "@x402/core/facilitator";
import type {
  PaymentPayload,
  PaymentRequirements,
  SettleResponse,
  SupportedResponse,
  VerifyResponse,
} from "@x402/core/types";
import { AuthCaptureEvmScheme as StockScheme } from "@x402/evm/auth-capture/client";
import {
  concat,
  encodeDeployData,
  erc20Abi,
  getContractAddress,
  maxUint256,
  padHex,
  serializeErc6492Signature,
  zeroAddress,
  type Abi,
  type Address,
  type Hex,
} from "viem";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import {
  ESCROW_DEPLOYMENTS,
  deployOperator,
  hashPaymentInfo,
  makeTerms,
  predictOperator,
  type Generation,
  type PaymentReference,
  type PaymentState,
  type Terms,
} from "../../../../client/auth-capture/index.ts";
import { getPaymentState } from "../../../../client/auth-capture/read.ts";
import {
  AuthCaptureEvmFacilitator,
  parsePayload,
  parseReport,
  parseRequirements,
  toPayment,
  type AuthCaptureEvmFacilitatorOptions,
  type FacilitatedChain,
  type PaymentReport,
} from "../../../../client/x402/auth-capture/index.ts";
import { ARACHNID_PROXY, PERMIT2, USDC } from "../../../base/addresses.ts";
import { USDC_DOMAIN } from "../../../base/usdc.ts";
import { deployAuthCapture, type AuthCapture } from "../../../helpers/authCapture.ts";
import { connectBase, type Base, type Wallet } from "../../../helpers/base.ts";
import { mined } from "../../../helpers/mined.ts";

/** CAIP-2 name of the local Base. */
export const NETWORK = "eip155:8453";
/** Price of every payment, token base units. */
export const PRICE = 1_000_000n;
const DAY = 86_400n;

/** Whoever signs payments: a key, or a contract wallet with its owner's key. */
export interface Payer {
  readonly address: Address;
  readonly account: PrivateKeyAccount;
  /** What its signatures are wrapped in. */
  readonly wrap: (signature: Hex) => Hex;
}

/** What came back from a facilitator. */
export type Verified = VerifyResponse & { readonly report?: PaymentReport };
export type Settlement = SettleResponse & { readonly report?: PaymentReport };

/** A facilitator on 127.0.0.1. */
export interface Served {
  readonly url: string;
  /** Errors that became refusals. */
  readonly errors: unknown[];
  verify(payload: unknown, requirements: PaymentRequirements): Promise<Verified>;
  settle(payload: unknown, requirements: PaymentRequirements): Promise<Settlement>;
  supported(): Promise<SupportedResponse>;
}

/** Which payment is offered. */
export interface OfferOptions {
  /** Operator's terms; those of a plain hold by default. Ignored for a delegated operator. */
  readonly terms?: Terms;
  readonly generation?: Generation;
  readonly isDelegated?: boolean;
  /** False leaves the operator undeployed. */
  readonly isDeployed?: boolean;
  readonly requirements?: Partial<PaymentRequirements>;
  readonly extra?: Record<string, unknown>;
}

/** A local Base with the contracts of the family, and a facilitator. */
export interface Bench {
  readonly base: Base;
  readonly contracts: AuthCapture;
  /** Signs for the receiver. */
  readonly seller: PrivateKeyAccount;
  readonly facilitator: Served;
  /** Sends, and is the operator of delegated payments. */
  readonly sender: Wallet;
  /** Settings of the facilitator's chain. */
  readonly chain: FacilitatedChain;
  serve(chain?: Partial<FacilitatedChain>, options?: Partial<AuthCaptureEvmFacilitatorOptions>): Promise<Served>;
  payer(usdc?: bigint): Promise<Payer>;
  /** A contract wallet of a new key. */
  wallet(isDeployed: boolean): Promise<Payer>;
  offer(options?: OfferOptions): Promise<PaymentRequirements>;
  /** Lets Permit2 fetch a payer's USDC. */
  approvePermit2(payer: Payer): Promise<void>;
  /** Signs a payment by the stock client. */
  sign(payer: Payer, requirements: PaymentRequirements): Promise<PaymentPayload>;
  /** A payment of a new payer, and its offer. */
  payment(options?: OfferOptions): Promise<Signed>;
  usdcOf(account: Address, token?: Address): Promise<bigint>;
  stateOf(payment: PaymentReference): Promise<PaymentState>;
  /** Transactions that the facilitator sends meanwhile. */
  sent(step: () => Promise<unknown>): Promise<number>;
  now(): Promise<bigint>;
  close(): Promise<void>;
}

/** A signed payment. */
export interface Signed {
  readonly payer: Payer;
  readonly requirements: PaymentRequirements;
  readonly payload: PaymentPayload;
  readonly payment: PaymentReference;
}

/** Starts a bench. */
export async function openBench(): Promise<Bench> {
  const base = await connectBase();
  const contracts = await deployAuthCapture(base);
  const { publicClient, wallets, actors } = base;
  const sender = wallets.relayer;
  const seller = actors.seller;
  const closers: (() => Promise<void>)[] = [];
  const chain: FacilitatedChain = {
    chainId: 8453n,
    client: publicClient,
    wallet: sender,
    minimumAmounts: { [USDC]: 1_000n },
    lifecycleFactories: [contracts.termsOperatorFactory],
    walletFactories: [ARACHNID_PROXY],
    ration: { burst: 100, perHour: 1 },
  };

  async function serve(
    changes: Partial<FacilitatedChain> = {},
    options: Partial<AuthCaptureEvmFacilitatorOptions> = {},
  ): Promise<Served> {
    const errors: unknown[] = [];
    const scheme = new AuthCaptureEvmFacilitator({
      chains: [{ ...chain, ...changes }],
      onError: (error) => errors.push(error),
      ...options,
    });
    // A second network of the namespace makes the SDK send it any of them.
    const facilitator = new x402Facilitator().register([NETWORK, "eip155:84532"], scheme);
    const { url, close } = await listen(facilitator);
    closers.push(close);
    const post = async (path: string, paymentPayload: unknown, paymentRequirements: PaymentRequirements) => {
      const body = JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements });
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${url}${path}`, { method: "POST", headers, body });
      if (response.status !== 200) throw new Error(`${path} answers ${response.status}: ${await response.text()}`);
      const answer = (await response.json()) as { readonly extra?: Record<string, unknown> };
      const report = parseReport(answer.extra);
      return { ...answer, ...(report.isValid && { report: report.value }) };
    };
    return {
      url,
      errors,
      verify: async (payload, requirements) => (await post("/verify", payload, requirements)) as Verified,
      settle: async (payload, requirements) => (await post("/settle", payload, requirements)) as Settlement,
      supported: async () => (await (await fetch(`${url}/supported`)).json()) as SupportedResponse,
    };
  }

  async function payer(usdc = 10n * PRICE): Promise<Payer> {
    const account = privateKeyToAccount(generatePrivateKey());
    if (usdc > 0n) await base.fundUsdc(account.address, usdc);
    return { address: account.address, account, wrap: (signature) => signature };
  }

  async function wallet(isDeployed: boolean): Promise<Payer> {
    const account = privateKeyToAccount(generatePrivateKey());
    const { abi, bytecode } = await artifacts.readArtifact("OwnedWallet");
    const data = encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args: [account.address] });
    const salt = padHex("0x", { size: 32 });
    const address = getContractAddress({ opcode: "CREATE2", from: ARACHNID_PROXY, salt, bytecode: data });
    await base.fundUsdc(address, 10n * PRICE);
    const deployment = concat([salt, data]);
    if (!isDeployed) {
      const parts = { address: ARACHNID_PROXY, data: deployment };
      return { address, account, wrap: (signature) => serializeErc6492Signature({ ...parts, signature }) };
    }
    await mined(publicClient, await wallets.deployer.sendTransaction({ to: ARACHNID_PROXY, data: deployment }));
    return { address, account, wrap: (signature) => signature };
  }

  const now = async (): Promise<bigint> => (await publicClient.getBlock({ blockTag: "latest" })).timestamp;

  async function offer(options: OfferOptions = {}): Promise<PaymentRequirements> {
    const { generation = "v1.1", isDelegated = false, isDeployed = true } = options;
    const terms = options.terms ?? plainHold(seller.address);
    const { escrow } = ESCROW_DEPLOYMENTS[generation];
    const factory = contracts.termsOperatorFactory;
    if (!isDelegated && isDeployed) {
      await mined(publicClient, await deployOperator(wallets.deployer, { factory, terms, escrow }));
    }
    const time = await now();
    const isCharge = (terms.flags & 1n) !== 0n;
    const fee = isDelegated ? { feeReceiver: zeroAddress, feeBps: 0n } : terms;
    return {
      scheme: "auth-capture",
      network: NETWORK,
      asset: USDC,
      amount: PRICE.toString(),
      payTo: seller.address,
      // The chain runs ahead of this machine by a second a block.
      maxTimeoutSeconds: 900,
      ...options.requirements,
      extra: {
        name: USDC_DOMAIN.name,
        version: USDC_DOMAIN.version,
        captureAuthorizer: isDelegated ? sender.account.address : predictOperator({ factory, terms, escrow }),
        captureDeadline: Number(time + 3n * DAY),
        refundDeadline: Number(time + 30n * DAY),
        feeRecipient: fee.feeReceiver,
        minFeeBps: Number(fee.feeBps),
        maxFeeBps: Number(fee.feeBps),
        authCaptureEscrow: escrow,
        paymentFlow: !isDelegated && isCharge ? "authorization" : "escrow",
        operatorType: isDelegated ? "delegated" : "custom",
        ...(isDelegated && { receiverAuthorizer: seller.address }),
        ...options.extra,
      },
    };
  }

  async function sign(by: Payer, requirements: PaymentRequirements): Promise<PaymentPayload> {
    const signer = {
      address: by.address,
      signTypedData: async (data: object) => by.wrap(await by.account.signTypedData(data as never)),
    };
    const { payload } = await new StockScheme(signer as never).createPaymentPayload(2, requirements);
    if (requirements.extra["assetTransferMethod"] === "permit2") await approvePermit2(by);
    return { x402Version: 2, accepted: requirements, payload };
  }

  async function approvePermit2({ address }: Payer): Promise<void> {
    const { testClient } = base;
    await testClient.setBalance({ address, value: 10n ** 18n });
    await testClient.impersonateAccount({ address });
    const account = { address, type: "json-rpc" } as const;
    const call = { address: USDC, abi: erc20Abi, functionName: "approve", args: [PERMIT2, maxUint256] } as const;
    await mined(publicClient, await base.walletOf(account as never).writeContract({ ...call }));
    await testClient.stopImpersonatingAccount({ address });
  }

  return {
    base,
    contracts,
    seller,
    sender,
    chain,
    facilitator: await serve(),
    serve,
    payer,
    wallet,
    offer,
    approvePermit2,
    sign,
    payment: async (options) => {
      const by = await payer();
      const requirements = await offer(options);
      const payload = await sign(by, requirements);
      return { payer: by, requirements, payload, payment: paymentOf(payload, requirements) };
    },
    usdcOf: (account, token = USDC) =>
      publicClient.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [account] }),
    stateOf: (payment) =>
      getPaymentState(publicClient, { escrow: payment.escrow, paymentInfoHash: hashPaymentInfo(payment) }),
    sent: async (step) => {
      const count = () => publicClient.getTransactionCount({ address: sender.account.address });
      const before = await count();
      await step();
      return (await count()) - before;
    },
    now,
    close: async () => {
      for (const close of closers) await close();
      await base.close();
    },
  };
}

/** Terms of a hold without an arbiter. */
export function plainHold(authorizer: Address, changes: Partial<Terms> = {}): Terms {
  return makeTerms({ authorizer, maxHold: 7n * DAY, ...changes });
}

/** Terms of a charge. */
export function charge(authorizer: Address, changes: Partial<Terms> = {}): Terms {
  return makeTerms({ authorizer, flags: 1n, ...changes });
}

/** The payment that a payload is for. */
export function paymentOf(payload: PaymentPayload, requirements: PaymentRequirements): PaymentReference {
  const terms = parseRequirements(requirements);
  const parsed = parsePayload(payload.payload);
  if (!terms.isValid) throw new Error(terms.message);
  if (!parsed.isValid || parsed.value.type !== "collect") throw new Error("No payment in the payload");
  return toPayment(terms.value, parsed.value);
}

/** A copy of a payment with another part. */
export function withPayload(payload: PaymentPayload, changes: Record<string, unknown>): PaymentPayload {
  return { ...payload, payload: { ...payload.payload, ...changes } };
}

async function listen(facilitator: x402Facilitator) {
  const app = express().use(express.json({ limit: "200kb" }));
  const parts = (request: express.Request) =>
    request.body as { paymentPayload: PaymentPayload; paymentRequirements: PaymentRequirements };
  app.post("/verify", async (request, response) => {
    const { paymentPayload, paymentRequirements } = parts(request);
    response.json(await facilitator.verify(paymentPayload, paymentRequirements));
  });
  app.post("/settle", async (request, response) => {
    const { paymentPayload, paymentRequirements } = parts(request);
    response.json(await facilitator.settle(paymentPayload, paymentRequirements));
  });
  app.get("/supported", (_request, response) => void response.json(facilitator.getSupported()));
  const quiet: express.ErrorRequestHandler = (error, _request, response, _next) =>
    void response.status(500).send(String(error));
  app.use(quiet);
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
