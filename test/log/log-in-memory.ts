import type { LogFault } from '../../src/log/comparison.ts';
import type { AppendProof, HeadState, LockedLog, LogSource, TrackedRow } from '../../src/log/source.ts';
import type { Term } from '../../src/log/terms.ts';
import { Tracker } from '../../src/log/tracker.ts';

export interface TaggedRow extends TrackedRow {
  readonly tag: string;
}

export const firstTerm: Term = { number: 1, word: 'k7f2', firstId: 0 };
export const rowAt = (id: number, tag = `tag ${id}`, term = firstTerm): TaggedRow => ({
  id,
  term: term.word,
  tag,
});

/** A log of two rows on a server, and a tracker that has read it. */
export class LogInMemory {
  rows: TaggedRow[] = [rowAt(1), rowAt(2)];
  terms: Term[] = [firstTerm];
  readonly delivered: TaggedRow[] = [];
  readonly faults: LogFault[] = [];
  now = 0;
  /** Runs once, after the next read of this kind has been answered and before the reader gets the answer. */
  readonly onceAnswered = new Map<'head' | 'range', () => void>();
  readonly tracker: Tracker<TaggedRow>;
  readonly source: LogSource<TaggedRow>;

  private constructor() {
    this.tracker = new Tracker<TaggedRow>({
      onRows: (rows) => this.delivered.push(...rows),
      onReset: (fault) => this.faults.push(fault),
      markOf: ({ tag }) => tag,
      pause: async () => {},
      now: () => this.now,
    });
    const reads = {
      head: async () => this.#answered('head', this.#head()),
      terms: async () => [...this.terms],
      range: async (from: number, through: number) =>
        this.#answered(
          'range',
          this.rows.filter(({ id }) => id >= from && id <= through),
        ),
      marks: async (ids: readonly number[]) =>
        new Map(this.rows.filter(({ id }) => ids.includes(id)).map(({ id, tag }) => [id, tag])),
      prunedBelow: async () => 1,
      lastRow: async () => this.rows.at(-1)?.id ?? 0,
    };
    const locked: LockedLog<TaggedRow> = {
      ...reads,
      beginTerm: async () => {},
      moveHead: async () => {},
    };
    this.source = { ...reads, locked: (work) => work(locked) };
  }

  static async open(): Promise<LogInMemory> {
    const log = new LogInMemory();
    await log.tracker.start(log.source);
    return log;
  }

  /** Appends one row that begins a term. Returns what informs the tracker, as of an append of its own process. */
  appendInNewTerm(word: string): () => void {
    const last = this.rows.at(-1);
    const began = { number: this.terms.length + 1, word, firstId: (last?.id ?? 0) + 1 };
    const row = rowAt(began.firstId, `tag ${began.firstId}`, began);
    this.terms.push(began);
    this.rows.push(row);
    const proof: AppendProof = { server: 'one', term: word, previousTag: last?.tag ?? null, began };
    return () => this.tracker.offer([row], proof);
  }

  #head(): HeadState {
    const last = this.rows.at(-1);
    const term = this.terms.at(-1)?.word ?? '';
    return {
      head: last?.id ?? 0,
      term,
      tag: last?.tag ?? null,
      foreignTag: false,
      mended: false,
      server: 'one',
    };
  }

  #answered<T>(kind: 'head' | 'range', answer: T): T {
    const happens = this.onceAnswered.get(kind);
    this.onceAnswered.delete(kind);
    happens?.();
    return answer;
  }
}
