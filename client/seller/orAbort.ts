/** Gives up waiting when the signal says so; what was sent to the chain goes its way, and nobody need hear how it ended. */
export async function orAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => {
      reject(signal.reason);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", giveUp);
    });
    // Only now: work that nobody listens to ends the process when it fails.
    if (signal.aborted) giveUp();
  });
}
