import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What a proxy does with a request. `lose` forwards it and keeps the answer; `refuse` closes the connection; `busy` answers that
 * there are too many requests.
 */
export type Verdict = "forward" | "lose" | "refuse" | "busy";

const BUSY = JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32_005, message: "limit exceeded" } });

/** A node that can drop out. */
export interface Proxy {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Stands before a node.
 *
 * @param judge - sees the method of each request.
 */
export async function startProxy(upstream: string, judge: (method: string) => Verdict): Promise<Proxy> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await textOf(request);
      const verdict = judge((JSON.parse(body) as { method: string }).method);
      if (verdict === "refuse") return request.socket.destroy();
      const headers = { "content-type": "application/json" };
      if (verdict === "busy") return response.writeHead(429, headers).end(BUSY);
      const answer = await (await fetch(upstream, { method: "POST", headers, body })).text();
      if (verdict === "lose") return request.socket.destroy();
      response.writeHead(200, headers).end(answer);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/**
 * A node that drops out for ever at one of the transactions that it gets.
 *
 * @param verdict - what becomes of that transaction.
 * @param onDropOut - called when it drops out, and again at each request after that.
 */
export function dropOutAt(place: number, verdict: Verdict, onDropOut: () => void = () => undefined) {
  let sent = 0;
  return (method: string): Verdict => {
    const isTransaction = method === "eth_sendRawTransaction";
    if (isTransaction) sent += 1;
    if (sent < place) return "forward";
    onDropOut();
    return isTransaction && sent === place ? verdict : "refuse";
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
