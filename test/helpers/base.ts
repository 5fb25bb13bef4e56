import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  custom,
  type Address,
  type PrivateKeyAccount,
  type PublicClient,
  type TestClient,
  type Transport,
  type WalletClient,
} from "viem";
import { base as baseChain } from "viem/chains";
import { installBase } from "../base/install.ts";
import type { Placement } from "../base/place.ts";
import { mintUsdc } from "../base/usdc.ts";
import { actors as localActors, type ActorName, type Actors } from "./actors.ts";

/** A wallet that signs with its own key, as a user's does. */
export type Wallet = WalletClient<Transport, typeof baseChain, PrivateKeyAccount>;

/** A Base to test on, with everything a test needs to act on it. */
export interface Base {
  /** Hardhat's connection: its `viem`, `ignition` and `networkHelpers` belong to this chain. */
  readonly connection: NetworkConnection<"op">;
  readonly viem: NetworkConnection<"op">["viem"];
  readonly ignition: NetworkConnection<"op">["ignition"];
  readonly networkHelpers: NetworkConnection<"op">["networkHelpers"];
  readonly publicClient: PublicClient<Transport, typeof baseChain>;
  readonly testClient: TestClient<"hardhat", Transport, typeof baseChain>;
  readonly actors: Actors;
  readonly wallets: Readonly<Record<ActorName, Wallet>>;
  /** A wallet for any other account; the account has no native balance unless a test gives it some. */
  walletOf(account: PrivateKeyAccount): Wallet;
  /** Mints USDC. `amount` is in token base units (6 decimals). */
  fundUsdc(account: Address, amount: bigint): Promise<void>;
  /** Which canonical contracts were there already, and which were placed. */
  readonly placements: readonly Placement[];
  close(): Promise<void>;
}

/** Starts a fresh local Base in this process. Wrap deployments on it in `networkHelpers.loadFixture`. */
export async function connectBase(): Promise<Base> {
  return assembleBase(await network.create({ network: "localBase", chainType: "op" }), localActors);
}

/** Installs the canonical contracts on a connection and gathers what tests need. */
export async function assembleBase(connection: NetworkConnection<"op">, actors: Actors): Promise<Base> {
  const { provider, viem, ignition, networkHelpers } = connection;
  const placements = await installBase(provider, actors);
  // A chain in this process answers at once and always: there is no sense in waiting, remembering or trying again.
  const client = { chain: baseChain, transport: custom(provider, { retryCount: 0 }), pollingInterval: 5, cacheTime: 0 };
  const walletOf = (account: PrivateKeyAccount): Wallet => createWalletClient({ ...client, account });
  const wallets = Object.fromEntries(Object.entries(actors).map(([name, account]) => [name, walletOf(account)]));
  return {
    connection,
    viem,
    ignition,
    networkHelpers,
    publicClient: createPublicClient(client),
    testClient: createTestClient({ ...client, mode: "hardhat" }),
    actors,
    wallets: wallets as Record<ActorName, Wallet>,
    walletOf,
    fundUsdc: (account, amount) => mintUsdc(provider, { minter: actors.usdcMinter.address, account, amount }),
    placements,
    close: () => connection.close(),
  };
}
