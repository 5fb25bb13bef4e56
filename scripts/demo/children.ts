import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { DemoError } from "./errors.ts";

/** Message of a child that it is ready, with whatever it wants to tell. */
export interface ReadyMessage<T> {
  readonly ready: T;
}

/** A process of the demo. It is asked and answers over Node's own channel. */
export interface Child<Ready> {
  readonly process: ChildProcess;
  readonly ready: Ready;
  /** Sends a request and waits for its answer. */
  ask<Answer>(request: string): Promise<Answer>;
  /** Asks the process to end, and waits until it has. */
  stop(): Promise<void>;
}

/** Starts a script of the demo and waits until it is ready. */
export async function startChild<Ready>(script: URL, settings: object, signal: AbortSignal): Promise<Child<Ready>> {
  signal.throwIfAborted();
  // `detached`: Ctrl-C reaches this process alone, which then stops the others in order.
  const child = fork(script, [JSON.stringify(settings)], { detached: true, serialization: "advanced" });
  const abort = () => child.kill("SIGKILL");
  signal.addEventListener("abort", abort, { once: true });
  process.once("exit", abort);

  const answers = new Map<string, (answer: unknown) => void>();
  const ended = once(child, "exit").then(([code, kill]) => {
    signal.removeEventListener("abort", abort);
    process.removeListener("exit", abort);
    const name = script.pathname.split("/").at(-1);
    return new DemoError(`${name} ended early (${kill ?? `exit code ${code}`}); what it said is above.`);
  });
  const orEnd = <T>(answer: Promise<T>): Promise<T> => {
    const early = ended.then((error) => Promise.reject(signal.aborted ? signal.reason : error));
    // Lost races are nobody's concern.
    early.catch(() => undefined);
    return Promise.race([answer, early]);
  };
  const ready = new Promise<Ready>((resolve) => {
    child.on("message", (message: ReadyMessage<Ready> & { request?: string; answer?: unknown }) => {
      if (message.request !== undefined) answers.get(message.request)?.(message.answer);
      else resolve(message.ready);
    });
  });

  return {
    process: child,
    ready: await orEnd(ready),
    ask: <Answer>(request: string) => {
      const answer = new Promise<Answer>((resolve) => answers.set(request, resolve as (answer: unknown) => void));
      child.send({ request });
      return orEnd(answer);
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await ended;
    },
  };
}

/** In a child: settings of its parent. */
export function childSettings<T>(): T {
  return JSON.parse(process.argv[2] ?? "{}") as T;
}

/** In a child: tells the parent that it is ready, and answers its requests from now on. */
export function serveParent<Ready>(ready: Ready, handlers: Record<string, () => Promise<unknown>>): void {
  process.on("message", ({ request }: { request: string }) => {
    const handler = handlers[request];
    if (handler === undefined) throw new DemoError(`Nobody answers "${request}"`);
    void handler().then((answer) => process.send?.({ request, answer }));
  });
  // A parent that is gone, however it went, takes its children along.
  process.on("disconnect", () => process.exit());
  process.send?.({ ready });
}
