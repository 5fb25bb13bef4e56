import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Express } from "express";

/** Listens on 127.0.0.1; port 0 takes any free one. */
export async function listen(app: Express, port = 0): Promise<{ url: string; close(): void }> {
  const server = app.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
