import type { Address } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Deposit, DepositMethod } from "../../../client/x402/deferred/index.ts";
import {
  signDepositAuthorization,
  signDepositEip3009,
  signDepositPermit2,
  signPermit,
  type DepositAuthorization,
  type TokenDomain,
} from "../../../client/voucher/index.ts";
import { USDC } from "../../base/addresses.ts";
import { USDC_DOMAIN } from "../../base/usdc.ts";

/** Where a signature counts, and whose it is. */
export interface Signing {
  readonly chainId: number;
  readonly escrow: Address;
  readonly by: PrivateKeyAccount;
  /** Domain of the asset, as far as it is not USDC's. */
  readonly token?: Partial<TokenDomain>;
}

/** A permit, and how it is signed. */
export interface PermitTerms extends Signing {
  readonly value: bigint;
  readonly nonce: bigint;
  /** Unix seconds. */
  readonly deadline: bigint;
  /** Token that the permit is signed for. */
  readonly asset?: Address;
}

/** A deposit, and how it is signed. */
export interface DepositTerms extends Signing {
  readonly authorization: DepositAuthorization;
  /** For `eip2612`. */
  readonly permit: PermitTerms;
}

/** Signs a deposit by any method, whatever is wrong with it. */
export async function signDepositBy(
  method: DepositMethod,
  { authorization, permit, by, token, ...reference }: DepositTerms,
): Promise<Deposit> {
  const signed = { ...reference, authorization };
  if (method === "eip3009") {
    const signature = await signDepositEip3009(by, { ...signed, token: { ...domain, ...token } });
    return { method, authorization, signature };
  }
  if (method === "permit2") return { method, authorization, signature: await signDepositPermit2(by, signed) };
  const signature = await signDepositAuthorization(by, signed);
  if (method === "allowance") return { method, authorization, signature };
  return { method, authorization, signature, permit: await signPermitFor(authorization.buyer, permit) };
}

const domain: TokenDomain = { name: USDC_DOMAIN.name, version: USDC_DOMAIN.version };

async function signPermitFor(owner: Address, terms: PermitTerms): Promise<NonNullable<Deposit["permit"]>> {
  const { value, nonce, deadline, asset = USDC, by, token, chainId, escrow } = terms;
  const permit = { value, nonce, deadline };
  const reference = { chainId, escrow, buyer: owner, asset, permit, token: { ...domain, ...token } };
  return { owner, spender: escrow, ...permit, domain, signature: await signPermit(by, reference) };
}
