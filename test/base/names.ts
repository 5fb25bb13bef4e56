const collectors = [
  "ERC3009PaymentCollector",
  "Permit2PaymentCollector",
  "PreApprovalPaymentCollector",
  "OperatorRefundCollector",
];

/** What the local Base has at canonical addresses, in the order in which it is placed. */
export const CANONICAL_CONTRACTS: readonly string[] = [
  "Permit2",
  "Multicall3",
  "Arachnid proxy",
  "CreateX",
  "USDC",
  ...["1.1", "1.0"].flatMap((version) =>
    ["AuthCaptureEscrow", "TokenStore", ...collectors].map((name) => `${name} ${version}`),
  ),
];
