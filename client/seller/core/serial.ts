/** Runs steps one after the other; a step that fails does not hold up the next. */
export type Serial = <T>(step: () => Promise<T>) => Promise<T>;

/** Makes a runner of its own line of steps. */
export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return (step) => {
    const result = last.then(step);
    // The caller gets the failure from `result`; the line only needs to know that the step is over.
    last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  };
}
