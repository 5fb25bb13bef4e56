import { createPublicClient, custom } from "viem";
import type { Base } from "../../../helpers/base.ts";

/** A client whose requests a test counts, and answers itself when it wants to. */
export interface WatchedNode {
  readonly client: Base["publicClient"];
  /** Methods called since the last {@link forget}. */
  readonly methods: readonly string[];
  forget(): void;
  /** Answers a request before the node does; undefined lets the node answer. Throws to fail. */
  intercept: ((method: string, params: unknown) => unknown) | undefined;
}

/** Puts a watched client in front of a chain of this process. */
export function watchNode({ connection: { provider }, publicClient: { chain } }: Base): WatchedNode {
  const methods: string[] = [];
  const node: { intercept: WatchedNode["intercept"] } = { intercept: undefined };
  const request = async ({ method, params }: { readonly method: string; readonly params?: unknown[] }) => {
    methods.push(method);
    const answer = node.intercept?.(method, params);
    return answer === undefined ? provider.request({ method, params: params ?? [] }) : answer;
  };
  const transport = custom({ request }, { retryCount: 0 });
  return Object.assign(node, {
    client: createPublicClient({ chain, transport, pollingInterval: 5, cacheTime: 0 }),
    methods,
    forget: () => {
      methods.length = 0;
    },
  });
}
