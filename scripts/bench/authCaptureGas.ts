import {
  encodeAbiParameters,
  encodeFunctionData,
  erc20Abi,
  hashStruct,
  hexToBigInt,
  keccak256,
  maxUint256,
  toHex,
  parseAbi,
  zeroAddress,
  zeroHash,
  type Abi,
  type Address,
  type Hex,
  type PrivateKeyAccount,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import {
  authCaptureEscrowAbi,
  authCaptureEscrowV1_0Abi,
  preApprovalPaymentCollectorAbi,
  termsOperatorAbi,
  termsOperatorFactoryAbi,
  termsOperatorV1_0Abi,
} from "../../client/abi/index.ts";
import { ESCROW_DEPLOYMENTS, GENERATIONS, type Generation } from "../../client/auth-capture/addresses.ts";
import { hashPaymentInfo, payerAgnosticHash } from "../../client/auth-capture/hash.ts";
import { predictOperator } from "../../client/auth-capture/predict.ts";
import { signCancelAuthorization } from "../../client/auth-capture/sign.ts";
import { lifecycleTypes, operatorDomain, type LifecyclePrimaryType } from "../../client/auth-capture/typedData.ts";
import type { PaymentInfo, Terms } from "../../client/auth-capture/types.ts";
import { eip3009Types, PERMIT2_ADDRESS, permit2TokenTypes } from "../../client/core/funding.ts";
import { USDC } from "../../test/base/addresses.ts";
import { deployAuthCapture } from "../../test/helpers/authCapture.ts";
import { connectBase, type Base } from "../../test/helpers/base.ts";
import type { GasRow } from "./gasRows.ts";

// Fixed keys, times and salts make every row exact.
const START = 1_900_000_000n;
const HOUR = 3_600n;
const DAY = 24n * HOUR;
const DEADLINE = START + 60n * DAY;
const AMOUNT = 1_000_000n;
const PART = 700_000n;
const CHAIN_ID = 8453;
const GAS_LIMIT = 16_000_000n;
const EOA = "direct operator";

const accountOf = (name: string): PrivateKeyAccount => privateKeyToAccount(keccak256(toHex(name)));
const authorizer = accountOf("authorizer");
const arbiter = accountOf("arbiter");

/** A direct call or a row beside which one of ours is shown. */
interface Reference {
  readonly peer?: string;
  readonly peerGas?: number;
  readonly goal?: number;
}

const HOLD: Terms = {
  authorizer: authorizer.address,
  arbiter: zeroAddress,
  feeReceiver: zeroAddress,
  feeBps: 0n,
  releaseLead: 0n,
  ruleLead: 0n,
  disputeWindow: 0n,
  maxHold: 90n * DAY,
  flags: 0n,
  salt: zeroHash,
};
const ARBITRATED: Terms = {
  ...HOLD,
  arbiter: arbiter.address,
  releaseLead: 2n * DAY,
  ruleLead: DAY,
  disputeWindow: DAY,
  flags: 2n,
};
const CHARGE: Terms = { ...HOLD, maxHold: 0n, flags: 1n };

/** Measures every verb of the operators, and what they add to an account that operates the escrow itself. */
export async function measureAuthCaptureGas(report: (id: string) => void): Promise<GasRow[]> {
  const base = await connectBase();
  try {
    return await measure(base, report);
  } finally {
    await base.close();
  }
}

async function measure(base: Base, report: (id: string) => void): Promise<GasRow[]> {
  const { relayer, buyer: payer, seller: receiver, otherSeller: directOperator } = base.actors;
  const deployed = await deployAuthCapture(base);
  const factory = deployed.termsOperatorFactory;
  const refundCollectorOf: Record<Generation, Address> = {
    "v1.1": deployed.signedRefundCollector,
    "v1.0": deployed.signedRefundCollectorV1_0,
  };
  const escrowAbiOf: Record<Generation, Abi> = { "v1.1": authCaptureEscrowAbi, "v1.0": authCaptureEscrowV1_0Abi };
  const operatorAbiOf: Record<Generation, Abi> = { "v1.1": termsOperatorAbi, "v1.0": termsOperatorV1_0Abi };

  const send = async (account: PrivateKeyAccount, to: Address, data: Hex): Promise<number> => {
    const hash = await base.walletOf(account).sendTransaction({ to, data, gas: GAS_LIMIT });
    const receipt = await base.publicClient.getTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Error(`a call of ${to} reverted`);
    // A call of an address without code does nothing and would be cheap.
    if (receipt.logs.length === 0) throw new Error(`a call of ${to} did nothing`);
    return Number(receipt.gasUsed);
  };
  /** A call by anybody through an operator, or by the direct operator of the escrow itself. */
  const call = (generation: Generation, paymentInfo: PaymentInfo, functionName: string, args: readonly unknown[]) => {
    const isDirect = paymentInfo.operator === directOperator.address;
    const { escrow } = ESCROW_DEPLOYMENTS[generation];
    const abi = (isDirect ? escrowAbiOf : operatorAbiOf)[generation];
    const data = encodeFunctionData({ abi, functionName, args: [paymentInfo, ...args] });
    return send(isDirect ? directOperator : relayer, isDirect ? escrow : paymentInfo.operator, data);
  };
  const deploy = (terms: Terms, generation: Generation) =>
    send(
      relayer,
      factory,
      encodeFunctionData({
        abi: termsOperatorFactoryAbi,
        functionName: "deploy",
        args: [terms as never, ESCROW_DEPLOYMENTS[generation].escrow],
      }),
    );

  /* SIGNATURES */

  const sign = (generation: Generation, account: PrivateKeyAccount, primaryType: LifecyclePrimaryType) => {
    return (paymentInfo: PaymentInfo, message: object) =>
      account.signTypedData({
        domain: operatorDomain({ chainId: CHAIN_ID, operator: paymentInfo.operator }),
        types: lifecycleTypes[generation],
        primaryType,
        message: { paymentInfoHash: hashOf(generation, paymentInfo), ...message },
      } as never);
  };
  const hashOf = (generation: Generation, paymentInfo: PaymentInfo) =>
    hashPaymentInfo({ chainId: CHAIN_ID, escrow: ESCROW_DEPLOYMENTS[generation].escrow, paymentInfo });
  const signTransfer = (account: PrivateKeyAccount, to: Address, validBefore: bigint, nonce: Hex, value: bigint) =>
    account.signTypedData({
      domain: { name: "USD Coin", version: "2", chainId: CHAIN_ID, verifyingContract: USDC },
      types: eip3009Types,
      primaryType: "ReceiveWithAuthorization",
      message: { from: account.address, to, value, validAfter: 0n, validBefore, nonce },
    });
  const signCapture = async (
    generation: Generation,
    primaryType: "Capture" | "CaptureAndVoid",
    paymentInfo: PaymentInfo,
    amount: bigint,
  ) =>
    sign(
      generation,
      authorizer,
      primaryType,
    )(paymentInfo, {
      amount,
      ...(generation === "v1.1" ? { feeAmount: 0n } : { feeBps: 0n }),
      feeReceiver: zeroAddress,
      expectedCapturableAmount: AMOUNT,
      expectedRefundableAmount: 0n,
    });

  /* PAYMENTS */

  let salt = 0n;
  const paymentTo = (operator: Address): PaymentInfo => {
    salt += 1n;
    return {
      operator,
      payer: payer.address,
      receiver: receiver.address,
      token: USDC,
      maxAmount: AMOUNT,
      preApprovalExpiry: START + HOUR,
      authorizationExpiry: START + 30n * DAY,
      refundExpiry: START + 60n * DAY,
      minFeeBps: 0n,
      maxFeeBps: 0n,
      feeReceiver: zeroAddress,
      salt: hexToBigInt(keccak256(toHex(salt))),
    };
  };
  const collection = async (generation: Generation, paymentInfo: PaymentInfo) => {
    const { escrow, eip3009Collector } = ESCROW_DEPLOYMENTS[generation];
    const nonce = payerAgnosticHash({ chainId: CHAIN_ID, escrow, paymentInfo });
    const signature = await signTransfer(payer, eip3009Collector, paymentInfo.preApprovalExpiry, nonce, AMOUNT);
    return [AMOUNT, eip3009Collector, signature] as const;
  };
  const authorize = async (generation: Generation, paymentInfo: PaymentInfo) =>
    call(generation, paymentInfo, "authorize", await collection(generation, paymentInfo));
  const charge = async (generation: Generation, paymentInfo: PaymentInfo) =>
    call(generation, paymentInfo, "charge", [...(await collection(generation, paymentInfo)), 0n, zeroAddress]);
  const cancel = async (generation: Generation, paymentInfo: PaymentInfo) => {
    const { escrow } = ESCROW_DEPLOYMENTS[generation];
    const payment = { method: "Eip3009", tokenDomain: { name: "USD Coin", version: "2" } } as const;
    const reference = { chainId: CHAIN_ID, escrow, paymentInfo };
    const signature = await signCancelAuthorization(payer, { ...reference, payment });
    const args = [payer.address, payerAgnosticHash(reference), signature] as const;
    return send(relayer, USDC, encodeFunctionData({ abi: CANCEL, functionName: "cancelAuthorization", args }));
  };
  const refundData = async (generation: Generation, paymentInfo: PaymentInfo, method: 1 | 2) => {
    const collector = refundCollectorOf[generation];
    const members = {
      chainId: BigInt(CHAIN_ID),
      collector,
      paymentInfoHash: hashOf(generation, paymentInfo),
      funder: receiver.address,
      token: USDC,
      amount: PART,
      salt: 1n,
      deadline: DEADLINE,
    };
    const nonce = hashStruct({
      types: { SignedRefund: SIGNED_REFUND },
      primaryType: "SignedRefund",
      data: members,
    } as never);
    const signature =
      method === 1
        ? await signTransfer(receiver, collector, DEADLINE + 1n, nonce, PART)
        : await receiver.signTypedData({
            domain: { name: "Permit2", chainId: CHAIN_ID, verifyingContract: PERMIT2_ADDRESS },
            types: PERMIT_TRANSFER_FROM,
            primaryType: "PermitTransferFrom",
            message: {
              permitted: { token: USDC, amount: PART },
              spender: collector,
              nonce: BigInt(nonce),
              deadline: DEADLINE,
            },
          });
    return encodeAbiParameters(
      [{ type: "uint8" }, { type: "address" }, { type: "uint256" }, { type: "uint48" }, { type: "bytes" }],
      [method, receiver.address, 1n, Number(DEADLINE), signature],
    );
  };

  // Everybody was here before: each operator's token store exists and holds another payment, the parties hold tokens.
  await base.networkHelpers.time.setNextBlockTimestamp(START);
  await base.fundUsdc(payer.address, 10n ** 12n);
  await base.fundUsdc(receiver.address, 10n ** 12n);
  for (const account of [payer, receiver]) {
    await base
      .walletOf(account)
      .writeContract({ address: USDC, abi: erc20Abi, functionName: "approve", args: [PERMIT2_ADDRESS, maxUint256] });
  }
  await base.fundUsdc(directOperator.address, 10n ** 12n);
  const operators = {} as Record<Generation, Record<"hold" | "arbitrated" | "charge" | "direct", Address>>;
  for (const generation of GENERATIONS) {
    const { escrow, operatorRefundCollector } = ESCROW_DEPLOYMENTS[generation];
    await base.walletOf(directOperator).writeContract({
      address: USDC,
      abi: erc20Abi,
      functionName: "approve",
      args: [operatorRefundCollector, maxUint256],
    });
    const operatorOf = (terms: Terms) => predictOperator({ factory, terms, escrow });
    for (const terms of [HOLD, ARBITRATED, CHARGE]) await deploy(terms, generation);
    operators[generation] = {
      hold: operatorOf(HOLD),
      arbitrated: operatorOf(ARBITRATED),
      charge: operatorOf(CHARGE),
      direct: directOperator.address,
    };
    for (const name of ["hold", "arbitrated", "direct"] as const) {
      const [kept, spent] = [paymentTo(operators[generation][name]), paymentTo(operators[generation][name])];
      await authorize(generation, kept);
      await authorize(generation, spent);
      if (name === "direct") await call(generation, spent, "void", []);
      else await call(generation, spent, "void", [await sign(generation, authorizer, "Void")(spent, {})]);
    }
    await charge(generation, paymentTo(operators[generation].charge));
  }

  const snapshot = await base.networkHelpers.takeSnapshot();
  const rows: GasRow[] = [];
  const at = (time: bigint) => base.networkHelpers.time.setNextBlockTimestamp(time);
  const run = async (measured: () => Promise<number>): Promise<number> => {
    const firstSalt = salt;
    await at(START + 1_000n);
    const gas = await measured();
    await snapshot.restore();
    salt = firstSalt;
    return gas;
  };
  const add = (id: string, gas: number, { peer, peerGas, goal }: Reference = {}) => {
    report(id);
    rows.push({
      id,
      n: 1,
      gas,
      perItem: gas,
      peer: peer ?? null,
      peerGas: peerGas ?? null,
      floor: null,
      goal: goal ?? null,
    });
  };

  /** A held payment, and what is measured on it. */
  const onHold = (
    generation: Generation,
    name: "hold" | "arbitrated" | "direct",
    act: (paymentInfo: PaymentInfo) => Promise<number>,
  ) =>
    run(async () => {
      const paymentInfo = paymentTo(operators[generation][name]);
      await authorize(generation, paymentInfo);
      return act(paymentInfo);
    });
  const captureOf = (generation: Generation, name: "hold" | "arbitrated") =>
    onHold(generation, name, async (paymentInfo) => {
      if (name === "arbitrated") await at(paymentInfo.authorizationExpiry - DAY);
      return call(generation, paymentInfo, "capture", [
        PART,
        await signCapture(generation, "Capture", paymentInfo, PART),
      ]);
    });
  const disputed = async (generation: Generation, paymentInfo: PaymentInfo) =>
    call(generation, paymentInfo, "dispute", [
      zeroHash,
      Number(DEADLINE),
      await sign(generation, payer, "Dispute")(paymentInfo, { reasonHash: zeroHash, deadline: DEADLINE }),
    ]);

  for (const generation of GENERATIONS) {
    const suffix = generation === "v1.1" ? "" : "V1_0";
    const on = operators[generation];
    const row = (verb: string, gas: number, reference?: Reference) =>
      add(`authCapture.${verb}${suffix}`, gas, reference);

    const direct = {
      authorize: await run(() => authorize(generation, paymentTo(on.direct))),
      charge: await run(() => charge(generation, paymentTo(on.direct))),
      capture: await onHold(generation, "direct", (paymentInfo) =>
        call(generation, paymentInfo, "capture", [PART, 0n, zeroAddress]),
      ),
      void: await onHold(generation, "direct", (paymentInfo) => call(generation, paymentInfo, "void", [])),
      refund: await run(async () => {
        const paymentInfo = paymentTo(on.direct);
        await charge(generation, paymentInfo);
        const { operatorRefundCollector } = ESCROW_DEPLOYMENTS[generation];
        return call(generation, paymentInfo, "refund", [PART, operatorRefundCollector, "0x"]);
      }),
    };
    const beside = (peerGas: number): Reference => ({ peer: EOA, peerGas });

    const authorizeGas = await run(() => authorize(generation, paymentTo(on.hold)));
    const captureGas = await captureOf(generation, "hold");
    const captureArbitratedGas = await captureOf(generation, "arbitrated");
    row("authorizeOverhead", authorizeGas - direct.authorize, { peer: "x402r", peerGas: 56_000, goal: 11_700 });
    row("captureOverhead", captureGas - direct.capture, { goal: 15_200 });
    row("captureOverheadArbitrated", captureArbitratedGas - direct.capture, { goal: 17_400 });
    row(
      "deployOperator",
      await run(() => deploy({ ...ARBITRATED, ...FEE_TERMS, salt: keccak256(toHex("salt")) }, generation)),
      { goal: 100_000 },
    );

    row("authorize", authorizeGas, beside(direct.authorize));
    row("charge", await run(() => charge(generation, paymentTo(on.charge))), beside(direct.charge));
    row("capture", captureGas, beside(direct.capture));
    row("captureArbitrated", captureArbitratedGas, beside(direct.capture));
    row(
      "captureAndVoid",
      await onHold(generation, "hold", async (paymentInfo) =>
        call(generation, paymentInfo, "captureAndVoid", [
          PART,
          await signCapture(generation, "CaptureAndVoid", paymentInfo, PART),
        ]),
      ),
      { ...beside(direct.capture + direct.void), goal: direct.capture + direct.void - 1 },
    );
    row(
      "void",
      await onHold(generation, "hold", async (paymentInfo) =>
        call(generation, paymentInfo, "void", [await sign(generation, authorizer, "Void")(paymentInfo, {})]),
      ),
      beside(direct.void),
    );
    for (const [verb, method] of [
      ["refund", 1],
      ["refundPermit2", 2],
    ] as const) {
      row(
        verb,
        await run(async () => {
          const paymentInfo = paymentTo(on.charge);
          await charge(generation, paymentInfo);
          const tokenCollector = refundCollectorOf[generation];
          const signature = await sign(
            generation,
            authorizer,
            "Refund",
          )(paymentInfo, {
            amount: PART,
            tokenCollector,
            expectedCapturableAmount: 0n,
            expectedRefundableAmount: AMOUNT,
          });
          const data = await refundData(generation, paymentInfo, method);
          return call(generation, paymentInfo, "refund", [PART, tokenCollector, data, signature]);
        }),
      );
    }
    row(
      "release",
      await onHold(generation, "hold", async (paymentInfo) =>
        call(generation, paymentInfo, "release", [
          Number(DEADLINE),
          await sign(
            generation,
            payer,
            "Release",
          )(paymentInfo, {
            expectedCapturableAmount: AMOUNT,
            disputed: false,
            deadline: DEADLINE,
          }),
        ]),
      ),
    );
    row("dispute", await onHold(generation, "arbitrated", (paymentInfo) => disputed(generation, paymentInfo)));
    row(
      "rule",
      await onHold(generation, "arbitrated", async (paymentInfo) => {
        await disputed(generation, paymentInfo);
        const signature = await sign(generation, arbiter, "Rule")(paymentInfo, { receiverAmount: PART });
        return call(generation, paymentInfo, "rule", [PART, signature]);
      }),
    );
    row(
      "settle",
      await onHold(generation, "arbitrated", async (paymentInfo) => {
        const message = {
          receiverAmount: PART,
          expectedCapturableAmount: AMOUNT,
          expectedRefundableAmount: 0n,
          disputed: false,
          deadline: DEADLINE,
        };
        const byPayer = await sign(generation, payer, "Settle")(paymentInfo, message);
        const byAuthorizer = await sign(generation, authorizer, "Settle")(paymentInfo, message);
        return call(generation, paymentInfo, "settle", [PART, Number(DEADLINE), byPayer, byAuthorizer]);
      }),
    );
    row(
      "releaseDue",
      await onHold(generation, "arbitrated", async (paymentInfo) => {
        await at(paymentInfo.authorizationExpiry - DAY);
        return call(generation, paymentInfo, "releaseDue", []);
      }),
    );
    row(
      "voidExpired",
      await onHold(generation, "hold", async (paymentInfo) => {
        await at(paymentInfo.authorizationExpiry);
        return call(generation, paymentInfo, "voidExpired", []);
      }),
    );
    row(
      "reclaim",
      await onHold(generation, "hold", async (paymentInfo) => {
        await at(paymentInfo.authorizationExpiry);
        const data = encodeFunctionData({
          abi: escrowAbiOf[generation],
          functionName: "reclaim",
          args: [paymentInfo],
        });
        return send(payer, ESCROW_DEPLOYMENTS[generation].escrow, data);
      }),
    );
    row(
      "preApprove",
      await run(() => {
        const args = [paymentTo(on.hold) as never] as const;
        const data = encodeFunctionData({ abi: preApprovalPaymentCollectorAbi, functionName: "preApprove", args });
        return send(payer, ESCROW_DEPLOYMENTS[generation].preApprovalCollector, data);
      }),
    );
    row("cancelAuthorization", await run(() => cancel(generation, paymentTo(on.hold))));
    row("authorizeAsOperator", direct.authorize);
    row("chargeAsOperator", direct.charge);
    row("captureAsOperator", direct.capture);
    row("voidAsOperator", direct.void);
    row("refundAsOperator", direct.refund);
  }
  return rows;
}

const FEE_TERMS = { feeReceiver: accountOf("fee receiver").address, feeBps: 250n };

const CANCEL = parseAbi(["function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature)"]);

const SIGNED_REFUND = [
  { name: "chainId", type: "uint256" },
  { name: "collector", type: "address" },
  { name: "paymentInfoHash", type: "bytes32" },
  { name: "funder", type: "address" },
  { name: "token", type: "address" },
  { name: "amount", type: "uint256" },
  { name: "salt", type: "uint256" },
  { name: "deadline", type: "uint48" },
];

const PERMIT_TRANSFER_FROM = {
  PermitTransferFrom: [
    { name: "permitted", type: "TokenPermissions" },
    { name: "spender", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
  ...permit2TokenTypes,
} as const;
