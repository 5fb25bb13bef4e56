import {
  encodeFunctionData,
  decodeFunctionResult,
  getAddress,
  keccak256,
  maxUint256,
  pad,
  slice,
  stringToHex,
  type Address,
  type Hash,
  type Hex,
} from "viem";
import { BASE_CHAIN_ID, USDC, USDC_IMPLEMENTATION } from "./addresses.ts";
import { LocalBaseError } from "./errors.ts";
import type { Placement } from "./place.ts";
import { call, getCode, sendAs, setCode, setStorage, type Provider } from "./provider.ts";
import { usdcAbi } from "./usdcAbi.ts";
import { usdcCode } from "./usdcCode.ts";

/** The accounts that hold USDC's powers on the local Base. */
export interface UsdcKeepers {
  readonly owner: Address;
  readonly masterMinter: Address;
  readonly minter: Address;
  readonly pauser: Address;
  readonly blacklister: Address;
}

/** EIP-712 domain of USDC on Base. */
export const USDC_DOMAIN = {
  name: "USD Coin",
  version: "2",
  chainId: BASE_CHAIN_ID,
  verifyingContract: USDC,
} as const;

/** Hash of {@link USDC_DOMAIN}, as the token itself answers it. */
export const USDC_DOMAIN_SEPARATOR: Hash = "0x02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f";

const SIGNATURE_CHECKER = addressOf("usdc signature checker");
const PROXY_ADMIN = addressOf("usdc proxy admin");
const LOST_AND_FOUND = addressOf("usdc lost and found");

/**
 * Puts USDC at its canonical address, initialised through v2.2, and lets `keepers.minter` mint.
 * Where USDC is already there, only the minter is added, in the name of the token's own master minter.
 *
 * @throws {LocalBaseError} the token's domain separator is not that of USDC on Base.
 */
export async function installUsdc(provider: Provider, keepers: UsdcKeepers): Promise<Placement> {
  const source = (await getCode(provider, USDC)) === "0x" ? "placed" : "upstream";
  if (source === "placed") {
    await placeCode(provider);
    await initialize(provider, keepers);
  }
  await assertDomain(provider);
  const masterMinter = await call(provider, USDC, encodeFunctionData({ abi: usdcAbi, functionName: "masterMinter" }));
  await sendAs(
    provider,
    decodeFunctionResult({ abi: usdcAbi, functionName: "masterMinter", data: masterMinter }),
    USDC,
    encodeFunctionData({ abi: usdcAbi, functionName: "configureMinter", args: [keepers.minter, maxUint256] }),
  );
  return { name: "USDC", address: USDC, source };
}

/**
 * Mints USDC to an account.
 *
 * @param mint - `minter` is an account that {@link installUsdc} has made a minter; `amount` is in token base units
 * (6 decimals).
 */
export async function mintUsdc(
  provider: Provider,
  mint: { minter: Address; account: Address; amount: bigint },
): Promise<void> {
  const data = encodeFunctionData({ abi: usdcAbi, functionName: "mint", args: [mint.account, mint.amount] });
  await sendAs(provider, mint.minter, USDC, data);
}

async function placeCode(provider: Provider): Promise<void> {
  const code = usdcCode(SIGNATURE_CHECKER);
  await setCode(provider, SIGNATURE_CHECKER, code.signatureChecker);
  await setCode(provider, USDC_IMPLEMENTATION, code.implementation);
  await setCode(provider, USDC, code.proxy);
  await setStorage(provider, USDC, slotOf("org.zeppelinos.proxy.implementation"), pad(USDC_IMPLEMENTATION));
  await setStorage(provider, USDC, slotOf("org.zeppelinos.proxy.admin"), pad(PROXY_ADMIN));
}

async function initialize(provider: Provider, keepers: UsdcKeepers): Promise<void> {
  const { masterMinter, pauser, blacklister, owner } = keepers;
  const calls = [
    encodeFunctionData({
      abi: usdcAbi,
      functionName: "initialize",
      args: ["USD Coin", "USDC", "USD", 6, masterMinter, pauser, blacklister, owner],
    }),
    encodeFunctionData({ abi: usdcAbi, functionName: "initializeV2", args: ["USD Coin"] }),
    encodeFunctionData({ abi: usdcAbi, functionName: "initializeV2_1", args: [LOST_AND_FOUND] }),
    encodeFunctionData({ abi: usdcAbi, functionName: "initializeV2_2", args: [[], "USDC"] }),
  ];
  for (const data of calls) await sendAs(provider, owner, USDC, data);
}

async function assertDomain(provider: Provider): Promise<void> {
  const actual = await call(provider, USDC, encodeFunctionData({ abi: usdcAbi, functionName: "DOMAIN_SEPARATOR" }));
  if (actual === USDC_DOMAIN_SEPARATOR) return;
  throw new LocalBaseError(
    `USDC at ${USDC} has domain separator ${actual}, expected ${USDC_DOMAIN_SEPARATOR}: is this chain id ${BASE_CHAIN_ID}?`,
  );
}

/** An address nobody holds a key for. */
function addressOf(name: string): Address {
  return getAddress(slice(keccak256(stringToHex(name)), 12));
}

function slotOf(name: string): Hex {
  return keccak256(stringToHex(name));
}
