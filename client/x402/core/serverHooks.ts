import type { PaymentRequirements, SchemeServerHooks } from "@x402/core/types";
import { chainIdOfNetwork } from "./network.ts";

type VerifyContext = Parameters<NonNullable<SchemeServerHooks["onBeforeVerify"]>>[0];
type SettleContext = Parameters<NonNullable<SchemeServerHooks["onBeforeSettle"]>>[0];
type VerifyDecision = Awaited<ReturnType<NonNullable<SchemeServerHooks["onBeforeVerify"]>>>;
type SettleDecision = Awaited<ReturnType<NonNullable<SchemeServerHooks["onBeforeSettle"]>>>;

/** Codes of every scheme whose server takes payments itself. */
export type ServerCode = "invalid_x402_version" | "unexpected_verify_error" | "unexpected_settle_error";

/** A payment of x402 v2, with the terms that it is held to. */
export interface ServerRequest {
  readonly payload: unknown;
  readonly chainId: bigint | undefined;
  readonly payTo: string;
  readonly asset: string;
  /** Decimal string, token base units. */
  readonly price: string;
  /** Seconds the request may take. */
  readonly timeout: number;
}

interface AnyAdmission {
  readonly isAdmitted: true;
  readonly payer: string;
}

interface AnyRefusal {
  readonly isAdmitted: false;
  readonly code: string;
  readonly message: string;
}

/** What takes the payments of a scheme. */
export interface ServerPayments<Admission extends AnyAdmission, Refusal extends AnyRefusal, Settlement, Code> {
  admit(request: ServerRequest): Promise<Admission | Refusal>;
  /** @param amount - Decimal string, token base units. */
  charge(
    admission: Admission,
    amount: unknown,
  ): Promise<
    | { readonly isCharged: true; readonly amount: bigint; readonly settlement: Settlement }
    | { readonly isCharged: false; readonly code: Code }
  >;
  release(admission: Admission): Promise<void>;
}

/** What {@link createServerHooks} is made of. */
export interface ServerHooksParameters<
  Admission extends AnyAdmission,
  Refusal extends AnyRefusal,
  Settlement,
  Code extends string,
> {
  readonly payments: ServerPayments<Admission, Refusal, Settlement, Code>;
  /** What the payer is told of a charge; `transaction` is empty when nothing is on-chain yet. */
  readonly toResult: (settlement: Settlement) => {
    readonly transaction: string;
    readonly extra: Record<string, unknown>;
  };
  /** Keeps what corrects a refused payment, for the next 402. */
  readonly onRefused: (payload: object, refusal: Refusal, requirements: PaymentRequirements) => void;
  /** Code of a payment that is settled and was not verified here, or too long ago. */
  readonly lostCode: Code;
  readonly messageOf: (code: Code | ServerCode) => string;
  readonly onError: (error: unknown) => void;
}

/** Makes the hooks of a server that verifies and settles payments itself: a facilitator is never asked. */
export function createServerHooks<
  Admission extends AnyAdmission,
  Refusal extends AnyRefusal,
  Settlement,
  Code extends string,
>(parameters: ServerHooksParameters<Admission, Refusal, Settlement, Code>): SchemeServerHooks {
  const { payments, toResult, onRefused, lostCode, messageOf, onError } = parameters;
  /** The SDK hands the same payload object to every hook of a request. */
  const admissions = new WeakMap<object, Admission>();

  /** An admission is charged or released once. */
  function take(payload: object): Admission | undefined {
    const admission = admissions.get(payload);
    admissions.delete(payload);
    return admission;
  }

  function abort(code: ServerCode): VerifyDecision {
    return { abort: true, reason: code, message: messageOf(code) };
  }

  /** Answers for the facilitator, which is never asked: an abort would lose what the payer must know. */
  function fail({ requirements: { network } }: SettleContext, code: Code | ServerCode): SettleDecision {
    const failure = { success: false, errorReason: code, errorMessage: messageOf(code), transaction: "" };
    return { skip: true, result: { ...failure, network } };
  }

  async function verify({ paymentPayload, requirements }: VerifyContext): Promise<VerifyDecision> {
    // A version 1 payload is matched by scheme and network alone: its terms are not those of the route.
    if (paymentPayload.x402Version !== 2) return abort("invalid_x402_version");
    const result = await payments.admit({
      payload: paymentPayload.payload,
      chainId: chainIdOfNetwork(requirements.network),
      payTo: requirements.payTo,
      asset: requirements.asset,
      price: requirements.amount,
      timeout: requirements.maxTimeoutSeconds,
    });
    if (result.isAdmitted) {
      admissions.set(paymentPayload, result);
      return { skip: true, result: { isValid: true, payer: result.payer } };
    }
    onRefused(paymentPayload, result, requirements);
    return { abort: true, reason: result.code, message: result.message };
  }

  async function settle(context: SettleContext): Promise<SettleDecision> {
    const { paymentPayload, requirements } = context;
    const admission = take(paymentPayload);
    if (admission === undefined) return fail(context, lostCode);
    const charge = await payments.charge(admission, requirements.amount);
    if (!charge.isCharged) return fail(context, charge.code);
    const { network } = requirements;
    const amount = charge.amount.toString();
    return {
      skip: true,
      result: { success: true, payer: admission.payer, network, amount, ...toResult(charge.settlement) },
    };
  }

  // The SDK goes on when a hook throws, so none may.
  return {
    onBeforeVerify: async (context) => {
      try {
        return await verify(context);
      } catch (error) {
        onError(error);
        return abort("unexpected_verify_error");
      }
    },
    onBeforeSettle: async (context) => {
      try {
        return await settle(context);
      } catch (error) {
        onError(error);
        return fail(context, "unexpected_settle_error");
      }
    },
    onVerifiedPaymentCanceled: async ({ paymentPayload }) => {
      const admission = take(paymentPayload);
      if (admission !== undefined) await payments.release(admission);
    },
  };
}
