import { AUTH_CAPTURE } from "./authCapture.ts";
import { FLASH } from "./flash.ts";
import type { Family } from "./mutant.ts";
import { VOUCHER } from "./voucher.ts";

/** The contracts in which bugs are planted, by the name of their family. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  voucher: VOUCHER,
  flash: FLASH,
  authCapture: AUTH_CAPTURE,
};
