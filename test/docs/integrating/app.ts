// #region README
import { erc20Abi, type Account, type Address, type Chain, type Hash, type PublicClient } from "viem";
import type { Transport, WalletClient } from "viem";
import { voucherEscrowAbi } from "x402-escrow/abi";
import { canonical } from "x402-escrow/deployments";
import {
  decodeVoucherError,
  deposit,
  getAccount,
  getVoucherEscrowEvents,
  InsufficientBalanceError,
  parseVoucherEscrowEvents,
  thaw,
} from "x402-escrow/voucher";

/** The same on every chain. */
const escrow = canonical.VoucherEscrow;

export interface AppSettings {
  readonly client: PublicClient;
  /** The buyer's; it pays its own gas here. */
  readonly wallet: WalletClient<Transport, Chain, Account>;
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
}

/** Deposits for a seller. `amount` is in token base units. Returns what the escrow says it has credited. */
export async function fundAccount({ client, wallet, seller, asset }: AppSettings, amount: bigint) {
  // Not every chain has it.
  if ((await client.getCode({ address: escrow })) === undefined)
    throw new Error(`There is no escrow on ${client.chain?.name}.`);

  const approval = { address: asset, abi: erc20Abi, functionName: "approve", args: [escrow, amount] } as const;
  await client.waitForTransactionReceipt({ hash: await wallet.writeContract(approval) });

  const hash = await deposit(wallet, { escrow, seller, asset, amount });
  const { logs } = await client.waitForTransactionReceipt({ hash });
  const [deposited] = parseVoucherEscrowEvents({ escrow, logs, eventName: "Deposited" });
  return deposited?.args;
}

/** Asks for `amount` back; it can be withdrawn a thawing period later. Returns undefined where the account holds less. */
export async function askBack(settings: AppSettings, amount: bigint): Promise<Hash | undefined> {
  try {
    return await thaw(settings.wallet, { ...settings, escrow, amount });
  } catch (error) {
    // Every error of the contract is a class of its own, with the values that it carries.
    if (error instanceof InsufficientBalanceError) return undefined;
    throw error;
  }
}

/** Everything sellers were asked to give back since a block: what to show, or to act on. */
export async function readThaws({ client, asset }: AppSettings, fromBlock: bigint) {
  const thaws = await getVoucherEscrowEvents(client, {
    escrow,
    eventName: "ThawInitiated",
    args: { asset },
    fromBlock,
  });
  return thaws.map(({ args }) => args);
}

/** The same without this package's actions: an ABI is all that viem, wagmi or ethers need. */
export async function cancelByAbi({ client, wallet, seller, asset }: AppSettings): Promise<Hash> {
  const contract = { address: escrow, abi: voucherEscrowAbi } as const;
  try {
    await client.simulateContract({
      ...contract,
      functionName: "cancelThaw",
      args: [seller, asset],
      account: wallet.account,
    });
  } catch (error) {
    throw decodeVoucherError(error) ?? error;
  }
  return wallet.writeContract({ ...contract, functionName: "cancelThaw", args: [seller, asset] });
}

/** What the buyer holds for the seller, token base units and unix seconds. */
export async function readAccount({ client, wallet, ...names }: AppSettings) {
  return getAccount(client, { ...names, escrow, buyer: wallet.account.address });
}
// #endregion
