/** Where payments wait until another one of their account has an answer. */
export interface WaitingRoom {
  /** Waits until somebody wakes everyone, or for as long as the room says: an answer may never come. */
  wait(): Promise<void>;
  wakeAll(): void;
}

/** Makes an empty room. */
export function createWaitingRoom(milliseconds: number): WaitingRoom {
  const waiting = new Set<() => void>();
  return {
    wait: () =>
      new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, milliseconds);
        waiting.add(wake);
      }),
    wakeAll() {
      for (const wake of [...waiting]) wake();
    },
  };
}
