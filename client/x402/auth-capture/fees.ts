import type { Generation } from "../../auth-capture/addresses.ts";
import type { Fee } from "../../auth-capture/typedData.ts";
import { refuse } from "./refusals.ts";

/** Refuses a fee that is not written as the escrow's generation takes it. */
export function checkFee(fee: Fee, generation: Generation): void {
  const name = generation === "v1.0" ? "feeBps" : "feeAmount";
  if (fee[name] === undefined) refuse("payload_format", { detail: `The fee is \`${name}\`.` });
}
