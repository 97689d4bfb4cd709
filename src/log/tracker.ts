import { findDivergence, Remembered } from './remembered.ts';
import { Sequence } from './sequence.ts';
import type { AppendProof, HeadState, LockedLog, LogReads, LogSource, TrackedRow } from './source.ts';
import { planTerm } from './term-plan.ts';
import { newTermWord, type Term, Terms } from './terms.ts';

/** Why the streams of this process cannot simply go on. */
export interface LogFault {
  readonly reason: 'hole' | 'regressed' | 'replaced' | 'epoch-changed' | 'fell-behind';
  /** The last position that was handed on before. */
  readonly from: number;
  /** The position it goes on from. */
  readonly to: number;
}

/** The connection speaks to another server than before: every dedicated connection has to be opened anew. */
export class ServerChanged extends Error {
  constructor() {
    super('the connection speaks to another database server than before');
  }
}

export interface TrackerOptions<R extends TrackedRow> {
  /** The log's next rows: contiguous, in order, each once. */
  readonly onRows: (rows: R[]) => void;
  readonly onReset: (fault: LogFault) => void;
  /** Identifies the append that wrote this row. */
  readonly markOf: (row: R) => string;
  /** Waits before a gap is read again. */
  readonly pause: () => Promise<unknown>;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

const PAGE = 1_000;
/** After a failure: rows may be so large that a whole page takes longer than a statement may. */
const SMALL_PAGE = 20;
/** How often a gap is read again before the head is asked with a lock. */
const PATIENT_READS = 4;
/** How many of the newest rows are remembered at the start. */
const REMEMBERED_AT_START = 1_000;

/**
 * What a process knows of the log, and how it learns more: it takes own commits (`offer`) and polls a source, hands rows
 * on contiguously, and proves with every step that the log is still the one that it followed. What contradicts that is
 * confirmed or dismissed behind the head's lock, since reads may be torn.
 */
export class Tracker<R extends TrackedRow> {
  readonly #options: TrackerOptions<R>;
  readonly #remembered = new Remembered();
  readonly #sequence: Sequence<R>;
  #terms = new Terms([]);
  /** The terms as they were when the last row was delivered. */
  #deliveredUnder = this.#terms;
  #server: string | undefined;
  #target = 0;
  /** The newest head that was read and lies above the position. */
  #witness: { readonly lastId: number; readonly mark: string } | undefined;
  #suspicious = false;
  #trusted = false;
  #page = PAGE;
  #verifiedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: TrackerOptions<R>) {
    this.#options = options;
    this.#sequence = new Sequence<R>(0);
  }

  /** Everything up to here was handed on. */
  get position(): number {
    return this.#sequence.watermark;
  }

  /** The highest position known to exist. */
  get target(): number {
    return Math.max(this.#target, this.position);
  }

  get terms(): Terms {
    return this.#terms;
  }

  /** The highest position that this process committed or saw committed in the log that it follows. */
  get known(): number {
    return Math.max(this.position, this.#witness?.lastId ?? 0);
  }

  get server(): string | undefined {
    return this.#server;
  }

  /** When the last poll was sent that found the log to be the one that is followed. */
  get verifiedAt(): number {
    return this.#verifiedAt;
  }

  /** Finds the head and begins there. */
  async start(source: LogSource<R>): Promise<void> {
    let { state, terms } = await this.#begin(source);
    // The row at the head is never pruned. Where it is not seen, the log changed in between, or the reads were torn.
    for (let again = 0; again < PATIENT_READS && state.head > 0 && !this.#remembered.last; again++) {
      await this.#options.pause();
      ({ state, terms } = await this.#begin(source));
    }
    if (terms.present?.word !== state.term) await this.#confirm(source, { starting: true });
    this.#trusted = true;
    this.#verifiedAt = this.#options.now();
  }

  async #begin(source: LogReads<R>): Promise<{ state: HeadState; terms: Terms }> {
    const state = await source.head();
    const terms = new Terms(await source.terms());
    this.#server = state.server;
    this.#terms = terms;
    this.#deliveredUnder = terms;
    this.#sequence.reset(state.head);
    this.#target = state.head;
    await this.#rememberNewest(source, state.head);
    return { state, terms };
  }

  /** A new connection may lead to another log: nothing is taken from own commits until it has been compared. */
  distrust(): void {
    this.#trusted = false;
  }

  /** Nothing is handed on any more. */
  close(): void {
    this.#closed = true;
  }

  /** A read failed; rows may be so large that a whole page takes too long. */
  readLess(): void {
    this.#page = SMALL_PAGE;
  }

  /** The head is said to be at `head`. Returns whether that is news. */
  hint(head: number): boolean {
    if (!Number.isSafeInteger(head) || head <= this.#target) return false;
    this.#target = head;
    return true;
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
    if (this.#trusted && this.#isOfPresentTerm(proof) && !this.#deniesWitness(rows))
      this.#handOn(this.#sequence.take(rows, (previous) => this.#continues(first, previous, proof)));
    if (last.id <= this.position) return 'done';
    if (last.id > this.known) this.#witness = { lastId: last.id, mark: this.#options.markOf(last) };
    return 'read';
  }

  /**
   * Reads the head, and everything up to it. Returns whether others had appended.
   * @throws ServerChanged when the connection leads to another server than the poll before
   */
  async poll(source: LogSource<R>, freshConnection = false): Promise<boolean> {
    // Own commits move the position while the question is under way: only what was there before it must be seen.
    const before = this.#newestKnown() ?? { lastId: this.position, mark: '' };
    const sentAt = this.#options.now();
    const state = await source.head();
    if (freshConnection) this.#server = state.server;
    else if (state.server !== this.#server) throw new ServerChanged();
    if (this.#suspicious) return this.#confirm(source);
    if (contradicts(state, before)) return this.#confirm(source);
    if (state.term !== this.#terms.present?.word && (await this.#learnTerms(source))) return true;
    if (!this.#trusted && !(await this.#isUnchanged(source))) return this.#confirm(source);
    this.#trusted = true;
    this.#target = Math.max(this.#target, state.head);
    if (state.head > this.position && state.tag !== null)
      this.#witness = { lastId: state.head, mark: state.tag };
    const outcome = await this.#fill(source);
    if (outcome !== 'reset') this.#verifiedAt = sentAt;
    return outcome !== 'nothing';
  }

  /** Compares the log with what is remembered, behind the head's lock, and mends what is inconsistent in it. */
  verify(source: LogSource<R>): Promise<boolean> {
    return this.#confirm(source);
  }

  /** Reads what is missing up to the target. */
  async #fill(source: LogSource<R>): Promise<'nothing' | 'rows' | 'reset'> {
    let found = false;
    let vain = 0;
    while (this.position < this.#target && !this.#closed) {
      const before = this.position;
      const mark = this.#remembered.last?.mark;
      const through = Math.min(this.#target, (this.#sequence.firstAhead ?? Number.POSITIVE_INFINITY) - 1);
      const rows = await source.range(before, through, this.#page);
      if (before > 0 && !(await this.#overlaps(source, rows[0], before, mark))) {
        if (await this.#confirm(source)) return 'reset';
        continue;
      }
      const strange = rows.some((row) => row.id > before && row.term !== null && !this.#terms.has(row.term));
      if (strange && (await this.#learnTerms(source))) return 'reset';
      if (this.#deniesWitness(rows)) {
        if (await this.#confirm(source)) return 'reset';
        continue;
      }
      this.#handOn(this.#sequence.take(rows));
      if (this.position > before) {
        this.#page = Math.min(PAGE, this.#page * 2);
        found = true;
        vain = 0;
      } else if (++vain <= PATIENT_READS) {
        await this.#options.pause();
      } else {
        if (await this.#confirm(source)) return 'reset';
        vain = 0;
      }
    }
    return found ? 'rows' : 'nothing';
  }

  /** Whether the first row read is the last one handed on, unchanged; or that one is gone because of its age. */
  async #overlaps(
    source: LogReads<R>,
    first: R | undefined,
    id: number,
    mark: string | undefined,
  ): Promise<boolean> {
    if (first?.id === id) return mark === undefined || this.#options.markOf(first) === mark;
    return mark === undefined || id < (await source.prunedBelow());
  }

  async #isUnchanged(source: LogReads<R>): Promise<boolean> {
    const { last } = this.#remembered;
    if (!last) return true;
    const [row] = await source.range(last.lastId, last.lastId, 1);
    return this.#overlaps(source, row, last.lastId, last.mark);
  }

  /** Reads the terms after the present one changed. Returns whether the position was reset. */
  async #learnTerms(source: LogSource<R>): Promise<boolean> {
    const before = this.position;
    const terms = new Terms(await source.terms());
    const first = terms.firstSince(this.#terms);
    const { term } = await source.head();
    // A term that begins at or below the position overrules cursors that this process gave out.
    const above = first === undefined || first > before;
    const whole = terms.lostSince(this.#terms) === undefined;
    if (terms.present?.word !== term || !whole || !above || !(await this.#isUnchanged(source)))
      return this.#confirm(source);
    if (first === undefined || first > this.position) this.#terms = terms;
    return false;
  }

  /** Compares behind the head's lock. Returns whether the position was reset. */
  async #confirm(source: LogSource<R>, { starting = false } = {}): Promise<boolean> {
    this.#trusted = false;
    this.#suspicious = false;
    const from = this.position;
    const found = await source.locked((log) => this.#compare(log, starting));
    if (this.#closed) return true;
    const first = found.terms.firstSince(this.#terms);
    const overruled = first !== undefined && first <= from;
    this.#server = found.state.server;
    if (found.reason === undefined && !overruled) {
      this.#terms = found.terms;
      this.#target = Math.max(Math.min(this.#target, found.head), this.position);
      this.#trusted = true;
      return false;
    }
    this.#terms = found.terms;
    this.#deliveredUnder = found.terms;
    this.#sequence.reset(found.head);
    this.#target = found.head;
    this.#witness = undefined;
    this.#remembered.clear();
    for (const [id, mark] of found.newest) this.#remembered.add(id, mark);
    if (!starting) this.#options.onReset({ reason: found.reason ?? 'epoch-changed', from, to: found.head });
    return true;
  }

  /** Behind the head's lock: finds what differs, and writes what has to be written. */
  async #compare(log: LockedLog<R>, starting: boolean) {
    const state = await log.head();
    const stored = new Terms(await log.terms());
    const lastRow = await log.lastRow();
    const pruned = await log.prunedBelow();
    const lookUp = (ids: readonly number[]) => log.marks(ids);
    let differsFrom = await findDivergence(this.#remembered.runs, lookUp, pruned);
    const witness = this.#witness;
    // What is above the position may have been committed in another log than what was delivered: it proves nothing below.
    if (
      differsFrom === undefined &&
      witness &&
      (await findDivergence([witness], lookUp, pruned)) !== undefined
    )
      differsFrom = this.position + 1;
    // Nothing is remembered, and yet the log ends below the position.
    if (this.position > Math.max(state.head, lastRow)) differsFrom ??= 1;
    let reason: LogFault['reason'] | undefined;
    if (differsFrom !== undefined) reason = state.head < this.position ? 'regressed' : 'replaced';
    const next = this.position + 1;
    if (differsFrom === undefined && next <= state.head && (await log.marks([next])).size === 0) {
      if (next < pruned) reason = 'fell-behind';
      else [differsFrom, reason] = [next, 'hole'];
    }
    const plan = planTerm({
      head: state.head,
      lastRow,
      word: state.term,
      terms: stored,
      // What others began after the last row was delivered has its own cursors beyond a hole.
      known: reason === 'hole' ? this.#deliveredUnder : this.#terms,
      differsFrom,
      // What was read at the start proves nothing of what other processes gave out.
      verified: this.#remembered.last && !starting ? this.position : undefined,
    });
    const head = plan.head ?? state.head;
    if (plan.head !== undefined) await log.moveHead(plan.head);
    let terms = stored;
    if (plan.begin) {
      const word = plan.begin.word === 'new' ? newTermWord() : state.term;
      const term: Term = { number: (stored.present?.number ?? 0) + 1, word, firstId: plan.begin.firstId };
      await log.beginTerm(term);
      terms = stored.with(term);
      if (plan.begin.word === 'as-stored') reason ??= 'epoch-changed';
    }
    const newest = await newestMarks(log, head);
    return { state, head, terms, reason, newest };
  }

  async #rememberNewest(source: LogReads<R>, head: number): Promise<void> {
    this.#remembered.clear();
    for (const [id, mark] of await newestMarks(source, head)) this.#remembered.add(id, mark);
  }

  /** What this process knows of the highest position that it knows. */
  #newestKnown(): { readonly lastId: number; readonly mark: string } | undefined {
    return this.#witness ?? this.#remembered.last;
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

  /** Whether another append than the one that was seen there wrote these rows. */
  #deniesWitness(rows: readonly R[]): boolean {
    const witness = this.#witness;
    const row = witness && rows.find(({ id }) => id === witness.lastId);
    if (!row || this.#options.markOf(row) === witness.mark) return false;
    this.#suspicious = true;
    this.#trusted = false;
    return true;
  }

  #handOn(ready: R[]): void {
    if (this.#closed || ready.length === 0) return;
    for (const row of ready) this.#remembered.add(row.id, this.#options.markOf(row));
    if (this.#witness && this.#witness.lastId <= this.position) this.#witness = undefined;
    this.#deliveredUnder = this.#terms;
    this.#options.onRows(ready);
  }
}

/** Whether a head that was read denies what is known to have been committed. */
function contradicts(state: HeadState, known: { readonly lastId: number; readonly mark: string }): boolean {
  if (state.head < known.lastId) return true;
  return (
    state.head === known.lastId && state.tag !== null && /^\w/.test(known.mark) && state.tag !== known.mark
  );
}

/** The marks of the newest rows without a gap, ascending. */
async function newestMarks<R extends TrackedRow>(
  log: LogReads<R>,
  head: number,
): Promise<[number, string][]> {
  const length = Math.min(head, REMEMBERED_AT_START);
  const marks = await log.marks(Array.from({ length }, (_, index) => head - length + 1 + index));
  const newest: [number, string][] = [];
  for (let id = head; marks.has(id); id--) newest.push([id, marks.get(id) as string]);
  return newest.reverse();
}
