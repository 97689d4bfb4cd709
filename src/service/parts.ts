import type { Router } from '../http/router.ts';

/** Work that is repeated until the service closes. */
export interface PeriodicTask {
  readonly name: string;
  /** From the end of one run to the start of the next, ms. From 50 ms on it is rounded, so that tasks begin together. */
  readonly everyMs: number;
  run(signal: AbortSignal): Promise<unknown>;
}

/** One part of the service, as its `open…(deps)` returns it. Whatever else it has is for the parts opened after it. */
export interface Part {
  readonly routes?: readonly Router[];
  /** Run on one node at a time. */
  readonly leaderTasks?: readonly PeriodicTask[];
  /** Run on every node. */
  readonly nodeTasks?: readonly PeriodicTask[];
  close?(): Promise<void> | void;
}

/** Parts of a service, in the order in which they were opened. */
export class Parts {
  readonly #parts: Part[] = [];
  readonly #open: { readonly name: string; readonly part: Part }[] = [];
  #closing: Promise<void> | undefined;
  readonly #onError: (error: unknown, name: string) => void;

  constructor(onError: (error: unknown, name: string) => void) {
    this.#onError = onError;
  }

  add<P extends Part>(name: string, part: P): P {
    this.#parts.push(part);
    this.#open.push({ name, part });
    return part;
  }

  get routes(): Router[] {
    return this.#parts.flatMap(({ routes = [] }) => routes);
  }

  get leaderTasks(): PeriodicTask[] {
    return this.#parts.flatMap(({ leaderTasks = [] }) => leaderTasks);
  }

  get nodeTasks(): PeriodicTask[] {
    return this.#parts.flatMap(({ nodeTasks = [] }) => nodeTasks);
  }

  /** Closes every part, last opened first. An error of one is reported, and the rest are closed. Idempotent. */
  closeAll(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (let last = this.#open.pop(); last; last = this.#open.pop()) {
      try {
        await last.part.close?.();
      } catch (error) {
        this.#onError(error, last.name);
      }
    }
  }
}
