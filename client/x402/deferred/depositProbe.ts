import {
  concat,
  erc20Abi,
  isAddressEqual,
  keccak256,
  parseAbi,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
} from "viem";
import { getCode, readContract, simulateContract } from "viem/actions";
import { voucherEscrowAbi } from "../../abi/index.ts";
import type { EscrowId } from "../../seller/types.ts";
import {
  AuthorizationExpiredError,
  ForeignRevertError,
  InvalidAuthorizationError,
  PERMIT2_ADDRESS,
  VoucherEscrowError,
  ZeroNonceError,
  decodeVoucherError,
  hashDepositAuthorization,
  hashDepositEip3009,
  isDepositAuthorizationNonceUsed,
  isDepositAuthorizationValid,
  noncePosition,
  recoverKey,
  verifyDepositPermit2,
  verifyPermit,
  voucherDomain,
  type ReadClient,
} from "../../voucher/index.ts";
import type { DeferredCode } from "./codes.ts";
import type { RelayTrial } from "./relayer.ts";
import type { Deposit, SignedSignerAuthorization } from "./types.ts";

const PREFIX = "invalid_deferred_evm_payload_";

const eip3009StateAbi = parseAbi([
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
]);
const permit2StateAbi = parseAbi(["function nonceBitmap(address owner, uint256 word) view returns (uint256)"]);

type EscrowWrite = ContractFunctionName<typeof voucherEscrowAbi, "nonpayable">;

/** Asks the chain about what a payment brings, without sending anything. */
export interface DepositProbe {
  /** Whether a deposit was executed or cancelled before. */
  isUsed(deposit: Deposit): Promise<boolean>;
  /**
   * Says why the chain refused a deposit; undefined when that is because it was executed before.
   *
   * @throws the error itself when no contract refused anything.
   */
  explain(deposit: Deposit, error: unknown): Promise<DeferredCode | undefined>;
  tryDeposit(deposit: Deposit): Promise<RelayTrial>;
  trySigner(signed: SignedSignerAuthorization): Promise<RelayTrial>;
  hasCode(address: Address): Promise<boolean>;
}

/** Makes a probe. `sender` is who would send. */
export function createDepositProbe(client: ReadClient, { chainId, escrow }: EscrowId, sender: Address): DepositProbe {
  async function hasCode(address: Address): Promise<boolean> {
    const code = await getCode(client, { address });
    return code !== undefined && code !== "0x";
  }

  async function isUsed({ method, authorization }: Deposit): Promise<boolean> {
    const { buyer, asset, nonce } = authorization;
    if (method === "eip2612" || method === "allowance") {
      return isDepositAuthorizationNonceUsed(client, { escrow, buyer, nonce });
    }
    const { structHash } = hashDepositAuthorization(authorization, voucherDomain({ chainId, escrow }));
    if (method === "eip3009") {
      const args = [buyer, structHash] as const;
      return readContract(client, { address: asset, abi: eip3009StateAbi, functionName: "authorizationState", args });
    }
    const { word, mask } = noncePosition(structHash);
    const call = { address: PERMIT2_ADDRESS, abi: permit2StateAbi, functionName: "nonceBitmap" } as const;
    return ((await readContract(client, { ...call, args: [buyer, word] })) & mask) !== 0n;
  }

  async function hasFunds({ method, authorization: { buyer, asset, amount } }: Deposit): Promise<boolean> {
    const token = { address: asset, abi: erc20Abi } as const;
    if ((await readContract(client, { ...token, functionName: "balanceOf", args: [buyer] })) < amount) return false;
    if (method === "eip3009" || method === "eip2612") return true;
    const spender = method === "permit2" ? PERMIT2_ADDRESS : escrow;
    return (await readContract(client, { ...token, functionName: "allowance", args: [buyer, spender] })) >= amount;
  }

  async function explain(deposit: Deposit, error: unknown): Promise<DeferredCode | undefined> {
    if (!(error instanceof VoucherEscrowError || error instanceof ForeignRevertError)) throw error;
    const code = CODES.find(([ErrorClass]) => error instanceof ErrorClass)?.[1];
    if (code !== undefined) return code;
    if (await isUsed(deposit)) return undefined;
    if (!(await hasFunds(deposit))) return `${PREFIX}deposit_authorization_insufficient_allowance`;
    return (await isForged(deposit))
      ? `${PREFIX}deposit_authorization_signature`
      : `${PREFIX}deposit_authorization_failed`;
  }

  /** Whether no key of the buyer signed what its token or Permit2 checks. What a contract wallet says is its own affair. */
  async function isForged(deposit: Deposit): Promise<boolean> {
    const { method, authorization, signature } = deposit;
    if (method === "eip2612" || method === "allowance") return false;
    const reference = { chainId, escrow, authorization, signature };
    const isSigned = method === "permit2" ? await verifyDepositPermit2(reference) : await isSignedForToken(deposit);
    return !(isSigned || (await hasCode(authorization.buyer)));
  }

  /** Uses the token's own separator: whatever an offer said of its name and version may be wrong. */
  async function isSignedForToken({ authorization, signature }: Deposit): Promise<boolean> {
    const { asset, buyer } = authorization;
    const call = { address: asset, abi: eip3009StateAbi, functionName: "DOMAIN_SEPARATOR" } as const;
    const separator = await readContract(client, call);
    const { structHash } = hashDepositEip3009({ chainId, escrow, authorization, token: { name: "", version: "" } });
    const key = await recoverKey(keccak256(concat(["0x1901", separator, structHash])), signature);
    return key !== undefined && isAddressEqual(key, buyer);
  }

  async function tryCall<name extends EscrowWrite>(
    functionName: name,
    args: ContractFunctionArgs<typeof voucherEscrowAbi, "nonpayable", name>,
  ): Promise<void> {
    try {
      // viem relates the arguments to the name through types that a function for any name does not know.
      const call = { account: sender, address: escrow, abi: voucherEscrowAbi, functionName, args };
      await simulateContract(client, call as never);
    } catch (error) {
      throw decodeVoucherError(error) ?? error;
    }
  }

  /** A permit cannot be tried together with the deposit it is for, so both are checked by what they are. */
  async function tryPermit(deposit: Deposit): Promise<RelayTrial> {
    const { authorization, signature, permit } = deposit;
    const { buyer, asset } = authorization;
    if (await isUsed(deposit)) return { isDepositDone: true };
    if (!(await isDepositAuthorizationValid(client, { escrow, authorization, signature }))) {
      return { code: `${PREFIX}deposit_authorization_signature` };
    }
    if (permit === undefined) throw new TypeError("A deposit by permit has a permit.");
    const reference = { chainId, escrow, buyer, asset, permit, token: permit.domain };
    if (!(await verifyPermit({ ...reference, signature: permit.signature }))) {
      return { code: `${PREFIX}permit_signature` };
    }
    return (await hasFunds(deposit)) ? {} : { code: `${PREFIX}deposit_authorization_insufficient_allowance` };
  }

  return {
    isUsed,
    explain,
    hasCode,
    async tryDeposit(deposit) {
      const { method, authorization, signature } = deposit;
      if (method === "eip2612") return tryPermit(deposit);
      try {
        await tryCall(DEPOSIT_FUNCTIONS[method], [authorization, signature]);
        return {};
      } catch (error) {
        const code = await explain(deposit, error);
        return code === undefined ? { isDepositDone: true } : { code };
      }
    },
    async trySigner({ authorization, signature }) {
      try {
        await tryCall("authorizeSignerWithAuthorization", [authorization, signature]);
        return {};
      } catch (error) {
        if (error instanceof VoucherEscrowError) return { code: `${PREFIX}signer_authorization_failed` };
        throw error;
      }
    },
  };
}

/** Refusals of the escrow that say everything. */
const CODES = [
  [AuthorizationExpiredError, `${PREFIX}deposit_authorization_continuity`],
  [ZeroNonceError, `${PREFIX}deposit_authorization_nonce_invalid`],
  [InvalidAuthorizationError, `${PREFIX}deposit_authorization_signature`],
] as const;

const DEPOSIT_FUNCTIONS = {
  eip3009: "depositWithEip3009",
  permit2: "depositWithPermit2",
  allowance: "depositWithAuthorization",
} as const;
