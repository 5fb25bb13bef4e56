/** Gives up waiting when the signal says so; what was sent to the chain goes its way. */
export async function orAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => {
      reject(signal.reason);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", giveUp);
    });
  });
}
