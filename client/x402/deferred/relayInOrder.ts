import { largest } from "../../core/amounts.ts";
import type { RelayRequest, RelayResult } from "./relayer.ts";
import { leastDepositOf, type SellerDesk } from "./sellerDesk.ts";

/**
 * Relays a deposit, and then a session signer if the account by then holds the least deposit: nobody's key is authorized at the
 * relayer's expense for an account that is empty.
 */
export async function relayInOrder(desk: SellerDesk, request: RelayRequest): Promise<RelayResult> {
  const { relayer } = desk;
  const { account, signerAuthorization, ...first } = request;
  if (relayer === undefined) {
    return { isRelayed: false, code: "invalid_deferred_evm_payload_deposit_authorization_unsupported" };
  }
  const deposited = first.deposit === undefined ? undefined : await relayer.relay({ account, ...first });
  if (deposited?.isRelayed === false || signerAuthorization === undefined) return deposited ?? { isRelayed: true };
  // A deposit that was executed before may be spent long since.
  const isPaidFor =
    deposited?.transaction !== undefined || (await isFunded(desk, account, { minBlock: deposited?.block }));
  if (!isPaidFor) return { isRelayed: false, code: "insufficient_funds" };
  const authorized = await relayer.relay({ account, signerAuthorization });
  return authorized.isRelayed ? { ...deposited, ...authorized } : authorized;
}

/** When an account is read, and what it must hold besides. */
export interface FundingParameters {
  /** Block that the account is read at, or a later one. */
  readonly minBlock?: bigint | undefined;
  /** Token base units. */
  readonly price?: bigint;
}

/** Whether an account holds the least deposit and the price, as the chain says now. */
export async function isFunded(
  desk: SellerDesk,
  account: RelayRequest["account"],
  { minBlock, price = 0n }: FundingParameters = {},
): Promise<boolean> {
  const { acceptor, chainView } = desk;
  const id = { ...acceptor.escrow, ...account };
  await chainView.refreshAccount({ account: id, ...(minBlock !== undefined && { minBlock }) });
  const { spendable } = await acceptor.getAccount(account);
  const least = leastDepositOf(desk, account.asset);
  return least !== undefined && spendable >= largest(price, least);
}
