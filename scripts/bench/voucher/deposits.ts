import { AMOUNT } from "./bench.ts";
import { depositAuthorization, signedDeposit } from "./messages.ts";
import { BATCH_SETTLEMENT, EDGE_AND_NODE, type Operation } from "./operation.ts";

const EIP3009_PEER = `${BATCH_SETTLEMENT} deposit, ERC-3009`;

/** Deposits: `TopUp` into an account that was used before, the others into a new one. */
export const depositOperations: readonly Operation[] = [
  {
    id: "voucher.deposit",
    ...{ peer: `${EDGE_AND_NODE} deposit`, peerGas: 211_506 },
    prepare: ({ buyer, freshSeller, usdc }) => [buyer, "deposit", [freshSeller, usdc, AMOUNT]],
  },
  {
    id: "voucher.depositTopUp",
    ...{ peer: `${EDGE_AND_NODE} deposit`, peerGas: 68_062 },
    prepare: ({ buyer, seller, usdc }) => [buyer, "deposit", [seller.address, usdc, AMOUNT]],
  },
  {
    id: "voucher.depositTo",
    prepare: ({ relayer, buyer, freshSeller, usdc }) => [
      relayer,
      "depositTo",
      [buyer.address, freshSeller, usdc, AMOUNT],
    ],
  },
  {
    id: "voucher.depositMany",
    n: 10,
    prepare: ({ buyer, manySellers, usdc }) => {
      const inputs = manySellers.map((seller) => ({ seller, amount: AMOUNT }));
      return [buyer, "depositMany", [usdc, inputs]];
    },
  },
  bySignature("voucher.depositWithAuthorization", "allowance", "fresh"),
  {
    ...bySignature("voucher.depositWithAuthorizationTopUp", "allowance", "used"),
    ...{ peer: `${EDGE_AND_NODE} depositWithAuthorization`, peerGas: 107_845 },
  },
  {
    ...bySignature("voucher.depositWithEip3009", "eip3009", "fresh"),
    ...{ peer: EIP3009_PEER, peerGas: 140_232, goal: 122_500 },
  },
  {
    ...bySignature("voucher.depositWithEip3009TopUp", "eip3009", "used"),
    ...{ peer: EIP3009_PEER, peerGas: 119_264, goal: 105_500 },
  },
  bySignature("voucher.depositWithPermit2", "permit2", "fresh"),
  bySignature("voucher.depositWithPermit2TopUp", "permit2", "used"),
];

function bySignature(id: string, method: Parameters<typeof signedDeposit>[1], account: "fresh" | "used"): Operation {
  const functionName = {
    allowance: "depositWithAuthorization",
    eip3009: "depositWithEip3009",
    permit2: "depositWithPermit2",
  };
  return {
    id,
    async prepare(bench) {
      const seller = account === "fresh" ? bench.freshSeller : bench.seller.address;
      const args = await signedDeposit(bench, method, depositAuthorization(bench, seller));
      return [bench.relayer, functionName[method], args];
    },
  };
}
