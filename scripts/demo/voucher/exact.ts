import { parseAbi, parseSignature } from "viem";
import { eip3009Types } from "../../../client/voucher/index.ts";
import { USDC } from "../../../test/base/addresses.ts";
import { testAccount } from "../../../test/helpers/actors.ts";
import { connectChain } from "../chain.ts";
import { CHAIN_ID } from "./settings.ts";

const eip3009Abi = parseAbi([
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)",
]);

/** Gas of one USDC payment by signature between two accounts that hold some, as the scheme `exact` settles a request. */
export async function measureExact(rpcUrl: string): Promise<bigint> {
  const { client, wallet } = connectChain(rpcUrl, testAccount(9));
  const payer = testAccount(10);
  const message = {
    from: payer.address,
    to: testAccount(11).address,
    value: 1_000n,
    validAfter: 0n,
    validBefore: 2n ** 40n,
    nonce: `0x${"01".repeat(32)}`,
  } as const;
  const domain = { name: "USD Coin", version: "2", chainId: CHAIN_ID, verifyingContract: USDC } as const;
  const primaryType = "TransferWithAuthorization";
  const types = { [primaryType]: eip3009Types.ReceiveWithAuthorization };
  const { r, s, yParity } = parseSignature(await payer.signTypedData({ domain, types, primaryType, message }));
  const { from, to, value, validAfter, validBefore, nonce } = message;
  const hash = await wallet.writeContract({
    address: USDC,
    abi: eip3009Abi,
    functionName: "transferWithAuthorization",
    args: [from, to, value, validAfter, validBefore, nonce, 27 + yParity, r, s],
  });
  const { gasUsed } = await client.waitForTransactionReceipt({ hash });
  return gasUsed;
}
