import { hexToBigInt, type Address, type Hash, type Hex } from "viem";
import { LocalBaseError } from "./errors.ts";

/** Anything that answers JSON-RPC: Hardhat's in-process provider, or {@link httpProvider}. */
export interface Provider {
  request(args: { method: string; params?: readonly unknown[] }): Promise<unknown>;
}

/** A {@link Provider} over HTTP, for a development node in another process. */
export function httpProvider(url: string): Provider {
  return {
    async request({ method, params = [] }) {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      if (!response.ok) throw new LocalBaseError(`${method}: ${url} answers HTTP ${response.status}`);
      const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
      if (answer.error !== undefined) throw new LocalBaseError(`${method}: ${answer.error.message}`);
      return answer.result;
    },
  };
}

/** Runtime code at an address; `0x` when there is none. */
export async function getCode(provider: Provider, address: Address): Promise<Hex> {
  return (await provider.request({ method: "eth_getCode", params: [address, "latest"] })) as Hex;
}

/** Replaces the runtime code at an address. */
export async function setCode(provider: Provider, address: Address, code: Hex): Promise<void> {
  await provider.request({ method: "hardhat_setCode", params: [address, code] });
}

/** Replaces one storage word of an address. */
export async function setStorage(provider: Provider, address: Address, slot: Hex, word: Hex): Promise<void> {
  await provider.request({ method: "hardhat_setStorageAt", params: [address, slot, word] });
}

/** Return data of a call on the latest block. With `to` null the data is initcode, and the runtime code comes back. */
export async function call(provider: Provider, to: Address | null, data: Hex): Promise<Hex> {
  return (await provider.request({ method: "eth_call", params: [{ to, data }, "latest"] })) as Hex;
}

/** Replaces the native balance of an address. `wei` is in wei. */
export async function setBalance(provider: Provider, address: Address, wei: bigint): Promise<void> {
  await provider.request({ method: "hardhat_setBalance", params: [address, `0x${wei.toString(16)}`] });
}

/** Sends a transaction in the name of `from`, whoever holds its key, and waits until it is mined. */
export async function sendAs(provider: Provider, from: Address, to: Address, data: Hex): Promise<void> {
  await provider.request({ method: "hardhat_impersonateAccount", params: [from] });
  await ensureGasMoney(provider, from);
  const hash = await provider.request({
    method: "eth_sendTransaction",
    params: [{ from, to, data, gas: "0x2dc6c0" }],
  });
  await provider.request({ method: "hardhat_stopImpersonatingAccount", params: [from] });
  await assertMined(provider, hash as Hash);
}

/** Sends a signed transaction and waits until it is mined. */
export async function sendRaw(provider: Provider, transaction: Hex): Promise<void> {
  await assertMined(
    provider,
    (await provider.request({ method: "eth_sendRawTransaction", params: [transaction] })) as Hash,
  );
}

async function ensureGasMoney(provider: Provider, address: Address): Promise<void> {
  const wei = hexToBigInt((await provider.request({ method: "eth_getBalance", params: [address, "latest"] })) as Hex);
  if (wei < 10n ** 18n) await setBalance(provider, address, 10n ** 18n);
}

async function assertMined(provider: Provider, hash: Hash): Promise<void> {
  let receipt = (await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })) as {
    status: Hex;
  } | null;
  if (receipt === null) {
    // A node that does not mine by itself: this transaction is part of the set-up, so it is mined now.
    await provider.request({ method: "hardhat_mine", params: [] });
    receipt = (await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })) as {
      status: Hex;
    } | null;
  }
  if (receipt?.status !== "0x1") throw new LocalBaseError(`Set-up transaction ${hash} failed`);
}
