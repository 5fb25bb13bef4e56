import type { FacilitatorClient } from "@x402/core/server";
import type { PaymentPayload, PaymentRequirements, SupportedResponse } from "@x402/core/types";
import type { Address, Hash } from "viem";
import { getEscrowDeployment } from "../../auth-capture/addresses.ts";
import { simulateAction } from "../../auth-capture/simulate.ts";
import { feeOf } from "../../auth-capture/terms.ts";
import { withChecksums } from "../../core/checksums.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { toRelayedCall } from "../../seller/auth-capture/sender.ts";
import type { ActionSender, PaymentRecord, SentAction, SignedAction } from "../../seller/auth-capture/types.ts";
import { ChainUnavailableError } from "../../seller/core/errors.ts";
import { networkOfChainId } from "../core/network.ts";
import { isSame } from "../core/requirements.ts";
import { AUTH_CAPTURE_SCHEME } from "./constants.ts";
import { AuthCaptureConfigurationError } from "./errors.ts";
import { toCode } from "./codes.ts";
import { RefusalError } from "./refusals.ts";
import type { LifecyclePayload } from "./types.ts";
import { toWireLifecycle } from "./wire.ts";

/** Settings of {@link createFacilitatorSender}. */
export interface FacilitatorSenderOptions {
  /** The SDK's client of the facilitator. */
  readonly facilitator: FacilitatorClient;
  /** Any viem client of the chain: actions are tried before their signatures leave. */
  readonly client: ReadClient;
  /** Address of TermsOperatorFactory, which the facilitator must announce in `lifecycleFactories`. */
  readonly factory: Address;
  /** Sends `releaseDue` and `voidExpired`, which are no business of a facilitator: `push` of `createWalletSender`. */
  readonly push?: ActionSender["push"];
}

/**
 * Makes a sender that leaves captures, voids and refunds to a facilitator, for a seller without gas. It goes beyond the scheme: the
 * facilitator must announce that it relays for operators of the factory.
 *
 * - Source: docs/x402/auth-capture.md, Server
 *
 * @param options - {@link FacilitatorSenderOptions}.
 * @returns The sender.
 *
 * @example
 * const sender = createFacilitatorSender({ facilitator, client: publicClient, factory });
 */
export function createFacilitatorSender(options: FacilitatorSenderOptions): ActionSender {
  const { facilitator, client, factory, push = refuseToPush } = options;
  let isAnnounced = false;

  async function checkAnnounced({ chainId }: PaymentRecord): Promise<void> {
    if (isAnnounced) return;
    const { kinds } = await facilitator.getSupported();
    isAnnounced = kinds.some((kind) => isOf(kind, networkOfChainId(chainId)) && announces(kind, factory));
    if (isAnnounced) return;
    throw new AuthCaptureConfigurationError(
      `The facilitator does not relay captures and voids of operators that ${factory} deployed.`,
      "Use `createWalletSender`, or a facilitator that names the factory in `lifecycleFactories`.",
    );
  }

  return {
    push,
    // To show it to the facilitator would be to give it away.
    check: (record, action) => simulateAction(client, toRelayedCall(record, action)),
    async send(record, action): Promise<SentAction> {
      await checkAnnounced(record);
      const requirements = toRequirements(record);
      const payload: PaymentPayload = {
        x402Version: 2,
        accepted: requirements,
        payload: toWireLifecycle(toLifecycle(record, action)),
      };
      const { success, transaction, errorReason, errorMessage } = await facilitator.settle(payload, requirements);
      if (success) return transaction === "" ? {} : { transaction: transaction as Hash };
      const code = toCode(errorReason, "unexpected_settle_error");
      const cause = new RefusalError(code, errorMessage === undefined ? {} : { detail: errorMessage });
      throw new ChainUnavailableError(`the facilitator did not settle the ${action.type}`, cause);
    },
  };
}

type Kind = SupportedResponse["kinds"][number];

function isOf({ x402Version, scheme, network }: Kind, wanted: string): boolean {
  return x402Version === 2 && scheme === AUTH_CAPTURE_SCHEME && network === wanted;
}

function announces({ extra }: Kind, factory: Address): boolean {
  const factories = extra?.["lifecycleFactories"];
  return Array.isArray(factories) && factories.some((entry) => isSame(entry, factory));
}

async function refuseToPush(): Promise<never> {
  throw new AuthCaptureConfigurationError(
    "A payment is due, and nobody here pays for the transaction.",
    "Pass `push` of `createWalletSender`; anybody may send it.",
  );
}

function toLifecycle({ escrow, paymentInfo, terms }: PaymentRecord, action: SignedAction): LifecyclePayload {
  const { type, amount, capturable, refundable, signature: authorizerSignature } = action;
  const base = { paymentInfo, authorizerSignature };
  if (type === "void") return { type, ...base };
  const change = { ...base, amount, expected: { capturable, refundable } };
  if (type !== "refund") {
    const fee = feeOf(terms, amount, getEscrowDeployment(escrow).generation);
    return { type, ...change, fee, feeReceiver: terms.feeReceiver };
  }
  const { tokenCollector, collectorData } = action;
  return {
    type,
    ...change,
    ...(tokenCollector !== undefined && { tokenCollector }),
    ...(collectorData !== undefined && { collectorData }),
  };
}

/** Requirements that the payment fits. A facilitator compares every field of it; the token's name is no part of it. */
function toRequirements({ chainId, escrow, paymentInfo }: PaymentRecord): PaymentRequirements {
  const { operator, receiver, token, maxAmount, authorizationExpiry, refundExpiry, feeReceiver } = paymentInfo;
  return withChecksums({
    scheme: AUTH_CAPTURE_SCHEME,
    network: networkOfChainId(chainId),
    asset: token,
    amount: maxAmount.toString(),
    payTo: receiver,
    maxTimeoutSeconds: 60,
    extra: {
      name: "",
      version: "",
      captureAuthorizer: operator,
      captureDeadline: Number(authorizationExpiry),
      refundDeadline: Number(refundExpiry),
      feeRecipient: feeReceiver,
      minFeeBps: Number(paymentInfo.minFeeBps),
      maxFeeBps: Number(paymentInfo.maxFeeBps),
      authCaptureEscrow: escrow,
      paymentFlow: "escrow",
      operatorType: "custom",
    },
  });
}
