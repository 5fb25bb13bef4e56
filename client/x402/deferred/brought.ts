import { largest } from "../../core/amounts.ts";
import { isAddressEqual, type Address, type Hash } from "viem";
import type { AcceptParameters } from "../../seller/voucher/types.ts";
import { systemClock } from "../../seller/core/clock.ts";
import { THAWING_PERIOD } from "../../seller/voucher/limits.ts";
import { recoverVoucherKey, unwrapSignature, type WalletDeployment } from "../../voucher/index.ts";
import type { DeferredCode } from "./codes.ts";
import { isRefusal, refuse, toRefusal, type Refusal } from "./refusals.ts";
import { relayInOrder } from "./relayInOrder.ts";
import type { RelayRequest } from "./relayer.ts";
import { leastDepositOf, termsOf, type SellerDesk } from "./sellerDesk.ts";
import type { DeferredPayload, Deposit } from "./types.ts";

/** What a payment brings on-chain before its voucher counts: a deposit, a session signer, a wallet to be deployed. */

const PREFIX = "invalid_deferred_evm_payload_";
/** The longest signature of a key, as hex; only longer ones can be wrapped by ERC-6492. */
const KEY_SIGNATURE_LENGTH = 2 + 2 * 65;
const SIGNER_CODES: ReadonlySet<string> = new Set<DeferredCode>([`${PREFIX}signature`, `${PREFIX}signer_expired`]);

/** A payment whose form is right, and the desk it is for. */
export interface ReadPayment {
  readonly payload: DeferredPayload;
  readonly desk: SellerDesk;
  readonly request: AcceptParameters;
  /** How to deploy the buyer's wallet, when its signatures were wrapped by ERC-6492. */
  readonly deployment?: WalletDeployment;
}

/** Takes ERC-6492 wrappings off: the escrow and the tokens do not know them. */
export function unwrapPayload(payload: DeferredPayload): Pick<ReadPayment, "payload" | "deployment"> {
  const { signature, deposit } = payload;
  const longest = Math.max(signature.length, deposit?.signature.length ?? 0);
  if (longest <= KEY_SIGNATURE_LENGTH) return { payload };
  const voucher = unwrapSignature(signature);
  const inner = deposit && unwrapSignature(deposit.signature);
  const deployment = voucher.deployment ?? inner?.deployment;
  return {
    payload: {
      ...payload,
      signature: voucher.signature,
      ...(deposit !== undefined && inner !== undefined && { deposit: { ...deposit, signature: inner.signature } }),
    },
    ...(deployment !== undefined && { deployment }),
  };
}

/** Whether something must be on-chain before the voucher counts. */
export function bringsSomething({ payload, deployment }: ReadPayment): boolean {
  return payload.deposit !== undefined || payload.signerAuthorization !== undefined || deployment !== undefined;
}

/**
 * Checks a payment as if what it brings were on-chain, and works out what has to be sent for it. No gas is spent on a payment that would
 * not be accepted, nor on one that would be accepted as it is: then nothing is to be sent.
 */
export async function checkBrought(
  payment: ReadPayment,
  onError: (error: unknown) => void,
): Promise<RelayRequest | Refusal> {
  const { payload, desk, request, deployment } = payment;
  const { deposit, signerAuthorization } = payload;
  const { voucher, signature, asset } = request;
  const { acceptor } = desk;
  const { buyer } = voucher;
  const code = refuseBrought(payment);
  if (code !== undefined) return refuse(code, buyer);
  const account = { buyer, seller: acceptor.seller, asset };
  const unaided = await acceptor.check(request);
  if (unaided.isAccepted) return { account };

  const pendingDeposit = deposit?.authorization.amount ?? 0n;
  const result = deposit === undefined ? unaided : await acceptor.check({ ...request, pendingDeposit });
  const signer = signerAuthorization !== undefined && { signerAuthorization };
  const wallet = deployment && { ...deployment, voucher: { voucher, signature }, ...signer };
  const brought: RelayRequest = {
    account,
    ...(deposit !== undefined && { deposit }),
    ...(wallet !== undefined && { deployment: wallet }),
  };
  if (result.isAccepted) return brought;
  // What a wallet says to the voucher shows only once the wallet is there, and a key counts only once it is authorized.
  const isUnproven = SIGNER_CODES.has(result.code) && (signerAuthorization !== undefined || wallet !== undefined);
  if (!isUnproven) return toRefusal(result, desk, request, onError);
  const refusal = (await refuseSigner(payment)) ?? (await refuseUnfunded(payment));
  return refusal === undefined ? { ...brought, ...signer } : refuse(refusal, buyer);
}

/** What became of what a payment brought. */
export interface Relayed {
  /** Transaction of the deposit. */
  readonly transaction?: Hash;
  /** Whether the payment brought a deposit that it did not need. */
  readonly isDepositUnused: boolean;
}

/** Brings a payment's deposit and signer on-chain and waits until the acceptor has seen them. */
export async function bring(payment: ReadPayment, onError: (error: unknown) => void): Promise<Relayed | Refusal> {
  const { acceptor, chainView } = payment.desk;
  const { voucher } = payment.request;
  const brought = await checkBrought(payment, onError);
  if (isRefusal(brought)) return brought;
  const { account, deposit, signerAuthorization } = brought;
  const isDepositUnused = payment.payload.deposit !== undefined && deposit === undefined;
  if (!needsRelay(brought)) return { isDepositUnused };
  const result = await relayInOrder(payment.desk, brought);
  if (!result.isRelayed) return refuse(result.code, voucher.buyer);
  await chainView.refreshAccount({
    account: { ...acceptor.escrow, ...account },
    lanes: [voucher.id],
    ...(signerAuthorization !== undefined && { signers: [signerAuthorization.authorization.signer] }),
    ...(result.block !== undefined && { minBlock: result.block }),
  });
  return { isDepositUnused, ...(result.transaction !== undefined && { transaction: result.transaction }) };
}

/** Whether anything is to be sent. */
export function needsRelay({ deposit, signerAuthorization }: RelayRequest): boolean {
  return deposit !== undefined || signerAuthorization !== undefined;
}

/** Whose deposit it must be, and what it must reach. */
export interface RefuseDepositParameters {
  readonly desk: SellerDesk;
  readonly buyer: Address;
  readonly asset: Address;
  /** Token base units. */
  readonly price: bigint;
}

/** Says why a deposit does not belong to a payment or is not worth its gas; undefined when it is. */
export function refuseDeposit(deposit: Deposit, parameters: RefuseDepositParameters): DeferredCode | undefined {
  const { method, authorization } = deposit;
  const { desk, buyer, asset, price } = parameters;
  const { amount, nonce } = authorization;
  if (authorization.buyer !== buyer) return `${PREFIX}deposit_authorization_buyer_mismatch`;
  const isForSeller = authorization.seller === desk.acceptor.seller && authorization.asset === asset;
  if (!isForSeller) return `${PREFIX}deposit_authorization_continuity`;
  const terms = termsOf(desk, asset, price);
  if (!terms?.methods.includes(method)) return `${PREFIX}deposit_authorization_unsupported`;
  if (amount === 0n || amount < terms.minimum) return `${PREFIX}deposit_authorization_below_minimum`;
  if (BigInt(nonce) === 0n) return `${PREFIX}deposit_authorization_nonce_invalid`;
  return refusePermit(deposit, desk.acceptor.escrow.escrow);
}

function refusePermit({ permit, authorization }: Deposit, escrow: Address): DeferredCode | undefined {
  if (permit === undefined) return undefined;
  const { buyer, amount } = authorization;
  const isForDeposit = permit.owner === buyer && permit.spender === escrow && permit.value >= amount;
  return isForDeposit ? undefined : `${PREFIX}permit_continuity`;
}

function refuseBrought({ payload, desk, request, deployment }: ReadPayment): DeferredCode | undefined {
  const { deposit } = payload;
  if (desk.relayer === undefined) return `${PREFIX}deposit_authorization_unsupported`;
  // A wallet is deployed for whoever can pay, not for whoever asks.
  const mayDeploy = deposit !== undefined && desk.acceptor.limits.allowsContractWallets;
  if (deployment !== undefined && !mayDeploy) return `${PREFIX}contract_wallet`;
  if (deposit === undefined) return undefined;
  const { voucher, asset, price } = request;
  return refuseDeposit(deposit, { desk, buyer: voucher.buyer, asset, price });
}

/** Nobody's key is authorized at the relayer's expense unless it signed the voucher, and for long enough to be paid by it. */
async function refuseSigner({ payload, desk, request }: ReadPayment): Promise<DeferredCode | undefined> {
  if (payload.signerAuthorization === undefined) return undefined;
  const { signer, validUntil } = payload.signerAuthorization.authorization;
  const { voucher, signature, now = systemClock() } = request;
  if (isAddressEqual(signer, voucher.buyer)) return `${PREFIX}signer_authorization_continuity`;
  const key = await recoverVoucherKey({ voucher, signature, ...desk.acceptor.escrow });
  if (key === undefined || !isAddressEqual(key, signer)) return `${PREFIX}signature`;
  const { collectionMargin } = desk.acceptor.limits;
  return validUntil < now + THAWING_PERIOD + collectionMargin ? `${PREFIX}signer_expired` : undefined;
}

/** Neither is a key authorized, nor a wallet deployed, for an account that could not pay or holds less than the least deposit. */
async function refuseUnfunded({ payload, desk, request }: ReadPayment): Promise<DeferredCode | undefined> {
  const { voucher, asset, price } = request;
  const { spendable } = await desk.acceptor.getAccount({ buyer: voucher.buyer, asset });
  const funds = spendable + (payload.deposit?.authorization.amount ?? 0n);
  const least = leastDepositOf(desk, asset);
  return least === undefined || funds < largest(price, least) ? "insufficient_funds" : undefined;
}
