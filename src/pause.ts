// A time that can be waited for, asked about and cut short.

export interface Pause {
  /** Resolves when the time is over; never, when it was cancelled before. */
  readonly over: Promise<void>;
  isOver: boolean;
  cancel(): void;
  /** Over at once. */
  readonly cutShort: () => void;
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
    cutShort: () => {
      started.cancel();
      end();
    },
  };
  // setTimeout's longest: a larger one would fire at once.
  timer = setTimeout(started.cutShort, Math.min(ms, 2147483647));
  return started;
}
