import { artifacts } from "hardhat";
import { encodeDeployData, type Abi, type Address, type Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Deposit, SignedSignerAuthorization } from "../../../client/x402/deferred/index.ts";
import { randomNonce, signDepositEip3009, signSignerAuthorization } from "../../../client/voucher/index.ts";
import { USDC } from "../../base/addresses.ts";
import { USDC_DOMAIN } from "../../base/usdc.ts";
import type { Base } from "../../helpers/base.ts";
import { mined } from "../../helpers/mined.ts";

const TOKEN = { name: USDC_DOMAIN.name, version: USDC_DOMAIN.version };

/** Whose account at which escrow something is for. */
export interface RelayParties {
  readonly escrow: Address;
  readonly buyer: Address;
  readonly seller: Address;
  /** Whoever signs as the buyer. */
  readonly by: PrivateKeyAccount;
}

export const inSeconds = (seconds: bigint): bigint => BigInt(Math.floor(Date.now() / 1000)) + seconds;

/** Signs a deposit by ERC-3009. */
export async function makeDeposit({ escrow, buyer, seller, by }: RelayParties, amount: bigint): Promise<Deposit> {
  const authorization = { buyer, seller, asset: USDC, amount, nonce: randomNonce(), expiry: inSeconds(600n) };
  const reference = { chainId: 8453, escrow, authorization, token: TOKEN };
  return { method: "eip3009", authorization, signature: await signDepositEip3009(by, reference) };
}

/** Authorizes a session signer. */
export async function makeSigner(
  { escrow, buyer, by }: Omit<RelayParties, "seller">,
  signer: Address,
  validUntil = inSeconds(1_000_000n),
): Promise<SignedSignerAuthorization> {
  const authorization = { buyer, signer, validUntil, expiry: inSeconds(600n) };
  const reference = { chainId: 8453, escrow, authorization };
  return { authorization, signature: await signSignerAuthorization(by, reference) };
}

/** Deploys a contract of the tests. */
export async function deploy(
  { publicClient, wallets }: Base,
  name: string,
  args: readonly unknown[],
): Promise<Address> {
  const { abi, bytecode } = await artifacts.readArtifact(name);
  const data = encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args });
  const { contractAddress } = await mined(publicClient, await wallets.deployer.sendTransaction({ data }));
  if (contractAddress == null) throw new Error(`${name} was not deployed`);
  return contractAddress;
}

/** Transactions that a relayer has sent, and the gas they took. */
export async function countSent(
  { publicClient }: Base,
  relayer: Address,
  step: () => Promise<unknown>,
): Promise<{ readonly count: number; readonly gas: bigint }> {
  const from = await publicClient.getBlockNumber({ cacheTime: 0 });
  await step();
  const last = await publicClient.getBlockNumber({ cacheTime: 0 });
  let [count, gas] = [0, 0n];
  for (let blockNumber = from + 1n; blockNumber <= last; blockNumber += 1n) {
    const { transactions } = await publicClient.getBlock({ blockNumber, includeTransactions: true });
    for (const { hash, from: sender } of transactions) {
      if (sender.toLowerCase() !== relayer.toLowerCase()) continue;
      count += 1;
      gas += (await publicClient.getTransactionReceipt({ hash })).gasUsed;
    }
  }
  return { count, gas };
}
