import {
  encodeFunctionData,
  erc20Abi,
  hashStruct,
  keccak256,
  maxUint256,
  parseEventLogs,
  parseSignature,
  signatureToCompactSignature,
  toHex,
  zeroAddress,
  type Abi,
  type Address,
  type Hex,
  type PrivateKeyAccount,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { flashSettlementAbi } from "../../client/abi/index.ts";
import { eip3009Types, PERMIT2_ADDRESS } from "../../client/core/funding.ts";
import { flashDomain, flashTypes, type FlashMessages, type FlashPrimaryType } from "../../client/flash/typedData.ts";
import { FUNDING_METHODS, type FundingMethod } from "../../client/flash/types.ts";
import { USDC } from "../../test/base/addresses.ts";
import { connectBase, type Base } from "../../test/helpers/base.ts";
import { deployFlashSettlement } from "../../test/helpers/flashSettlement.ts";
import type { GasRow } from "./gasRows.ts";

// Fixed keys, times and nonces make every row exact.
const START = 1_900_000_000n;
const DAY = 86_400n;
const DEADLINE = START + 30n * DAY;
const AMOUNT = 1_000_000n;
const GAS_LIMIT = 16_000_000n;
const PEER = "X402FlashSettlement";
const CHAIN_ID = 8453;

const accountOf = (name: string): PrivateKeyAccount => privateKeyToAccount(keccak256(toHex(name)));

interface Reference {
  readonly peerGas?: number;
  /** For each item. */
  readonly goal?: number;
}

/** Measures every verb of FlashSettlement, each on the same prepared chain. */
export async function measureFlashGas(report: (id: string) => void): Promise<GasRow[]> {
  const base = await connectBase();
  try {
    return await measure(base, report);
  } finally {
    await base.close();
  }
}

async function measure(base: Base, report: (id: string) => void): Promise<GasRow[]> {
  const { relayer, buyer: client, seller: server } = base.actors;
  const freshServer = accountOf("fresh server").address;
  const settler = accountOf("settler").address;
  const token: Address = USDC;
  const settlement = await deployFlashSettlement(base);
  const domain = flashDomain({ chainId: CHAIN_ID, settlement });
  const party = { client: client.address, server: server.address, token } as const;

  await base.networkHelpers.time.setNextBlockTimestamp(START);

  const transact = async (account: PrivateKeyAccount, functionName: string, args: readonly unknown[]) => {
    const hash = await base.walletOf(account).writeContract({
      address: settlement,
      abi: flashSettlementAbi as Abi,
      functionName,
      args,
      gas: GAS_LIMIT,
    });
    const receipt = await base.publicClient.getTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Error(`${functionName} reverted`);
    return receipt;
  };
  const approve = (spender: Address, amount: bigint) =>
    base
      .walletOf(client)
      .writeContract({ address: token, abi: erc20Abi, functionName: "approve", args: [spender, amount] });
  const sign = <T extends FlashPrimaryType>(
    account: PrivateKeyAccount,
    primaryType: T,
    message: Omit<FlashMessages[T], "deadline"> & { deadline?: bigint },
  ) => account.signTypedData({ domain, types: flashTypes, primaryType, message } as never);

  /** The signature that brings the tokens of an opening or a top-up. */
  const signFunding = async <T extends "OpenEscrow" | "TopUp">(
    method: FundingMethod,
    primaryType: T,
    message: FlashMessages[T],
  ): Promise<{ method: number; signature: Hex }> => {
    const witness = { [primaryType]: flashTypes[primaryType] };
    const structHash = hashStruct({ data: { ...message }, primaryType, types: witness } as never);
    const signatures: Record<FundingMethod, () => Promise<Hex>> = {
      Allowance: async () => "0x",
      Eip3009: () =>
        client.signTypedData({
          domain: { name: "USD Coin", version: "2", chainId: CHAIN_ID, verifyingContract: token },
          types: eip3009Types,
          primaryType: "ReceiveWithAuthorization",
          message: {
            from: client.address,
            to: settlement,
            value: message.amount,
            validAfter: 0n,
            validBefore: message.deadline + 1n,
            nonce: structHash,
          },
        }),
      Permit2: () =>
        client.signTypedData({
          domain: { name: "Permit2", chainId: CHAIN_ID, verifyingContract: PERMIT2_ADDRESS },
          types: {
            ...witness,
            PermitWitnessTransferFrom: [
              { name: "permitted", type: "TokenPermissions" },
              { name: "spender", type: "address" },
              { name: "nonce", type: "uint256" },
              { name: "deadline", type: "uint256" },
              { name: "witness", type: primaryType },
            ],
            TokenPermissions: [
              { name: "token", type: "address" },
              { name: "amount", type: "uint256" },
            ],
          },
          primaryType: "PermitWitnessTransferFrom",
          message: {
            permitted: { token, amount: message.amount },
            spender: settlement,
            nonce: BigInt(structHash),
            deadline: message.deadline,
            witness: message,
          },
        } as never),
    };
    return { method: FUNDING_METHODS.indexOf(method), signature: await signatures[method]() };
  };

  const termsFor = (to: Address) => ({
    ...party,
    server: to,
    amount: AMOUNT,
    ttlSeconds: DAY,
    closeDelay: 900n,
    signer: zeroAddress,
    epoch: 0n,
    deadline: DEADLINE,
  });
  const topUpOf = (salt: bigint) => ({ ...party, amount: AMOUNT, epoch: 0n, salt, deadline: DEADLINE });
  const payment = (nonce: bigint) => ({ ...party, amount: 1_000n, nonce, deadline: 0n, epoch: 0n });
  const tab = (total: bigint, lane: bigint) => ({ ...party, total, lane, deadline: 0n, epoch: 0n });
  const pack = async (head: bigint, signature: Promise<Hex>) => {
    const { r, yParityAndS } = signatureToCompactSignature(parseSignature(await signature));
    return { head, r, vs: yParityAndS };
  };
  const packPayment = (nonce: bigint) =>
    pack((1_000n << 128n) | (nonce << 64n), sign(client, "Payment", payment(nonce)));
  const packTab = (total: bigint, lane: bigint) =>
    pack((total << 128n) | (lane << 64n), sign(client, "Tab", tab(total, lane)));
  const paymentsFrom = (first: bigint, count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => packPayment(first + BigInt(index))));
  const group = (payments: readonly unknown[], tabs: readonly unknown[] = []) => ({ ...party, payments, tabs });
  const rawTransaction = (nonce: bigint) =>
    client.signTransaction({
      type: "eip1559",
      chainId: CHAIN_ID,
      nonce: 1_000,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 1n,
      gas: 200_000n,
      to: settlement,
      data: encodeFunctionData({
        abi: flashSettlementAbi,
        functionName: "settleNumberedPayment",
        args: [server.address, token, 1_000n, nonce, 0, 0],
      }),
    });

  // Everybody was here before: nonce words and lanes are in use, the server holds a credit and tokens, the wallet pays.
  await base.fundUsdc(client.address, 10n ** 12n);
  await base.fundUsdc(server.address, AMOUNT);
  await approve(settlement, 10n ** 12n);
  await approve(PERMIT2_ADDRESS, maxUint256);
  await transact(client, "openEscrow", [server.address, token, 10n * AMOUNT, DAY]);
  await transact(server, "settleBatch", [[group([await packPayment(0n)], [await packTab(1_000n, 0n)])], false]);
  await approve(settlement, 0n);
  await transact(server, "settleBatch", [[group([await packPayment(1n)])], false]);
  await approve(settlement, 10n ** 12n);
  const release = (nonce: bigint) => ({ ...party, epoch: 0n, amount: 1_000n, nonce, deadline: DEADLINE });
  await transact(relayer, "releaseEscrowWithAuthorization", [
    release(0n),
    await sign(server, "ReleaseEscrow", release(0n)),
  ]);

  const snapshot = await base.networkHelpers.takeSnapshot();
  const rows: GasRow[] = [];
  type Call = readonly [PrivateKeyAccount, string, readonly unknown[]];
  const row = async (id: string, n: number, { peerGas, goal }: Reference, prepare: () => Promise<Call>) => {
    report(n === 1 ? id : `${id} n=${n}`);
    await base.networkHelpers.time.setNextBlockTimestamp(START + 10_000n);
    const [account, functionName, args] = await prepare();
    const { gasUsed, logs } = await transact(account, functionName, args);
    // A skipped item would be cheap.
    const skipped = parseEventLogs({ abi: flashSettlementAbi, logs, eventName: "RowSkipped" });
    if (skipped.length > 0) throw new Error(`${id}: ${skipped.length} items had no effect`);
    const gas = Number(gasUsed);
    rows.push({
      id,
      n,
      gas,
      perItem: Math.round(gas / n),
      peer: peerGas === undefined ? null : PEER,
      peerGas: peerGas === undefined ? null : peerGas * n,
      floor: null,
      goal: goal === undefined ? null : goal * n,
    });
    await snapshot.restore();
  };
  const later = (seconds: bigint) => base.networkHelpers.time.setNextBlockTimestamp(START + 10_000n + seconds);

  /* OPENING AND TERMS */
  const openPeer = { peerGas: 209_898 };
  await row("flash.openEscrow", 1, { ...openPeer, goal: 135_000 }, async () => [
    client,
    "openEscrow",
    [freshServer, token, AMOUNT, DAY],
  ]);
  await row("flash.openEscrowWithTerms", 1, { ...openPeer, goal: 118_500 }, async () => [
    client,
    "openEscrowWithTerms",
    [termsFor(freshServer), "0x", { method: 0, signature: "0x" }],
  ]);
  for (const method of FUNDING_METHODS) {
    await row(`flash.openEscrowRelayed${method}`, 1, openPeer, async () => {
      const terms = termsFor(freshServer);
      const signature = method === "Allowance" ? await sign(client, "OpenEscrow", terms) : "0x";
      return [relayer, "openEscrowWithTerms", [terms, signature, await signFunding(method, "OpenEscrow", terms)]];
    });
  }
  await row("flash.topUp", 1, {}, async () => [client, "topUp", [server.address, token, AMOUNT, 0]]);
  for (const [id, method] of [
    ["flash.topUpWithAuthorization", "Eip3009"],
    ["flash.topUpWithAuthorizationPermit2", "Permit2"],
  ] as const) {
    await row(id, 1, {}, async () => {
      const message = topUpOf(1n);
      return [relayer, "topUpWithAuthorization", [message, await signFunding(method, "TopUp", message)]];
    });
  }
  const newUnlockAt = START + 2n * DAY;
  await row("flash.extendEscrow", 1, {}, async () => [client, "extendEscrow", [server.address, token, 0, newUnlockAt]]);
  await row("flash.extendEscrowWithAuthorization", 1, {}, async () => {
    const message = { ...party, epoch: 0n, newUnlockAt, deadline: DEADLINE };
    return [relayer, "extendEscrowWithAuthorization", [message, await sign(client, "ExtendEscrow", message)]];
  });

  /* LEAVING */
  const close = { ...party, epoch: 0n, byServer: false, deadline: DEADLINE };
  const closeArgs = [client.address, server.address, token, 0];
  await row("flash.clientCloseEscrow", 1, {}, async () => [client, "clientCloseEscrow", [server.address]]);
  await row("flash.serverCloseEscrow", 1, { peerGas: 62_038 }, async () => {
    await transact(client, "clientCloseEscrow", [server.address]);
    return [server, "serverCloseEscrow", [client.address]];
  });
  await row("flash.closeEscrow", 1, {}, async () => [client, "closeEscrow", closeArgs]);
  await row("flash.closeEscrowWithAuthorization", 1, {}, async () => [
    relayer,
    "closeEscrowWithAuthorization",
    [close, await sign(client, "CloseEscrow", close)],
  ]);
  await row("flash.finalizeClose", 1, {}, async () => {
    await transact(client, "closeEscrow", closeArgs);
    await later(2n * DAY);
    return [relayer, "finalizeClose", [client.address, server.address, token]];
  });
  await row("flash.withdrawEscrow", 1, {}, async () => {
    await later(2n * DAY);
    return [client, "withdrawEscrow", [server.address, token, client.address]];
  });
  await row("flash.releaseEscrow", 1, {}, async () => [server, "releaseEscrow", [client.address, token, 0, 1_000n]]);
  await row("flash.releaseEscrowWithAuthorization", 1, {}, async () => [
    relayer,
    "releaseEscrowWithAuthorization",
    [release(1n), await sign(server, "ReleaseEscrow", release(1n))],
  ]);
  await row("flash.withdrawCredit", 1, {}, async () => [server, "withdrawCredit", [token, server.address, 500n]]);
  await row("flash.withdrawCreditWithAuthorization", 1, {}, async () => {
    const message = { account: server.address, token, to: server.address, amount: 500n, nonce: 1n, deadline: DEADLINE };
    return [relayer, "withdrawCreditWithAuthorization", [message, await sign(server, "WithdrawCredit", message)]];
  });

  /* COLLECTING */
  await row("flash.settlePayment", 1, { peerGas: 104_762, goal: 75_500 }, async () => [
    client,
    "settlePayment",
    [server.address, token, 1_000n],
  ]);
  await row("flash.settleNumberedPayment", 1, {}, async () => [
    client,
    "settleNumberedPayment",
    [server.address, token, 1_000n, 7, 0, 0],
  ]);
  await row("flash.settleSignedTransaction", 1, {}, async () => [
    relayer,
    "settleSignedTransaction",
    [await rawTransaction(7n), false],
  ]);
  await row("flash.settleSignedPayment", 1, { peerGas: 104_762 }, async () => [
    server,
    "settleSignedPayment",
    [payment(7n), await sign(client, "Payment", payment(7n)), false],
  ]);
  for (const [n, goal] of [
    [1, undefined],
    [10, 14_500],
    [100, 6_900],
  ] as const) {
    await row("flash.settleBatch", n, { peerGas: 104_762, ...(goal && { goal }) }, async () => [
      server,
      "settleBatch",
      [[group(await paymentsFrom(10n, n))], false],
    ]);
  }
  const walletLeg = rows.find(({ id, n }) => id === "flash.settleBatch" && n === 100)?.gas ?? 0;
  await row("flash.settleFallback", 100, { peerGas: 104_112, goal: (walletLeg * 1.15) / 100 }, async () => {
    await approve(settlement, 0n);
    return [server, "settleBatch", [[group(await paymentsFrom(10n, 100))], false]];
  });
  await row("flash.settleTab", 1, { goal: 89_000 }, async () => [
    relayer,
    "settleTab",
    [tab(2_000n, 0n), await sign(client, "Tab", tab(2_000n, 0n))],
  ]);
  await row("flash.settleTabFirst", 1, { goal: 106_000 }, async () => [
    relayer,
    "settleTab",
    [tab(2_000n, 1n), await sign(client, "Tab", tab(2_000n, 1n))],
  ]);

  /* RIGHTS */
  await row("flash.setSettler", 1, {}, async () => [server, "setSettler", [settler, START + DAY]]);
  await row("flash.setSettlerWithAuthorization", 1, {}, async () => {
    const message = { server: server.address, settler, validUntil: START + DAY, sequence: 0n, deadline: DEADLINE };
    return [relayer, "setSettlerWithAuthorization", [message, await sign(server, "SettlerAuthorization", message)]];
  });
  await row("flash.invalidateNonces", 1, {}, async () => [server, "invalidateNonces", [1n, 1n]]);

  return rows;
}
