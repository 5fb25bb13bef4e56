import {
  concat,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  keccak256,
  parseAbi,
  toFunctionSelector,
  stringToHex,
  zeroHash,
  type Address,
  type Hex,
} from "viem";
import type { EscrowDeployment } from "../../client/auth-capture/addresses.ts";
import { COMMERCE, COMMERCE_V1_0, MULTICALL3, PERMIT2 } from "./addresses.ts";
import { commerceCode, type CommerceContract } from "./commerceCode.ts";
import { LocalBaseError } from "./errors.ts";
import type { Placement } from "./place.ts";
import { call, getCode, setCode, type Provider } from "./provider.ts";

/** One contract, and what tells that it is the one that belongs there. */
export interface CommercePart {
  readonly name: string;
  readonly address: Address;
  readonly contract: CommerceContract;
  readonly parameters: readonly Address[];
  readonly isRight: (provider: Provider, address: Address) => Promise<boolean>;
}

const abi = parseAbi([
  "function tokenStoreImplementation() view returns (address)",
  "function authCaptureEscrow() view returns (address)",
  "function collectorType() view returns (uint8)",
]);

/** `capture` is where the generations differ. */
const PAYMENT_INFO = "(address,address,address,address,uint120,uint48,uint48,uint48,uint16,uint16,address,uint256)";
const CAPTURE = toFunctionSelector(`capture(${PAYMENT_INFO},uint256,uint256,address)`);
const CAPTURE_V1_0 = toFunctionSelector(`capture(${PAYMENT_INFO},uint256,uint16,address)`);

const GET_HASH = toFunctionSelector(`getHash(${PAYMENT_INFO})`);
const PAYMENT_INFO_TYPE =
  "PaymentInfo(address operator,address payer,address receiver,address token,uint120 maxAmount,uint48 preApprovalExpiry,uint48 authorizationExpiry,uint48 refundExpiry,uint16 minFeeBps,uint16 maxFeeBps,address feeReceiver,uint256 salt)";

/**
 * Puts both generations of AuthCaptureEscrow, with their collectors, at their canonical addresses. What is there already
 * is asked who it is, and left as it is.
 *
 * @throws {LocalBaseError} what stands at an address is not what belongs there.
 */
export async function installCommerce(provider: Provider): Promise<Placement[]> {
  const placements: Placement[] = [];
  for (const part of commerceParts()) placements.push(await ensurePart(provider, part));
  return placements;
}

/** Every contract of both generations, the escrow of each first. */
export function commerceParts(): readonly CommercePart[] {
  return [
    ...partsOf("1.1", COMMERCE, "AuthCaptureEscrow", CAPTURE),
    ...partsOf("1.0", COMMERCE_V1_0, "AuthCaptureEscrowV1_0", CAPTURE_V1_0),
  ];
}

async function ensurePart(provider: Provider, part: CommercePart): Promise<Placement> {
  const { name, address, contract, parameters, isRight } = part;
  const source = (await getCode(provider, address)) === "0x" ? "placed" : "upstream";
  if (source === "placed") await setCode(provider, address, await commerceCode(provider, contract, parameters));
  const wrong = `${name} at ${address} does not answer as the canonical contract does`;
  const right = await isRight(provider, address).catch((cause: unknown) => {
    throw new LocalBaseError(wrong, { cause });
  });
  if (!right) throw new LocalBaseError(wrong);
  return { name, address, source };
}

function partsOf(
  version: string,
  commerce: EscrowDeployment,
  escrow: CommerceContract,
  capture: Hex,
): readonly CommercePart[] {
  const { tokenStoreImplementation: implementation } = commerce;
  const collector = (contract: CommerceContract, address: Address, collectorType: number, more: Address[] = []) => ({
    name: `${contract} ${version}`,
    address,
    contract,
    parameters: [commerce.escrow, ...more],
    isRight: async (provider: Provider) =>
      (await read(provider, address, "authCaptureEscrow")) === commerce.escrow &&
      (await read(provider, address, "collectorType")) === collectorType,
  });
  return [
    {
      name: `AuthCaptureEscrow ${version}`,
      address: commerce.escrow,
      contract: escrow,
      parameters: [implementation],
      isRight: async (provider, address) =>
        (await read(provider, address, "tokenStoreImplementation")) === implementation &&
        (await getCode(provider, address)).includes(capture.slice(2)) &&
        (await hashesPayments(provider, address)),
    },
    {
      name: `TokenStore ${version}`,
      address: implementation,
      contract: "TokenStore",
      parameters: [commerce.escrow],
      isRight: async (provider, address) => (await read(provider, address, "authCaptureEscrow")) === commerce.escrow,
    },
    collector("ERC3009PaymentCollector", commerce.eip3009Collector, 0, [MULTICALL3]),
    collector("Permit2PaymentCollector", commerce.permit2Collector, 0, [MULTICALL3, PERMIT2]),
    collector("PreApprovalPaymentCollector", commerce.preApprovalCollector, 0),
    collector("OperatorRefundCollector", commerce.operatorRefundCollector, 1),
  ];
}

/** Whether an escrow knows a payment by the hash that everybody else computes; of the payment that is all zeros. */
async function hashesPayments(provider: Provider, escrow: Address): Promise<boolean> {
  const members = Array<Hex>(12).fill(zeroHash);
  const structHash = keccak256(concat([keccak256(stringToHex(PAYMENT_INFO_TYPE)), ...members]));
  const chainId = BigInt((await provider.request({ method: "eth_chainId" })) as Hex);
  const types = [{ type: "uint256" }, { type: "address" }, { type: "bytes32" }] as const;
  const expected = keccak256(encodeAbiParameters(types, [chainId, escrow, structHash]));
  return (await call(provider, escrow, concat([GET_HASH, ...members]))) === expected;
}

async function read(provider: Provider, address: Address, functionName: (typeof abi)[number]["name"]) {
  const data = await call(provider, address, encodeFunctionData({ abi, functionName }));
  return decodeFunctionResult({ abi, functionName, data });
}
