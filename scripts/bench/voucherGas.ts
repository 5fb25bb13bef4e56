import {
  type Abi,
  type Address,
  erc20Abi,
  type Hex,
  keccak256,
  maxUint256,
  pad,
  parseEventLogs,
  parseSignature,
  type PrivateKeyAccount,
  signatureToCompactSignature,
  toHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { hashStruct } from "viem/utils";
import { voucherEscrowAbi } from "../../client/abi/index.ts";
import { eip3009Types, PERMIT2_ADDRESS } from "../../client/core/funding.ts";
import {
  permit2Types,
  voucherDomain,
  type VoucherMessages,
  type VoucherPrimaryType,
  voucherTypes,
} from "../../client/voucher/typedData.ts";
import { DEFAULT_LANE } from "../../client/voucher/types.ts";
import { USDC } from "../../test/base/addresses.ts";
import { type Base, connectBase } from "../../test/helpers/base.ts";
import { deployVoucherEscrow } from "../../test/helpers/voucherEscrow.ts";
import type { GasRow } from "./gasRows.ts";

// Fixed keys, times and nonces make every row exact.
const START = 1_900_000_000n;
const EXPIRY = START + 30n * 86_400n;
const DAY = 86_400n;
const AMOUNT = 1_000_000n;
const GAS_LIMIT = 16_000_000n;
const MOST_ROWS = 100;
const OTHER_LANE = keccak256(toHex("lane"));

const accountOf = (name: string): PrivateKeyAccount => privateKeyToAccount(keccak256(toHex(name)));

interface Reference {
  readonly peer?: string;
  readonly peerGas?: number;
  readonly floor?: number;
  readonly goal?: number;
}

const DEPOSIT_TYPES = { DepositAuthorization: voucherTypes.DepositAuthorization };

const BATCH_SETTLEMENT = "x402BatchSettlement";
const EDGE_AND_NODE = "Edge & Node escrow";

/** Measures every verb of VoucherEscrow, each on the same prepared chain. */
export async function measureVoucherGas(report: (id: string) => void): Promise<GasRow[]> {
  const base = await connectBase();
  try {
    return await measure(base, report);
  } finally {
    await base.close();
  }
}

async function measure(base: Base, report: (id: string) => void): Promise<GasRow[]> {
  const { relayer, buyer, seller } = base.actors;
  const buyers = Array.from({ length: MOST_ROWS }, (_, index) => accountOf(`buyer ${index}`));
  const freshSeller = accountOf("fresh seller").address;
  const manySellers = Array.from({ length: 10 }, (_, index) => accountOf(`seller ${index}`).address);
  const sessionKey = accountOf("session key").address;

  const usdc: Address = USDC;
  const escrow = await deployVoucherEscrow(base);
  const domain = voucherDomain({ chainId: 8453, escrow });

  let time = START;
  await base.networkHelpers.time.setNextBlockTimestamp(time);

  const transact = async (account: PrivateKeyAccount, functionName: string, args: readonly unknown[]) => {
    const hash = await base.walletOf(account).writeContract({
      address: escrow,
      abi: voucherEscrowAbi as Abi,
      functionName,
      args,
      gas: GAS_LIMIT,
    });
    const receipt = await base.publicClient.getTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Error(`${functionName} reverted`);
    return receipt;
  };
  const approve = async (account: PrivateKeyAccount, spender: Address) => {
    const parameters = { address: usdc, abi: erc20Abi, functionName: "approve" } as const;
    await base.walletOf(account).writeContract({ ...parameters, args: [spender, maxUint256] });
  };
  const sign = <T extends VoucherPrimaryType>(
    account: PrivateKeyAccount,
    primaryType: T,
    message: VoucherMessages[T],
  ) => account.signTypedData({ domain, types: voucherTypes, primaryType, message } as never);

  const voucherOf = (account: PrivateKeyAccount, total: bigint, id: Hex = DEFAULT_LANE) => ({
    id,
    buyer: account.address,
    seller: seller.address,
    valueAggregate: total,
    asset: usdc,
    timestamp: START,
    nonce: total,
    escrow,
    chainId: 8453n,
    expiry: EXPIRY,
  });
  const signedVoucher = async (account: PrivateKeyAccount, total: bigint, id?: Hex) => {
    const voucher = voucherOf(account, total, id);
    return { voucher, signature: await sign(account, "Voucher", voucher) };
  };
  const rowOf = async (account: PrivateKeyAccount, total: bigint) => {
    const { signature } = await signedVoucher(account, total);
    const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature));
    const head = (BigInt(account.address) << 96n) | total;
    return { head, terms: (total << 160n) | (START << 120n) | (EXPIRY << 80n) | total, r, vs: yParityAndS };
  };
  const wideRowOf = async (account: PrivateKeyAccount, total: bigint, id?: Hex) => ({
    ...(await signedVoucher(account, total, id)),
    total,
  });
  const group = (rows: readonly unknown[], wide: readonly unknown[] = []) => ({
    seller: seller.address,
    asset: usdc,
    gasLimit: 0n,
    rows,
    wide,
  });
  const depositAuthorization = (to: Address, nonce: bigint) => ({
    buyer: buyer.address,
    seller: to,
    asset: usdc,
    amount: AMOUNT,
    nonce: pad(toHex(nonce), { size: 32 }),
    expiry: EXPIRY,
  });
  const witnessOf = (message: VoucherMessages["DepositAuthorization"]) =>
    hashStruct({ data: { ...message }, primaryType: "DepositAuthorization", types: DEPOSIT_TYPES });
  const signEip3009 = (message: VoucherMessages["DepositAuthorization"]) =>
    buyer.signTypedData({
      domain: { name: "USD Coin", version: "2", chainId: 8453, verifyingContract: usdc },
      types: eip3009Types,
      primaryType: "ReceiveWithAuthorization",
      message: {
        from: buyer.address,
        to: escrow,
        value: message.amount,
        validAfter: 0n,
        validBefore: message.expiry + 1n,
        nonce: witnessOf(message),
      },
    });
  const signPermit2 = (message: VoucherMessages["DepositAuthorization"]) =>
    buyer.signTypedData({
      domain: { name: "Permit2", chainId: 8453, verifyingContract: PERMIT2_ADDRESS },
      types: permit2Types,
      primaryType: "PermitWitnessTransferFrom",
      message: {
        permitted: { token: usdc, amount: message.amount },
        spender: escrow,
        nonce: BigInt(witnessOf(message)),
        deadline: message.expiry,
        witness: message,
      } as never,
    });

  // Everybody holds tokens, every account was used before, every lane has paid once.
  const funder = relayer;
  await base.fundUsdc(funder.address, 10n ** 12n);
  await base.fundUsdc(buyer.address, 10n ** 12n);
  await base.fundUsdc(seller.address, AMOUNT);
  await approve(funder, escrow);
  await approve(buyer, escrow);
  await approve(buyer, PERMIT2_ADDRESS);
  for (const account of [...buyers, buyer]) {
    await transact(funder, "depositTo", [account.address, seller.address, usdc, 10n * AMOUNT]);
  }
  await transact(buyer, "depositFree", [usdc, 10n * AMOUNT]);
  const firstRows = await Promise.all(buyers.map((account) => rowOf(account, 1_000n)));
  await transact(relayer, "collectBatch", [[group([...firstRows, await rowOf(buyer, 1_000n)])]]);
  await transact(relayer, "collectBatch", [[group([], [await wideRowOf(buyer, 1_000n, OTHER_LANE)])]]);
  for (const to of manySellers) await transact(buyer, "deposit", [to, usdc, AMOUNT]);
  const used = depositAuthorization(seller.address, 2n);
  await transact(relayer, "depositWithAuthorization", [used, await sign(buyer, "DepositAuthorization", used)]);

  const snapshot = await base.networkHelpers.takeSnapshot();
  const rows: GasRow[] = [];
  const row = async (
    id: string,
    n: number,
    reference: Reference,
    prepare: () => Promise<readonly [PrivateKeyAccount, string, readonly unknown[]]>,
  ) => {
    report(n === 1 ? id : `${id} n=${n}`);
    time = START + 10_000n;
    await base.networkHelpers.time.setNextBlockTimestamp(time);
    const [account, functionName, args] = await prepare();
    const { gasUsed, logs } = await transact(account, functionName, args);
    // A skipped row would be cheap.
    const skipped = parseEventLogs({
      abi: voucherEscrowAbi,
      logs,
      eventName: ["VoucherSkipped", "GroupFailed", "FlushSkipped"],
    });
    if (skipped.length > 0) throw new Error(`${id}: ${skipped.length} items had no effect`);
    const gas = Number(gasUsed);
    rows.push({
      id,
      n,
      gas,
      perItem: Math.round(gas / n),
      peer: reference.peer ?? null,
      peerGas: reference.peerGas ?? null,
      floor: reference.floor ?? null,
      goal: reference.goal ?? null,
    });
    await snapshot.restore();
  };
  const later = async (seconds: bigint) => {
    time += seconds;
    await base.networkHelpers.time.setNextBlockTimestamp(time);
  };

  /* DEPOSITS */
  await row("voucher.deposit", 1, { peer: `${EDGE_AND_NODE} deposit`, peerGas: 211_506 }, async () => [
    buyer,
    "deposit",
    [freshSeller, usdc, AMOUNT],
  ]);
  await row("voucher.depositTopUp", 1, { peer: `${EDGE_AND_NODE} deposit`, peerGas: 68_062 }, async () => [
    buyer,
    "deposit",
    [seller.address, usdc, AMOUNT],
  ]);
  await row("voucher.depositTo", 1, {}, async () => [funder, "depositTo", [buyer.address, freshSeller, usdc, AMOUNT]]);
  await row("voucher.depositMany", 10, {}, async () => [
    buyer,
    "depositMany",
    [usdc, manySellers.map((to) => ({ seller: to, amount: AMOUNT }))],
  ]);
  const authorizationPeer = { peer: `${EDGE_AND_NODE} depositWithAuthorization`, peerGas: 107_845 };
  await row("voucher.depositWithAuthorization", 1, {}, async () => {
    const message = depositAuthorization(freshSeller, 3n);
    return [relayer, "depositWithAuthorization", [message, await sign(buyer, "DepositAuthorization", message)]];
  });
  await row("voucher.depositWithAuthorizationTopUp", 1, authorizationPeer, async () => {
    const message = depositAuthorization(seller.address, 3n);
    return [relayer, "depositWithAuthorization", [message, await sign(buyer, "DepositAuthorization", message)]];
  });
  const eip3009Peer = { peer: `${BATCH_SETTLEMENT} deposit, ERC-3009`, peerGas: 140_232, goal: 122_500 };
  await row("voucher.depositWithEip3009", 1, eip3009Peer, async () => {
    const message = depositAuthorization(freshSeller, 3n);
    return [relayer, "depositWithEip3009", [message, await signEip3009(message)]];
  });
  const eip3009TopUpPeer = { peer: `${BATCH_SETTLEMENT} deposit, ERC-3009`, peerGas: 119_264, goal: 105_500 };
  await row("voucher.depositWithEip3009TopUp", 1, eip3009TopUpPeer, async () => {
    const message = depositAuthorization(seller.address, 3n);
    return [relayer, "depositWithEip3009", [message, await signEip3009(message)]];
  });
  await row("voucher.depositWithPermit2", 1, {}, async () => {
    const message = depositAuthorization(freshSeller, 3n);
    return [relayer, "depositWithPermit2", [message, await signPermit2(message)]];
  });
  await row("voucher.depositWithPermit2TopUp", 1, {}, async () => {
    const message = depositAuthorization(seller.address, 3n);
    return [relayer, "depositWithPermit2", [message, await signPermit2(message)]];
  });

  /* FREE BALANCE */
  await row("voucher.depositFree", 1, {}, async () => [buyer, "depositFree", [usdc, AMOUNT]]);
  await row("voucher.allocate", 1, { goal: 55_000 }, async () => [buyer, "allocate", [freshSeller, usdc, AMOUNT]]);
  await row("voucher.allocateWithAuthorization", 1, { goal: 63_000 }, async () => {
    const message = {
      buyer: buyer.address,
      seller: freshSeller,
      asset: usdc,
      amount: AMOUNT,
      nonce: 0n,
      expiry: EXPIRY,
    };
    return [relayer, "allocateWithAuthorization", [message, await sign(buyer, "AllocateAuthorization", message)]];
  });
  await row("voucher.withdrawFree", 1, {}, async () => [buyer, "withdrawFree", [usdc, AMOUNT]]);
  await row("voucher.withdrawFreeWithAuthorization", 1, {}, async () => {
    const message = { buyer: buyer.address, asset: usdc, amount: AMOUNT, nonce: 0n, expiry: EXPIRY };
    const signature = await sign(buyer, "WithdrawFreeAuthorization", message);
    return [relayer, "withdrawFreeWithAuthorization", [message, signature]];
  });
  await row("voucher.advanceFreeNonce", 1, {}, async () => [buyer, "advanceFreeNonce", [usdc, 1n]]);

  /* WITHDRAWALS */
  await row("voucher.thaw", 1, { peer: `${EDGE_AND_NODE} thaw`, peerGas: 73_767 }, async () => [
    buyer,
    "thaw",
    [seller.address, usdc, AMOUNT],
  ]);
  await row("voucher.cancelThaw", 1, {}, async () => {
    await transact(buyer, "thaw", [seller.address, usdc, AMOUNT]);
    return [buyer, "cancelThaw", [seller.address, usdc]];
  });
  await row("voucher.withdraw", 1, { peer: `${EDGE_AND_NODE} withdraw`, peerGas: 60_946 }, async () => {
    await transact(buyer, "thaw", [seller.address, usdc, AMOUNT]);
    await later(DAY);
    return [buyer, "withdraw", [seller.address, usdc]];
  });
  const flush = { buyer: buyer.address, seller: seller.address, asset: usdc, nonce: OTHER_LANE, expiry: EXPIRY };
  await row("voucher.flushWithAuthorization", 1, {}, async () => [
    relayer,
    "flushWithAuthorization",
    [flush, await sign(buyer, "FlushAuthorization", flush)],
  ]);
  await row("voucher.flushAllWithAuthorization", 10, {}, async () => {
    const message = { buyer: buyer.address, nonce: OTHER_LANE, expiry: EXPIRY };
    const accounts = manySellers.map((to) => ({ seller: to, asset: usdc }));
    return [
      relayer,
      "flushAllWithAuthorization",
      [message, accounts, await sign(buyer, "FlushAllAuthorization", message)],
    ];
  });

  /* COLLECTION */
  await row("voucher.collect", 1, { peer: `${EDGE_AND_NODE} collect`, peerGas: 88_143 }, async () => {
    const { voucher, signature } = await signedVoucher(buyer, 2_000n);
    return [relayer, "collect", [voucher, signature]];
  });
  await row("voucher.collectOtherLane", 1, { peer: `${EDGE_AND_NODE} collect`, peerGas: 88_143 }, async () => {
    const { voucher, signature } = await signedVoucher(buyer, 2_000n, OTHER_LANE);
    return [relayer, "collect", [voucher, signature]];
  });
  await row("voucher.collectNewLane", 1, { peer: `${EDGE_AND_NODE} collect, new id`, peerGas: 105_243 }, async () => {
    const { voucher, signature } = await signedVoucher(buyer, 2_000n, keccak256(toHex("new lane")));
    return [relayer, "collect", [voucher, signature]];
  });
  await row("voucher.collectMany", 10, { peer: `${EDGE_AND_NODE} collectMany`, peerGas: 361_836 }, async () => {
    const vouchers = await Promise.all(buyers.slice(0, 10).map((account) => signedVoucher(account, 2_000n)));
    return [relayer, "collectMany", [vouchers]];
  });
  const floorOf = (n: number) => 46_000 + 9_400 * n;
  const batchReferences: Record<number, Reference> = {
    1: { peer: `${BATCH_SETTLEMENT} claim + settle`, peerGas: 48_369 + 56_840 },
    10: { peer: `${BATCH_SETTLEMENT} claim + settle`, peerGas: 238_464 + 56_840 },
    100: { peer: `${BATCH_SETTLEMENT} claim + settle`, peerGas: 2_197_156, goal: 1_235_000 },
  };
  for (const n of [1, 10, 100]) {
    await row("voucher.collectBatch", n, { ...batchReferences[n], floor: floorOf(n) }, async () => [
      relayer,
      "collectBatch",
      [[group(await Promise.all(buyers.slice(0, n).map((account) => rowOf(account, 2_000n))))]],
    ]);
  }
  await row("voucher.collectBatchWide", 10, {}, async () => [
    relayer,
    "collectBatch",
    [[group([], await Promise.all(buyers.slice(0, 10).map((account) => wideRowOf(account, 2_000n))))]],
  ]);
  await row("voucher.collectBatchToFreeBalance", 100, {}, async () => {
    await transact(seller, "setPayout", [true]);
    return [relayer, "collectBatch", [[group(await Promise.all(buyers.map((account) => rowOf(account, 2_000n))))]]];
  });

  /* SELLERS */
  await row("voucher.setPayout", 1, {}, async () => [seller, "setPayout", [true]]);
  await row("voucher.setPayoutWithAuthorization", 1, {}, async () => {
    const message = { seller: seller.address, toFreeBalance: true, nonce: 0n, expiry: EXPIRY };
    const signature = await sign(seller, "PayoutAuthorization", message);
    return [relayer, "setPayoutWithAuthorization", [message, signature]];
  });
  await row("voucher.release", 1, { peer: `${BATCH_SETTLEMENT} refund`, peerGas: 67_722 }, async () => [
    seller,
    "release",
    [buyer.address, usdc, DEFAULT_LANE, 1_000n, AMOUNT],
  ]);
  const refundPeer = { peer: `${BATCH_SETTLEMENT} refundWithSignature`, peerGas: 78_138 };
  await row("voucher.releaseWithAuthorization", 1, refundPeer, async () => {
    const message = {
      buyer: buyer.address,
      seller: seller.address,
      asset: usdc,
      id: DEFAULT_LANE,
      collectedAtLeast: 1_000n,
      amount: AMOUNT,
      nonce: pad("0x02", { size: 32 }),
      expiry: EXPIRY,
    };
    // The first nonce of a word of 256 pays for the word.
    const first = { ...message, nonce: pad("0x01", { size: 32 }) };
    const firstSignature = await sign(seller, "ReleaseAuthorization", first);
    await transact(relayer, "releaseWithAuthorization", [first, firstSignature]);
    return [relayer, "releaseWithAuthorization", [message, await sign(seller, "ReleaseAuthorization", message)]];
  });

  /* SIGNERS AND NONCES */
  await row("voucher.authorizeSigner", 1, {}, async () => [buyer, "authorizeSigner", [sessionKey, EXPIRY]]);
  await row("voucher.authorizeSignerWithAuthorization", 1, {}, async () => {
    const message = { buyer: buyer.address, signer: sessionKey, validUntil: EXPIRY, expiry: EXPIRY };
    const signature = await sign(buyer, "SignerAuthorization", message);
    return [relayer, "authorizeSignerWithAuthorization", [message, signature]];
  });
  await row("voucher.revokeSigner", 1, {}, async () => {
    await transact(buyer, "authorizeSigner", [sessionKey, EXPIRY]);
    return [buyer, "revokeSigner", [sessionKey]];
  });
  await row("voucher.revokeSignerWithAuthorization", 1, {}, async () => {
    await transact(buyer, "authorizeSigner", [sessionKey, EXPIRY]);
    const message = { buyer: buyer.address, signer: sessionKey, expiry: EXPIRY };
    const signature = await sign(buyer, "SignerRevocation", message);
    return [relayer, "revokeSignerWithAuthorization", [message, signature]];
  });
  await row("voucher.invalidateNonces", 1, {}, async () => [buyer, "invalidateNonces", [0, 1n, 1n]]);

  return rows;
}
