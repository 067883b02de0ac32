// A time that can be waited for, asked about and cut short.

export interface Pause {
  /** Resolves when the time is over; never, when it was cancelled before. */
  readonly over: Promise<void>;
  isOver: boolean;
  cancel(): void;
}

export function pause(ms: number): Pause {
  let timer: NodeJS.Timeout | undefined;
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const started: Pause = {
    over,
    isOver: false,
    cancel: () => {
      started.isOver = true;
      clearTimeout(timer);
    },
  };
  timer = setTimeout(
    () => {
      started.isOver = true;
      end();
    },
    // setTimeout's longest: a larger one would fire at once.
    Math.min(ms, 2147483647),
  );
  return started;
}
