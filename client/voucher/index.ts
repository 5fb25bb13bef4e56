export * from "./types.ts";
export {
  PERMIT2_ADDRESS,
  eip2612Types,
  eip3009Types,
  permit2Types,
  voucherDomain,
  voucherTypeHash,
  voucherTypes,
  type EscrowReference,
  type TokenDomain,
  type VoucherDomain,
  type VoucherMessages,
  type VoucherPrimaryType,
} from "./typedData.ts";
