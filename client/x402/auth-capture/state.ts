import { getPaymentState } from "../../auth-capture/read.ts";
import type { PaymentState } from "../../auth-capture/types.ts";
import type { Desk } from "./desk.ts";
import type { Work } from "./work.ts";

/** Reads what the escrow keeps of a payment. */
export async function readState(
  { client }: Desk,
  { payment, paymentInfoHash }: Pick<Work, "payment" | "paymentInfoHash">,
): Promise<PaymentState> {
  return getPaymentState(client, { escrow: payment.escrow, paymentInfoHash });
}
