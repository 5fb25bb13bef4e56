import { encodeFunctionData, isAddressEqual, parseAbi, type Address, type Hex } from "viem";
import { call, readContract } from "viem/actions";
import { multicall3Abi } from "../abi/index.ts";
import { getRevertData } from "../errors.ts";
import { withChecksums } from "./checksums.ts";
import { MULTICALL3_ADDRESS } from "./multicall.ts";
import type { ReadClient } from "./readClient.ts";
import { recoverKey, unwrapSignature, type WalletDeployment } from "./signature.ts";

/** A message whose signature counts. */
export interface VerifiedMessage {
  readonly isValid: true;
  /** The signature as the contract takes it: store and send this one. */
  readonly signature: Hex;
  /** Whether a key signed, which nothing can undo, or a contract wallet, which may change its mind. */
  readonly signedBy: "key" | "contract";
  /** How to deploy the owner's wallet; until that is done, the signature does not count. */
  readonly deployment: WalletDeployment | undefined;
}

/** A message whose signature does not count. */
export interface RefusedMessage {
  readonly isValid: false;
}

/** Whether a signature counts. */
export type DigestVerdict = VerifiedMessage | RefusedMessage;

/** A signed digest. */
export interface SignedDigest {
  /** 32 bytes, what was signed. */
  readonly digest: Hex;
  readonly signature: Hex;
  /** Who must have signed. */
  readonly owner: Address;
  /** Address of Multicall3 where it is not at its usual one; needed for wallets that are not deployed yet. */
  readonly multicall?: Address;
}

const erc1271Abi = parseAbi(["function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)"]);

/** What a contract wallet answers when it accepts: the selector in an otherwise empty word. */
const ACCEPTED: Hex = `0x1626ba7e${"00".repeat(28)}`;

/**
 * Checks a signature, whoever signed: the owner's key (without a request), its contract wallet (ERC-1271), or a wallet that is yet to be
 * deployed (ERC-6492).
 */
export async function verifyDigestOnChain(client: ReadClient, parameters: SignedDigest): Promise<DigestVerdict> {
  const { owner, digest, multicall = MULTICALL3_ADDRESS } = parameters;
  const { signature, deployment } = unwrapSignature(parameters.signature);
  const key = await recoverKey(digest, signature);
  if (key !== undefined && isAddressEqual(key, owner)) {
    return { isValid: true, signature, signedBy: "key", deployment: undefined };
  }
  const question = { target: withChecksums(owner), callData: questionOf(digest, signature) };
  const answer = await ask(client, question);
  if (answer === ACCEPTED) return { isValid: true, signature, signedBy: "contract", deployment: undefined };
  if (deployment === undefined) return { isValid: false };
  const isValid = (await askOnceDeployed(client, question, deployment, multicall)) === ACCEPTED;
  return isValid ? { isValid, signature, signedBy: "contract", deployment } : { isValid };
}

interface Question {
  readonly target: Address;
  readonly callData: Hex;
}

function questionOf(digest: Hex, signature: Hex): Hex {
  return encodeFunctionData({ abi: erc1271Abi, functionName: "isValidSignature", args: [digest, signature] });
}

/** The first word of the owner's answer; none when it refuses, and none from an account without code. */
async function ask(client: ReadClient, { target, callData }: Question): Promise<Hex | undefined> {
  try {
    const { data } = await call(client, { to: target, data: callData });
    return data?.slice(0, ACCEPTED.length) as Hex | undefined;
  } catch (error) {
    if (getRevertData(error) === undefined) throw error;
    return undefined;
  }
}

/** Deploys the wallet and asks it in one simulated call, so that the answer is the one the contract will get. */
async function askOnceDeployed(
  client: ReadClient,
  { target, callData }: Question,
  { factory, factoryData }: WalletDeployment,
  multicall: Address,
): Promise<string | undefined> {
  const results = await readContract(client, {
    abi: multicall3Abi,
    address: multicall,
    functionName: "aggregate3",
    args: [
      [
        { target: factory, allowFailure: true, callData: factoryData },
        { target, allowFailure: true, callData },
      ],
    ],
  });
  const answer = results.at(-1);
  return answer?.success === true ? answer.returnData.slice(0, ACCEPTED.length) : undefined;
}
