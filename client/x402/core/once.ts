/** Makes work that is done once: whoever comes while it runs waits for it, and when it fails the next one tries again. */
export function untilDone(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return async () => {
    running ??= work();
    try {
      await running;
    } catch (error) {
      running = undefined;
      throw error;
    }
  };
}

/** Makes work under names: copies that come together share one run, and so one result. */
export function createShared<T>(): (name: string, work: () => Promise<T>) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (name, work) => {
    const running = underWay.get(name);
    if (running !== undefined) return running;
    const result = work().finally(() => underWay.delete(name));
    underWay.set(name, result);
    return result;
  };
}
