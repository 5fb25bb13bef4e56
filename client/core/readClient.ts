import type { Chain, Client, Transport } from "viem";

/** A viem client that reads: any client will do. */
export type ReadClient = Client<Transport, Chain | undefined>;
