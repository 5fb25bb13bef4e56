import { setTimeout as sleep } from "node:timers/promises";
import type { Provider } from "../../test/base/provider.ts";

const TIMEOUT_MS = 60_000;

const TOO_MANY_REQUESTS = 429;

/** How often a node that has too much to do is asked again, and how much longer it is left alone each time. */
const RETRIES = 5;
const PAUSE_MS = 500;

/** Nobody answers at a chain's URL, or what answers is no node. The URL can hold a key, so it is not named. */
export class NodeError extends Error {
  override readonly name = "NodeError";

  constructor(network: string, cause: unknown) {
    super(`The node of ${network} does not answer. Look at its URL and try again; what is done already stays done.`, {
      cause,
    });
  }
}

/** A node answers with an error of its own. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly method: string;
  /** JSON-RPC code. */
  readonly code: number;

  constructor(method: string, { code, message }: { code: number; message: string }) {
    super(`${method}: ${message}`);
    this.method = method;
    this.code = code;
  }
}

/**
 * A chain's node, for questions that need no account. Hardhat's own connection asks for the deployer's key at its first
 * request, whatever it is.
 *
 * @param network - what errors call the chain.
 * @throws {NodeError} each request: nobody answers within a minute.
 * @throws {RpcError} each request: the node refuses it.
 */
export function connectNode(network: string, url: string): Provider {
  return {
    async request({ method, params = [] }) {
      const answer = await post(network, url, { jsonrpc: "2.0", id: 1, method, params });
      if (answer.error !== undefined) throw new RpcError(method, answer.error);
      return answer.result;
    },
  };
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

async function post(network: string, url: string, body: object): Promise<Answer> {
  try {
    let response = await fetchAnswer(url, body);
    for (let tries = 1; response.status === TOO_MANY_REQUESTS && tries <= RETRIES; tries++) {
      await sleep(tries * PAUSE_MS);
      response = await fetchAnswer(url, body);
    }
    // An answer about the limit itself would look like one about the question.
    if (response.status === TOO_MANY_REQUESTS) throw new Error("It answers that there are too many requests.");
    const answer = (await response.json()) as Answer;
    if (answer.error === undefined && !("result" in answer)) throw new Error(`It answers HTTP ${response.status}.`);
    return answer;
  } catch (cause) {
    throw new NodeError(network, cause);
  }
}

async function fetchAnswer(url: string, body: object): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

/** Whether an error of Hardhat or Ignition says that a node is not there, or does not want to answer now. */
export function isConnectionFailure(error: unknown): boolean {
  if (error instanceof NodeError) return true;
  if (!(error instanceof Error)) return false;
  // HHE703: connection refused. HHE704: time-out.
  if ("errorCode" in error && ["HHE703", "HHE704"].includes(String(error.errorCode))) return true;
  // -1: neither a refusal nor a time-out, but no answer. -32005: too many requests.
  return "code" in error && (error.code === -1 || error.code === -32_005);
}
