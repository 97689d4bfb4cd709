import type { Evidence, Witness } from './comparison.ts';
import { Remembered, type Run } from './remembered.ts';
import { Sequence } from './sequence.ts';
import type { AppendProof, HeadState, TrackedRow } from './source.ts';
import { Terms } from './terms.ts';

export interface KnownLogOptions<R extends TrackedRow> {
  /** The log's next rows: contiguous, in order, each once. */
  readonly onRows: (rows: R[]) => void;
  /** Identifies the append that wrote this row. */
  readonly markOf: (row: R) => string;
}

/** State of the log as a process reads it. */
export interface ReadLog {
  readonly head: number;
  readonly terms: Terms;
  readonly server: string;
}

/** Position and mark of the newest rows, ascending. */
type Newest = readonly [number, string][];

/**
 * State of the log in a process, without any I/O: the position, the terms, the newest rows, and the newest commit above
 * the position. Takes own commits and rows that were read, and hands on the next rows where they belong to the same log.
 */
export class KnownLog<R extends TrackedRow> implements Evidence {
  readonly #options: KnownLogOptions<R>;
  readonly #remembered = new Remembered();
  readonly #sequence = new Sequence<R>(0);
  #terms = new Terms([]);
  #deliveredUnder = this.#terms;
  #server: string | undefined;
  #target = 0;
  #witness: Witness | undefined;
  #trusted = false;
  #suspicious = false;
  #closed = false;
  #emptyAt: number | undefined;

  constructor(options: KnownLogOptions<R>) {
    this.#options = options;
  }

  get position(): number {
    return this.#sequence.watermark;
  }

  /** The highest position known to exist. */
  get target(): number {
    return Math.max(this.#target, this.position);
  }

  /** The highest position up to which rows have to be read: those above are held already. */
  get readThrough(): number {
    return Math.min(this.#target, (this.#sequence.firstAhead ?? Number.POSITIVE_INFINITY) - 1);
  }

  /** The highest position that this process committed or saw committed in the log that it follows. */
  get committed(): number {
    return Math.max(this.position, this.#witness?.lastId ?? 0);
  }

  /** The newest position of which the mark is known. */
  get newest(): Witness | undefined {
    return this.#witness ?? this.#remembered.last;
  }

  get terms(): Terms {
    return this.#terms;
  }

  get deliveredUnder(): Terms {
    return this.#deliveredUnder;
  }

  get runs(): readonly Run[] {
    return this.#remembered.runs;
  }

  get last(): Run | undefined {
    return this.#remembered.last;
  }

  get witness(): Witness | undefined {
    return this.#witness;
  }

  get server(): string | undefined {
    return this.#server;
  }

  /** The position at which this process began without a row there: that of a head whose rows are lost. */
  get emptyAt(): number | undefined {
    return this.#emptyAt;
  }

  /** Whether own commits are taken: nothing has cast doubt on the log since it was compared. */
  get trusted(): boolean {
    return this.#trusted;
  }

  /** Whether rows contradicted what is known, which only the head's lock can settle. */
  get suspicious(): boolean {
    return this.#suspicious;
  }

  get closed(): boolean {
    return this.#closed;
  }

  trust(): void {
    this.#trusted = true;
  }

  /** The log may have become another one: commits that are held above the position are read again. */
  distrust(): void {
    this.#trusted = false;
    this.#sequence.reset(this.position);
  }

  /** Nothing is handed on any more. */
  close(): void {
    this.#closed = true;
  }

  /** Begins at the head that was read. */
  begin({ head, terms, server }: ReadLog): void {
    this.#server = server;
    this.#terms = terms;
    this.#deliveredUnder = terms;
    this.#sequence.reset(head);
    this.#target = head;
  }

  remember(newest: Newest): void {
    this.#emptyAt = newest.length === 0 ? this.position : undefined;
    this.#remembered.clear();
    for (const [id, mark] of newest) this.#remembered.add(id, mark);
  }

  /** Goes on from the head that was compared: nothing that was known of another log remains. */
  reset(compared: ReadLog, newest: Newest): void {
    this.begin(compared);
    this.#witness = undefined;
    this.remember(newest);
  }

  /** The comparison begins, which decides about every doubt so far. */
  doubt(): void {
    this.distrust();
    this.#suspicious = false;
  }

  /** The comparison showed the same log. */
  confirm({ head, terms, server }: ReadLog): void {
    this.#server = server;
    this.#terms = terms;
    this.#target = Math.max(Math.min(this.#target, head), this.position);
    this.#trusted = true;
  }

  /** Another server answers on a new connection. */
  movedTo(server: string): void {
    this.#server = server;
  }

  /** Terms that others began were read: they may overrule commits that are held above the position. */
  learnTerms(terms: Terms): void {
    this.#terms = terms;
    this.#sequence.reset(this.position);
  }

  /** Takes a hint that the head is at `head`. Returns whether that is new. */
  hint(head: number): boolean {
    if (!Number.isSafeInteger(head) || head <= this.#target) return false;
    this.#target = head;
    return true;
  }

  /** The head was read. */
  sawHead({ head, tag }: HeadState): void {
    this.#target = Math.max(this.#target, head);
    if (head > this.position && tag !== null) this.#witness = { lastId: head, mark: tag };
  }

  /**
   * Takes rows that this process committed. Returns what their proof leaves to be done: nothing, to read the log, or to
   * open every connection anew, since this one and the one that appended speak to different servers.
   */
  offer(rows: readonly R[], proof?: AppendProof): 'done' | 'read' | 'reconnect' {
    const first = rows[0];
    const last = rows.at(-1);
    if (!first || !last) return 'done';
    if (proof && proof.server !== this.#server) return 'reconnect';
    if (last.id <= this.position) return 'done';
    this.#target = Math.max(this.#target, last.id);
    if (!proof) return 'read';
    if (this.#trusted && this.#isOfPresentTerm(proof) && !this.deniesWitness(rows))
      this.#handOn(this.#sequence.take(rows, (previous) => this.#continues(first, previous, proof)));
    if (last.id <= this.position) return 'done';
    if (last.id > this.committed) this.#witness = { lastId: last.id, mark: this.#options.markOf(last) };
    return 'read';
  }

  /**
   * Takes rows that another process committed. They are handed on only on top of the very row they were appended to, in
   * the term and on the server that this process has verified; nothing else follows from them. Returns what is left to be
   * done: nothing, to wait for the rows below them, or to read the log.
   */
  receive(rows: readonly R[], proof: AppendProof): 'done' | 'wait' | 'read' {
    const first = rows[0];
    const last = rows.at(-1);
    if (!first || !last || last.id <= this.position) return 'done';
    if (first.id <= this.position || !this.#isProven(proof) || this.#otherThanWitness(rows)) return 'read';
    const isNext = (previous: R | undefined) =>
      this.#isProven(proof) && proof.previousTag !== null && this.#continues(first, previous, proof);
    this.#handOn(this.#sequence.take(rows, isNext));
    if (last.id <= this.position) return 'done';
    return first.id > this.position + 1 ? 'wait' : 'read';
  }

  /**
   * Takes rows of one read that nothing contradicts. Those above a gap are read again: before it closes, the log may have
   * become another one.
   */
  take(rows: readonly R[]): void {
    this.#handOn(this.#sequence.takeContiguous(rows));
  }

  /** Whether another append than the one that was seen there wrote these rows. */
  deniesWitness(rows: readonly R[]): boolean {
    if (!this.#otherThanWitness(rows)) return false;
    this.#suspicious = true;
    this.#trusted = false;
    return true;
  }

  /** Whether rows that were read differ from the last one that was handed on, also while they were read. */
  deniesLast(rows: readonly R[]): boolean {
    const { last } = this.#remembered;
    return last !== undefined && this.#differ(rows, last);
  }

  #otherThanWitness(rows: readonly R[]): boolean {
    return this.#witness !== undefined && this.#differ(rows, this.#witness);
  }

  #differ(rows: readonly R[], { lastId, mark }: Witness): boolean {
    const row = rows.find(({ id }) => id === lastId);
    return row !== undefined && this.#options.markOf(row) !== mark;
  }

  /** Whether an append of another process belongs to the log as this process has verified it. */
  #isProven({ server, term, began }: AppendProof): boolean {
    return (
      this.#trusted && began === undefined && server === this.#server && term === this.#terms.present?.word
    );
  }

  #isOfPresentTerm({ term, began }: AppendProof): boolean {
    const present = this.#terms.present;
    if (began && began.number === (present?.number ?? 0) + 1 && began.firstId > this.position)
      this.#terms = this.#terms.with(began);
    return this.#terms.present?.word === term;
  }

  /** Whether rows come right after the last one handed on: appended on top of it, and not on top of another one. */
  #continues(first: R, previous: R | undefined, { previousTag }: AppendProof): boolean {
    if (first.id === 1) return true;
    const mark = previous ? this.#options.markOf(previous) : this.#remembered.last?.mark;
    return previousTag !== null && previousTag === mark;
  }

  #handOn(ready: R[]): void {
    if (this.#closed || ready.length === 0) return;
    const { markOf } = this.#options;
    for (let start = 0, end = 1; start < ready.length; start = end++) {
      const [{ id }, mark] = [ready[start] as R, markOf(ready[start] as R)];
      while (end < ready.length && markOf(ready[end] as R) === mark) end++;
      this.#remembered.addRun({ firstId: id, lastId: id + end - start - 1, mark });
    }
    if (this.#witness && this.#witness.lastId <= this.position) this.#witness = undefined;
    this.#deliveredUnder = this.#terms;
    this.#options.onRows(ready);
  }
}
