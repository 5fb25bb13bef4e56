import type { PaymentRequirements } from "@x402/core/types";
import { isAddressEqual, zeroAddress, type Address } from "viem";
import { ESCROW_DEPLOYMENTS, type EscrowDeployment } from "../../auth-capture/addresses.ts";
import { MAX_NAME_LENGTH, MAX_UINT16, MAX_UINT48 } from "../core/fields.ts";
import { chainIdOfNetwork } from "../core/network.ts";
import { messageOf, type AuthCaptureCode } from "./codes.ts";
import { AUTH_CAPTURE_SCHEME, CAPTURE_MODES, OPERATOR_TYPES, PAYMENT_FLOWS, TRANSFER_METHODS } from "./constants.ts";
import { parse, type Fields } from "./fields.ts";
import type { Parsed, PaymentTerms } from "./types.ts";

const EXTRA = "invalid_auth_capture_evm_extra";
const BASIS_POINTS = 10_000n;

type Extra = Omit<PaymentTerms, "chainId" | "receiver" | "token" | "amount" | "maxTimeoutSeconds" | Choice>;
type Choice = "flow" | "operatorType" | "method";

/**
 * Reads payment requirements of the scheme, in the order in which the scheme checks them: scheme, network, fields and fee rules, flow,
 * operator. An unknown method is no fault here: the scheme asks who the operator is first.
 *
 * - Source: docs/x402/auth-capture.md, Offer
 *
 * @param requirements - One of `accepts` of a 402, or what a facilitator is sent; may be anything.
 * @returns {@link PaymentTerms}, or the scheme's code for what is wrong. Never throws.
 *
 * @example
 * const terms = parseRequirements(paymentRequired.accepts[0]);
 * if (terms.isValid) console.log(terms.value.operator);
 */
export function parseRequirements(requirements: PaymentRequirements): Parsed<PaymentTerms> {
  const { scheme, network, extra } = requirements;
  if (scheme !== AUTH_CAPTURE_SCHEME) return wrong("invalid_auth_capture_evm_scheme");
  const chainId = chainIdOfNetwork(network);
  if (chainId === undefined) return wrong("invalid_auth_capture_evm_network_mismatch");
  const parties = parse(requirements, EXTRA, readParties);
  if (!parties.isValid) return parties;
  const read = parse(extra, EXTRA, readExtra);
  if (!read.isValid) return read;
  const fault = findFeeFault(read.value);
  if (fault !== undefined) return wrong(EXTRA, fault);
  const choice = parseChoice(extra, read.value);
  if (!choice.isValid) return choice;
  return { isValid: true, value: { chainId, ...parties.value, ...read.value, ...choice.value } };
}

function readParties(fields: Fields): Pick<PaymentTerms, "receiver" | "token" | "amount" | "maxTimeoutSeconds"> {
  return {
    receiver: fields.address("payTo"),
    token: fields.address("asset"),
    amount: fields.amount("amount"),
    maxTimeoutSeconds: fields.integer("maxTimeoutSeconds", MAX_UINT48),
  };
}

function readExtra(fields: Fields): Extra {
  return {
    deployment: readDeployment(fields),
    operator: fields.address("captureAuthorizer"),
    captureDeadline: fields.integer("captureDeadline", MAX_UINT48),
    refundDeadline: fields.integer("refundDeadline", MAX_UINT48),
    feeReceiver: fields.address("feeRecipient"),
    minFeeBps: fields.integer("minFeeBps", MAX_UINT16),
    maxFeeBps: fields.integer("maxFeeBps", MAX_UINT16),
    tokenDomain: { name: fields.text("name", MAX_NAME_LENGTH), version: fields.text("version", MAX_NAME_LENGTH) },
    captureMode: fields.has("captureMode") ? fields.oneOf("captureMode", CAPTURE_MODES) : "sync",
    receiverAuthorizer: optionalAddress(fields, "receiverAuthorizer"),
  };
}

/** An empty text stands for the default, as the stock client takes it. */
function readDeployment(fields: Fields): EscrowDeployment {
  const known = Object.values(ESCROW_DEPLOYMENTS);
  if (!fields.has("authCaptureEscrow")) return ESCROW_DEPLOYMENTS["v1.1"];
  const names = known.flatMap(({ escrow }) => [escrow, escrow.toLowerCase()]);
  const named = fields.oneOf("authCaptureEscrow", ["", ...names]);
  return known.find(({ escrow }) => escrow.toLowerCase() === named.toLowerCase()) ?? ESCROW_DEPLOYMENTS["v1.1"];
}

function optionalAddress(fields: Fields, name: string): Address {
  return fields.has(name) ? fields.address(name) : zeroAddress;
}

function findFeeFault({ operator, feeReceiver, minFeeBps, maxFeeBps }: Extra): string | undefined {
  if (isAddressEqual(operator, zeroAddress)) return "`captureAuthorizer` is zero.";
  if (maxFeeBps > BASIS_POINTS) return "`maxFeeBps` is above 10,000.";
  if (minFeeBps > maxFeeBps) return "`minFeeBps` is above `maxFeeBps`.";
  const isFree = minFeeBps === 0n && maxFeeBps === 0n;
  return isFree || !isAddressEqual(feeReceiver, zeroAddress)
    ? undefined
    : "There is a fee, and `feeRecipient` is zero: anybody could take it.";
}

function parseChoice(extra: unknown, { receiverAuthorizer, captureMode }: Extra): Parsed<Pick<PaymentTerms, Choice>> {
  const flow = parse(extra, "invalid_auth_capture_evm_unsupported_payment_flow", (fields) => {
    // The scheme's first version had this key instead; what it meant then would be misread now.
    if (fields.has("autoCapture")) return undefined;
    return fields.has("paymentFlow") ? fields.oneOf("paymentFlow", PAYMENT_FLOWS) : "escrow";
  });
  if (!flow.isValid) return flow;
  if (flow.value === undefined) {
    return wrong(
      "invalid_auth_capture_evm_unsupported_payment_flow",
      "Name it in `paymentFlow` instead of `autoCapture`.",
    );
  }
  const isCharge = flow.value === "authorization";
  if (isCharge && captureMode === "deferred") return wrong(EXTRA, "A charge is never `deferred`.");
  if (isCharge && isAddressEqual(receiverAuthorizer, zeroAddress)) {
    return wrong("invalid_auth_capture_evm_missing_receiver_authorizer");
  }
  const operatorType = parse(extra, "invalid_auth_capture_evm_unsupported_operator_type", (fields) =>
    fields.has("operatorType") ? fields.oneOf("operatorType", OPERATOR_TYPES) : "delegated",
  );
  if (!operatorType.isValid) return operatorType;
  const policy = parse(extra, "invalid_auth_capture_evm_policy", (fields) => optionalAddress(fields, "policy"));
  if (!policy.isValid) return policy;
  if (!isAddressEqual(policy.value, zeroAddress)) return wrong("invalid_auth_capture_evm_policy");
  const method = parse(extra, EXTRA, (fields) =>
    fields.has("assetTransferMethod") ? fields.oneOf("assetTransferMethod", TRANSFER_METHODS) : "eip3009",
  );
  return {
    isValid: true,
    value: { flow: flow.value, operatorType: operatorType.value, method: method.isValid ? method.value : undefined },
  };
}

function wrong(code: AuthCaptureCode, detail?: string): Parsed<never> {
  return { isValid: false, code, message: detail === undefined ? messageOf(code) : `${messageOf(code)} ${detail}` };
}
