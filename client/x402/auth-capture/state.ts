import { getPaymentState } from "../../auth-capture/read.ts";
import type { PaymentState } from "../../auth-capture/types.ts";
import type { BlockParameters } from "../../core/read.ts";
import type { Desk } from "./desk.ts";
import type { Work } from "./work.ts";

/** Reads what the escrow keeps of a payment, at a block or at the latest. */
export async function readState(
  { client }: Desk,
  { payment, paymentInfoHash }: Pick<Work, "payment" | "paymentInfoHash">,
  block: BlockParameters = {},
): Promise<PaymentState> {
  return getPaymentState(client, { escrow: payment.escrow, paymentInfoHash, ...block });
}
