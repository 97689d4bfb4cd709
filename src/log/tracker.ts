import { VERIFIED_WITHIN_MS } from './append-terms.ts';
import { compareLog, contradicts, type LogFault, newestMarks } from './comparison.ts';
import { KnownLog, type KnownLogOptions } from './known-log.ts';
import type { AppendProof, HeadState, LogReads, LogSource, TrackedRow } from './source.ts';
import { Terms } from './terms.ts';

/** The connection speaks to another server than before: every dedicated connection has to be opened anew. */
export class ServerChanged extends Error {
  constructor() {
    super('the connection speaks to another database server than before');
  }
}

export interface TrackerOptions<R extends TrackedRow> extends KnownLogOptions<R> {
  readonly onReset: (fault: LogFault) => void;
  /** Waits before a gap is read again. */
  readonly pause: () => Promise<unknown>;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

const PAGE = 1_000;
/** After a failure: rows may be so large that a whole page takes longer than a statement may. */
const SMALL_PAGE = 20;
/** How often a gap is read again before the head is read with a lock. */
const PATIENT_READS = 4;

/**
 * Keeps a `KnownLog` up to date: polls a source, reads what is missing, and proves with every step that the log is still
 * the one that it followed. What contradicts that is confirmed or dismissed behind the head's lock, since reads may be torn.
 */
export class Tracker<R extends TrackedRow> {
  readonly #options: TrackerOptions<R>;
  readonly #known: KnownLog<R>;
  #page = PAGE;
  #verifiedAt = Number.NEGATIVE_INFINITY;

  constructor(options: TrackerOptions<R>) {
    this.#options = options;
    this.#known = new KnownLog<R>(options);
  }

  /** Everything up to here was handed on. */
  get position(): number {
    return this.#known.position;
  }

  /** The highest position known to exist. */
  get target(): number {
    return this.#known.target;
  }

  get terms(): Terms {
    return this.#known.terms;
  }

  /** The highest position that this process committed or saw committed in the log that it follows. */
  get known(): number {
    return this.#known.committed;
  }

  get server(): string | undefined {
    return this.#known.server;
  }

  /** The position at which this process began without a row there: that of a head whose rows are lost. */
  get emptyAt(): number | undefined {
    return this.#known.emptyAt;
  }

  /** When the last poll was sent that found the log to be the one that is followed. */
  get verifiedAt(): number {
    return this.#verifiedAt;
  }

  /** Finds the head and begins there. */
  async start(source: LogSource<R>): Promise<void> {
    let { state, terms } = await this.#begin(source);
    // The row at the head is never pruned. Where it is not seen, the log changed in between, or the reads were torn.
    for (let again = 0; again < PATIENT_READS && state.head > 0 && !this.#known.last; again++) {
      await this.#options.pause();
      ({ state, terms } = await this.#begin(source));
    }
    if (!(await this.#isWhole(source, state, terms))) await this.#confirm(source, { starting: true });
    this.#known.trust();
    this.#verifiedAt = this.#options.now();
  }

  /** Whether head, rows and terms fit each other. A head or rows that were restored alone do not. */
  async #isWhole(source: LogReads<R>, state: HeadState, terms: Terms): Promise<boolean> {
    if (terms.present?.word !== state.term || state.foreignTag) return false;
    if ((await source.marks([state.head + 1])).size > 0) return false;
    if (state.head === 0 || this.#known.last !== undefined) return true;
    // A comparison has mended it already, and no more rows are gone since: on a read-only server it could not be repeated.
    return state.mended && terms.beginsAt((await source.lastRow()) + 1);
  }

  async #begin(source: LogReads<R>): Promise<{ state: HeadState; terms: Terms }> {
    const state = await source.head();
    const terms = new Terms(await source.terms());
    const { head, server } = state;
    this.#known.begin({ head, terms, server });
    this.#known.remember(await newestMarks(source, head));
    return { state, terms };
  }

  /** A new connection may lead to another log: nothing is taken from own commits until it has been compared. */
  distrust(): void {
    this.#known.distrust();
  }

  /** Nothing is handed on any more. */
  close(): void {
    this.#known.close();
  }

  /** A read failed; rows may be so large that a whole page takes too long. */
  readLess(): void {
    this.#page = SMALL_PAGE;
  }

  /** Takes a hint that the head is at `head`. Returns whether that is new. */
  hint(head: number): boolean {
    return this.#known.hint(head);
  }

  /** Takes rows that this process committed, as `KnownLog.offer`. */
  offer(rows: readonly R[], proof?: AppendProof): 'done' | 'read' | 'reconnect' {
    return this.#known.offer(rows, proof);
  }

  /** Takes rows that another process committed, as `KnownLog.receive`. Without a recent read they prove nothing. */
  receive(rows: readonly R[], proof: AppendProof): 'done' | 'wait' | 'read' {
    if (this.#options.now() - this.#verifiedAt > VERIFIED_WITHIN_MS) return 'read';
    return this.#known.receive(rows, proof);
  }

  /**
   * Reads the head, and everything up to it. Returns whether others had appended.
   * @throws ServerChanged when the connection leads to another server than the poll before
   */
  async poll(source: LogSource<R>, freshConnection = false): Promise<boolean> {
    const known = this.#known;
    // Own commits move the position while the question is under way: only what was there before it must be seen.
    const before = known.newest ?? { lastId: this.position, mark: '' };
    const sentAt = this.#options.now();
    const state = await source.head();
    if (freshConnection) known.movedTo(state.server);
    else if (state.server !== known.server) throw new ServerChanged();
    if (known.suspicious || state.foreignTag || contradicts(state, before)) return this.#confirm(source);
    if (state.term !== known.terms.present?.word && (await this.#learnTerms(source))) return true;
    if (!known.trusted && !(await this.#isUnchanged(source))) return this.#confirm(source);
    known.trust();
    known.sawHead(state);
    const outcome = await this.#fill(source);
    if (outcome !== 'reset') this.#verifiedAt = sentAt;
    return outcome !== 'nothing';
  }

  /** Compares the log with the remembered rows, behind the head's lock, and mends what is inconsistent in it. */
  verify(source: LogSource<R>): Promise<boolean> {
    return this.#confirm(source);
  }

  /** Reads what is missing up to the target. */
  async #fill(source: LogSource<R>): Promise<'nothing' | 'rows' | 'reset'> {
    const known = this.#known;
    let found = false;
    let vain = 0;
    while (this.position < known.target && !known.closed) {
      const before = this.position;
      const mark = known.last?.mark;
      const rows = await source.range(before, known.readThrough, this.#page);
      if (before > 0 && !(await this.#overlaps(source, rows[0], before, mark))) {
        if (await this.#confirm(source)) return 'reset';
        continue;
      }
      const strange = rows.some((row) => row.id > before && row.term !== null && !known.terms.has(row.term));
      if (strange && (await this.#learnTerms(source))) return 'reset';
      if (known.deniesWitness(rows) || known.deniesLast(rows)) {
        if (await this.#confirm(source)) return 'reset';
        continue;
      }
      known.take(rows);
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
    const { last } = this.#known;
    if (!last) return true;
    const [row] = await source.range(last.lastId, last.lastId, 1);
    return this.#overlaps(source, row, last.lastId, last.mark);
  }

  /** Reads the terms after the present one changed. Returns whether the position was reset. */
  async #learnTerms(source: LogSource<R>): Promise<boolean> {
    const known = this.#known;
    const before = known.terms;
    const terms = new Terms(await source.terms());
    const { term } = await source.head();
    const isUnchanged = await this.#isUnchanged(source);
    // An own append began a term meanwhile: it may be missing in what was read, and others may have begun more after it.
    if (known.terms !== before) return this.#learnTerms(source);
    const first = terms.firstSince(known.terms);
    // A term that begins at or below the position overrules cursors that this process gave out.
    const isAbove = first === undefined || first > this.position;
    const isWhole = terms.lostSince(known.terms) === undefined;
    if (terms.present?.word !== term || !isWhole || !isAbove || !isUnchanged) return this.#confirm(source);
    known.learnTerms(terms);
    return false;
  }

  /** Compares behind the head's lock. Returns whether the position was reset. */
  async #confirm(source: LogSource<R>, { starting = false } = {}): Promise<boolean> {
    const known = this.#known;
    known.doubt();
    const from = this.position;
    const found = await source.locked((log) => compareLog(log, known, starting));
    if (known.closed) return true;
    const { head, terms, reason, newest } = found;
    const first = terms.firstSince(known.terms);
    const overruled = first !== undefined && first <= from;
    const compared = { head, terms, server: found.state.server };
    if (reason === undefined && !overruled && !starting) {
      known.confirm(compared);
      return false;
    }
    known.reset(compared, newest);
    if (!starting) this.#options.onReset({ reason: reason ?? 'epoch-changed', from, to: head });
    return true;
  }
}
