import type { PaymentPayload } from "@x402/core/types";
import { zeroAddress, type Address, type Hex, type PrivateKeyAccount } from "viem";
import {
  hashPaymentInfo,
  lifecycleTypes,
  operatorDomain,
  getEscrowDeployment,
  type Fee,
  type PaymentReference,
} from "../../../../client/auth-capture/index.ts";
import { toWireLifecycle, type LifecyclePayload } from "../../../../client/x402/auth-capture/index.ts";
import type { Signed } from "./bench.ts";

/** What an authorizer asks for. */
export interface LifecycleOptions {
  readonly by: PrivateKeyAccount;
  readonly type: LifecyclePayload["type"];
  readonly amount?: bigint;
  readonly capturable?: bigint;
  readonly refundable?: bigint;
  readonly feeReceiver?: Address;
  /** Basis points. */
  readonly feeBps?: bigint;
  readonly tokenCollector?: Address;
  readonly collectorData?: Hex;
  /** Adds a second signature, for the void of the rest. */
  readonly withVoid?: boolean;
}

/** Signs a capture, a void or a refund, and makes the payment that carries it. */
export async function makeLifecycle(signed: Signed, options: LifecycleOptions): Promise<PaymentPayload> {
  const { payload, requirements, payment } = signed;
  const { type, by, tokenCollector, collectorData } = options;
  const { amount = 0n, capturable = 0n, refundable = 0n, feeBps = 0n, feeReceiver = zeroAddress } = options;
  const deployment = getEscrowDeployment(payment.escrow);
  const fee: Fee = deployment.generation === "v1.0" ? { feeBps } : { feeAmount: (amount * feeBps) / 10_000n };
  const collector = tokenCollector ?? deployment.operatorRefundCollector;
  const message = {
    paymentInfoHash: hashPaymentInfo(payment),
    amount,
    ...fee,
    feeReceiver,
    tokenCollector: collector,
    expectedCapturableAmount: capturable,
    expectedRefundableAmount: refundable,
  };
  const primaryType = (
    { capture: "Capture", captureAndVoid: "CaptureAndVoid", void: "Void", refund: "Refund" } as const
  )[type];
  const { saltNonce } = payload.payload;
  const base = {
    paymentInfo: payment.paymentInfo,
    ...(typeof saltNonce === "string" && { saltNonce: BigInt(saltNonce) }),
    authorizerSignature: await signAs(by, payment, primaryType, message),
    ...(options.withVoid && { voidAuthorizerSignature: await signAs(by, payment, "Void", message) }),
  };
  const expected = { capturable, refundable };
  const lifecycle: LifecyclePayload =
    type === "void"
      ? { type, ...base }
      : type === "refund"
        ? {
            type,
            ...base,
            amount,
            expected,
            ...(tokenCollector && { tokenCollector }),
            ...(collectorData && { collectorData }),
          }
        : { type, ...base, amount, expected, fee, feeReceiver };
  return { x402Version: 2, accepted: requirements, payload: toWireLifecycle(lifecycle) };
}

/** Signs a message of an operator, with members to spare. */
export async function signAs(
  by: PrivateKeyAccount,
  { chainId, escrow, paymentInfo: { operator } }: PaymentReference,
  primaryType: "Capture" | "CaptureAndVoid" | "Void" | "Refund" | "Charge",
  message: object,
): Promise<Hex> {
  const { generation } = getEscrowDeployment(escrow);
  const types = lifecycleTypes[generation];
  const domain = operatorDomain({ chainId, operator });
  return by.signTypedData({ domain, types, primaryType, message } as never);
}
