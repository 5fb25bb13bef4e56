import type { PaymentRequirements, SchemePaymentRequiredContext } from "@x402/core/types";

/** Reads a header of a request. */
export type HeaderOf = (name: string) => unknown;

/** Which offers of a 402 a scheme adds to, and what. */
export interface NextOfferParameters {
  readonly scheme: string;
  /** A key of `extra` that an offer has once it was added to. */
  readonly marker: string;
  /** True when the offers that a paid request is held to are added to as well: what the payer signs is among what is added. */
  readonly isSigned?: true;
  /** What to add to `extra` of an offer. */
  readonly extraFor: (offer: PaymentRequirements, headerOf: HeaderOf) => Promise<object>;
}

/**
 * Adds to one offer of a 402. The SDK calls a scheme once for each of its offers, in their order, without saying which one it means, and
 * lets it change no other: it is the first that was not added to yet.
 */
export async function addToNextOffer(
  { requirements, error, transportContext, paymentPayload }: SchemePaymentRequiredContext,
  { scheme: wanted, marker, isSigned, extraFor }: NextOfferParameters,
): Promise<PaymentRequirements[] | undefined> {
  const headerOf = headersOf(transportContext);
  // A paid request first asks what it could have been offered; nobody sees that answer.
  const isPaid = error === undefined && paymentPayload === undefined && headerOf("payment-signature") !== undefined;
  const index = requirements.findIndex(({ scheme, extra }) => scheme === wanted && !(marker in extra));
  const chosen = requirements[index];
  if ((isPaid && isSigned !== true) || chosen === undefined) return undefined;
  const added = await extraFor(chosen, headerOf);
  return requirements.map((other, at) => (at === index ? { ...other, extra: { ...other.extra, ...added } } : other));
}

/** Headers of the request, when the transport has some. */
function headersOf(transportContext: unknown): HeaderOf {
  const { request } = (transportContext ?? {}) as { request?: { adapter?: { getHeader?: HeaderOf } } };
  const adapter = request?.adapter;
  return (name) => adapter?.getHeader?.(name);
}
