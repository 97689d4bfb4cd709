import type { Unit } from './append-statement.ts';
import type { Appended, PendingAppend } from './attempt.ts';

/** Settles the promise of a call. */
interface Settling {
  resolve(answers: Appended[]): void;
  reject(error: unknown): void;
  /** Runs before it is settled, also where its caller was rejected before. */
  settled(call: AppendCall, error?: unknown): void;
}

/** Call of an appender, from its arrival until it is committed or refused. */
export class AppendCall implements PendingAppend {
  readonly units: readonly Unit[];
  readonly bytes: number;
  readonly rows: number;
  readonly deadline: number;
  readonly answers: (Appended | undefined)[];
  expired = false;
  readonly #settling: Settling;

  constructor(given: Pick<PendingAppend, 'units' | 'bytes' | 'rows' | 'deadline'>, settling: Settling) {
    this.units = given.units;
    this.bytes = given.bytes;
    this.rows = given.rows;
    this.deadline = given.deadline;
    this.answers = new Array(given.units.length).fill(undefined);
    this.#settling = settling;
  }

  resolve(answers: Appended[]): void {
    this.#settling.settled(this);
    this.#settling.resolve(answers);
  }

  reject(error: unknown): void {
    this.#settling.settled(this, error);
    this.#settling.reject(error);
  }

  /** Rejects its caller at the deadline. It may be under way, and ends then as any other. */
  expire(error: unknown): void {
    this.expired = true;
    this.#settling.reject(error);
  }
}
