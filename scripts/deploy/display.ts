import { SingleBar } from "cli-progress";

/** Where the command says what it does. */
export interface Display {
  /** A line, or a few. */
  say(text: string): void;
  /** How far a work of several steps is. */
  progress(step: { readonly done: number; readonly total: number; readonly text: string }): void;
  /** The work is over, also when it has failed. */
  end(): void;
}

/** Plain lines, for logs: each stays as it was written. */
export function lineDisplay(write: (line: string) => void): Display {
  return {
    say: write,
    progress: ({ done, total, text }) => write(`[${done}/${total}] ${text}`),
    end: () => undefined,
  };
}

/** A bar that moves, for a terminal. */
export function barDisplay(stream: NodeJS.WriteStream): Display {
  let bar: SingleBar | undefined;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    say(text) {
      stop();
      stream.write(`${text}\n`);
    },
    progress({ done, total, text }) {
      if (bar === undefined) {
        bar = new SingleBar({ format: "{bar} {value}/{total} {text}", stream, hideCursor: true, linewrap: true });
        bar.start(total, done, { text });
      }
      bar.setTotal(total);
      bar.update(done, { text });
    },
    end: stop,
  };
}
