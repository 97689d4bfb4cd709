import type { Term } from './terms.ts';

/** A position of the log, and which append wrote it. */
export interface TrackedRow {
  readonly id: number;
  /** The word of the term it was appended under; null where a node of an earlier release appended it. */
  readonly term: string | null;
  /** The tag of the append that wrote it; null as above. */
  readonly tag: string | null;
}

/** The head of the log as one statement reads it. */
export interface HeadState {
  readonly head: number;
  /** The word of the present term. */
  readonly term: string;
  /** The tag of the append that wrote the row at the head; null where that one left none. */
  readonly tag: string | null;
  /**
   * Whether another append than the one that `tag` names wrote the row at the head, or that row is missing: the head or the
   * rows were restored alone. False where there is no tag to compare.
   */
  readonly foreignTag: boolean;
  /** Whether a comparison stored this head at or above rows without a tag (`moveHead`), and nothing was appended since. */
  readonly mended: boolean;
  /** Which server answered. */
  readonly server: string;
}

/** The log as one connection reads it. Views may be torn: a row may be visible before one below it. */
export interface LogReads<R extends TrackedRow> {
  head(): Promise<HeadState>;
  terms(): Promise<Term[]>;
  /** Rows from `from` up to and including `through`, ascending. */
  range(from: number, through: number, limit: number): Promise<R[]>;
  /** The marks of those of these rows that are there. */
  marks(ids: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** The position from which on every row of every class is kept. */
  prunedBelow(): Promise<number>;
  /** The greatest id among the rows; 0 where there are none. */
  lastRow(): Promise<number>;
}

/** The log behind the lock of its head: no append is under way. */
export interface LockedLog<R extends TrackedRow> extends LogReads<R> {
  /** Stores a term and makes it the present one. */
  beginTerm(term: Term): Promise<void>;
  /** Stores the head with the tag of the row there; without a tag where no row is there. */
  moveHead(head: number): Promise<void>;
}

/** A connection to the log. */
export interface LogSource<R extends TrackedRow> extends LogReads<R> {
  /** Runs `work` in one transaction that holds the lock of the head. */
  locked<T>(work: (log: LockedLog<R>) => Promise<T>): Promise<T>;
}

/** What an append proves about its rows. */
export interface AppendProof {
  readonly server: string;
  /** The word of the term that the rows belong to. */
  readonly term: string;
  /** The tag of the row before the first one; null where that has none. */
  readonly previousTag: string | null;
  /** The term that this append began. */
  readonly began?: Term;
}
