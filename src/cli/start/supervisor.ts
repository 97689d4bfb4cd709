/** A process that serves, as its supervisor sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Asks it to close: it drains as a node does that gets a signal. */
  stop(reason: string): void;
  /** Ends it at once. */
  kill(): void;
}

/** What becomes of a worker process. */
export interface WorkerEvents {
  listening(port: number): void;
  /** @param how exit code or signal */
  ended(how: string): void;
}

export interface SupervisorOptions {
  /** Number of workers. */
  readonly count: number;
  /** Starts a process for a worker, `number` 1 to `count`. */
  readonly spawn: (number: number, events: WorkerEvents) => WorkerProcess;
  readonly log: (fields: object, message: string) => void;
  readonly timers?: Timers;
}

/** Timers, and a monotonic time in ms. */
export interface Timers {
  readonly now: () => number;
  readonly setTimeout: (callback: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: never) => void;
}

/** Wait before a worker is started again, ms: doubled by each end that follows until a worker has served for the time below. */
const BACKOFF_MS = { first: 200, most: 30_000 };
/** Time of serving after which a worker's wait is the first again, ms. */
const STEADY_MS = 30_000;

const REAL: Timers = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

interface Slot {
  process: WorkerProcess | undefined;
  waitMs: number;
  timer: unknown;
}

/**
 * Keeps a number of workers running. It is `opening` until the first listens, so that a mistake which stops every worker ends
 * the start with one error; `running`, in which a worker that ends is started again, later each time; and `closing`, in
 * which none is.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #timers: Timers;
  readonly #slots = new Map<number, Slot>();
  #onOver: (() => void) | undefined;
  #state: 'opening' | 'running' | 'closing' = 'opening';

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#timers = options.timers ?? REAL;
  }

  /**
   * Starts the first worker, and the others once it listens. Resolves with the port; never, where a stop comes before.
   * @throws WorkerError where the first ends before it listens
   */
  start(): Promise<number> {
    const { count } = this.#options;
    return new Promise((resolve, reject) => {
      this.#spawn(1, {
        listening: (port) => {
          if (this.#state !== 'opening') return;
          this.#state = 'running';
          for (let number = 2; number <= count; number++) this.#spawn(number);
          resolve(port);
        },
        ended: (how) => reject(new WorkerError(how)),
      });
    });
  }

  /** Asks every worker to close, and starts none again. Resolves when all have ended. */
  stop(reason: string): Promise<void> {
    this.#state = 'closing';
    for (const slot of this.#slots.values()) {
      this.#timers.clearTimeout(slot.timer as never);
      slot.process?.stop(reason);
    }
    return new Promise((resolve) => {
      this.#onOver = resolve;
      this.#settle();
    });
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#state = 'closing';
    for (const { process } of this.#slots.values()) process?.kill();
  }

  #spawn(number: number, first?: WorkerEvents): void {
    const slot: Slot = this.#slots.get(number) ?? { process: undefined, waitMs: 0, timer: undefined };
    this.#slots.set(number, slot);
    let listeningAt: number | undefined;
    slot.process = this.#options.spawn(number, {
      listening: (port) => {
        listeningAt = this.#timers.now();
        first?.listening(port);
      },
      ended: (how) => {
        slot.process = undefined;
        if (this.#state === 'running') this.#restart(number, slot, how, listeningAt);
        else if (this.#state === 'opening') first?.ended(how);
        else this.#settle();
      },
    });
  }

  #restart(number: number, slot: Slot, how: string, listeningAt: number | undefined): void {
    const isSteady = listeningAt !== undefined && this.#timers.now() - listeningAt >= STEADY_MS;
    slot.waitMs =
      isSteady || slot.waitMs === 0 ? BACKOFF_MS.first : Math.min(slot.waitMs * 2, BACKOFF_MS.most);
    this.#options.log(
      { worker: number, restartMs: slot.waitMs },
      `a worker ended (${how}); starting it again`,
    );
    slot.timer = this.#timers.setTimeout(() => this.#spawn(number), slot.waitMs);
  }

  #settle(): void {
    if ([...this.#slots.values()].every(({ process }) => process === undefined)) this.#onOver?.();
  }
}

/** The first worker ended before it listened. It has logged the cause itself. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';

  constructor(how: string) {
    super(`The first worker ended before it listened (${how}).`);
  }
}
