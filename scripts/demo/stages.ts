import { SingleBar } from "cli-progress";

/** Tells on a terminal, or line by line elsewhere, what the demo is doing. */
export interface Stages {
  /** Runs a step that takes a moment and prints how long it took. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Runs many small steps of one kind under a progress bar. */
  many<T>(title: string, total: number, work: (done: () => void) => Promise<T>): Promise<T>;
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Reports to standard output. */
export function createStages(): Stages {
  return {
    async step(title, work) {
      const started = performance.now();
      const isTerminal = process.stdout.isTTY === true;
      if (isTerminal) process.stdout.write(`${title} ...`);
      const result = await work();
      process.stdout.write(isTerminal ? ` ${seconds(started)}\n` : `${title}: ${seconds(started)}\n`);
      return result;
    },

    async many(title, total, work) {
      const started = performance.now();
      const bar = new SingleBar({
        format: `${title} [{bar}] {value}/{total}`,
        // Elsewhere than on a terminal the bar prints a line now and then.
        noTTYOutput: true,
        notTTYSchedule: 5_000,
        stream: process.stdout,
        hideCursor: true,
        linewrap: false,
      });
      bar.start(total, 0);
      try {
        return await work(() => bar.increment());
      } finally {
        bar.stop();
        process.stdout.write(`${title}: ${seconds(started)}\n`);
      }
    },
  };
}
