import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it arrived. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Of a form or of JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Explorers on this machine: Etherscan's API at `/etherscan`, Blockscout's at `/blockscout`, Sourcify's at `/sourcify`. */
export interface ExplorerServer {
  readonly url: string;
  readonly arrivals: Arrival[];
  /** Addresses that are verified already. */
  readonly verified: Set<string>;
  /** Addresses whose sources do not fit. */
  readonly refused: Set<string>;
  close(): Promise<void>;
}

/** Starts them. The caller closes. */
export async function startExplorers(): Promise<ExplorerServer> {
  const arrivals: Arrival[] = [];
  const [verified, refused] = [new Set<string>(), new Set<string>()];
  const server = createServer((request, response) => {
    void readArrival(request).then((arrival) => {
      arrivals.push(arrival);
      const { status, answer } = answerTo(arrival, verified, refused);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    verified,
    refused,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function readArrival(request: IncomingMessage): Promise<Arrival> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
  const text = await new Response(request as unknown as ReadableStream).text();
  const isJson = request.headers["content-type"]?.includes("json") ?? false;
  return {
    method: request.method ?? "",
    path: pathname,
    query: Object.fromEntries(searchParams),
    body: isJson ? (JSON.parse(text) as Arrival["body"]) : Object.fromEntries(new URLSearchParams(text)),
  };
}

function answerTo(arrival: Arrival, verified: ReadonlySet<string>, refused: ReadonlySet<string>) {
  return arrival.path.startsWith("/sourcify/")
    ? answerAsSourcify(arrival, verified, refused)
    : { status: 200, answer: answerAsEtherscan(arrival, verified, refused) };
}

/** Blockscout speaks the same, but says of a refusal too that the request was good. The number of a submission is the address. */
function answerAsEtherscan(
  { path, query, body }: Arrival,
  verified: ReadonlySet<string>,
  refused: ReadonlySet<string>,
) {
  const { action, address = "", guid = "" } = query;
  if (action === "getsourcecode") {
    return { status: "1", message: "OK", result: [{ SourceCode: verified.has(address) ? "contract" : "" }] };
  }
  if (action === "verifysourcecode") return { status: "1", message: "OK", result: body["contractaddress"] };
  if (refused.has(guid)) {
    return { status: path === "/blockscout" ? "1" : "0", message: "NOTOK", result: "Fail - Unable to verify" };
  }
  return { status: "1", message: "OK", result: "Pass - Verified" };
}

function answerAsSourcify({ method, path }: Arrival, verified: ReadonlySet<string>, refused: ReadonlySet<string>) {
  const address = path.split("/").at(-1) ?? "";
  if (path.includes("/v2/contract/")) {
    const match = verified.has(address) ? "match" : null;
    const answer = { match, creationMatch: match, runtimeMatch: match, chainId: "8453", address };
    return { status: match === null ? 404 : 200, answer };
  }
  if (method === "POST") return { status: 202, answer: { verificationId: address } };
  const job = { isJobCompleted: true, verificationId: address, jobStartTime: "2026-01-01T00:00:00Z" };
  const error = { customCode: "no_match", message: "The sources do not give this code", errorId: "1" };
  return { status: 200, answer: { ...job, contract: { match: "match" }, ...(refused.has(address) ? { error } : {}) } };
}
