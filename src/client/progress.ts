import type { StreamOpen } from '../protocol/control.ts';
import { type Cursor, formatCursor, parseCursor } from '../protocol/cursor.ts';
import type { Scope } from '../protocol/scope.ts';

/** What is kept of it across a reload. */
export interface KeptProgress {
  readonly cursor: string;
  readonly scopes: readonly Scope[];
  readonly floors: readonly (readonly [Scope, number])[];
}

/** What the service says of the cursor that a stream was asked for with. */
export type Beginning = Pick<StreamOpen, 'recovered' | 'lost'> & Partial<Pick<StreamOpen, 'requested'>>;

/** Max terms remembered. */
const MAX_TERMS = 16;

/**
 * How far a reader is in the log, so that it hands nothing on twice. A stream moves its position; a scope that another
 * stream was ahead with, before this one took over from it, has a floor above the position: what lies at or below it was
 * handed on already. So has a scope that was let go, should it be taken up again.
 */
export class Progress {
  #position: number | undefined;
  /** The last cursor, as it was sent. */
  #cursor: string | undefined;
  #scopes: readonly Scope[] = [];
  #floors = new Map<Scope, number>();
  /** Words of the terms that cursors have carried, the newest last. */
  #terms: readonly string[] = [];
  /** A position of ours above the stream's beginning, which another tab's cursor did not prove. */
  #unproven: number | undefined;

  /** Where a stream resumes that shall miss nothing of any scope; `undefined` before the first one. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /**
   * A stream on these scopes has begun: it sends everything after `cursor`. Returns whether what was handed on before may
   * not be in the log any more, although the service has not said so: it judged the cursor of another tab.
   */
  begin(scopes: readonly Scope[], cursor: string, open: Beginning = { recovered: true }): boolean {
    const from = parseCursor(cursor);
    if (!from) return false;
    const [position, asked] = [this.#position, open.requested === this.#cursor];
    const isAhead = position !== undefined && position > from.id && !asked;
    const foreign = open.recovered && isAhead && !this.#hasSeen(from);
    if (position !== undefined) for (const scope of this.#scopes) this.#raise(scope, position);
    if (foreign) this.#floors.clear();
    else if (!open.recovered) this.#lower(open.lost?.after ?? 0);
    this.#unproven = open.recovered && isAhead && !foreign ? position : undefined;
    this.#scopes = scopes;
    this.#position = from.id;
    this.#cursor = cursor;
    this.#see(from);
    this.#forget();
    return foreign;
  }

  /**
   * A frame carries this cursor. Returns whether what was handed on before may not be in the log any more: a term that
   * was never seen covers positions that the reader had passed, or may do so.
   */
  contradicts(text: string): boolean {
    const cursor = parseCursor(text);
    if (!cursor || this.#unproven === undefined) return false;
    const foreign = !this.#hasSeen(cursor);
    if (foreign) this.#floors.clear();
    if (foreign || cursor.id >= this.#unproven) this.#unproven = undefined;
    return foreign;
  }

  /** A notification has come. Whether it is new. */
  take(scope: Scope, id: number, cursor = this.#cursorAt(id)): boolean {
    if (this.#position !== undefined && id <= this.#position) return false;
    const floor = this.#floors.get(scope) ?? 0;
    this.move(id, cursor);
    return id > floor;
  }

  /** Nothing at or below this position is still to come on this stream. */
  move(id: number, cursor = this.#cursorAt(id)): void {
    if (this.#position !== undefined && id <= this.#position) return;
    this.#position = id;
    this.#cursor = cursor;
    this.#see(parseCursor(cursor));
    this.#forget();
  }

  keep(): KeptProgress | undefined {
    const { cursor } = this;
    return cursor === undefined ? undefined : { cursor, scopes: this.#scopes, floors: [...this.#floors] };
  }

  /** @throws TypeError when what was kept is nothing of the kind; then nothing of it is taken */
  restore(kept: KeptProgress): void {
    const cursor = parseCursor(kept.cursor);
    const floors = new Map(kept.floors);
    const scopes = [...kept.scopes];
    if (!cursor) return;
    this.#position = cursor.id;
    this.#cursor = kept.cursor;
    this.#see(cursor);
    this.#scopes = scopes;
    this.#floors = floors;
  }

  /** The cursor of a position that came without one: in the term of the last. */
  #cursorAt(id: number): string {
    const term = this.#terms.at(-1);
    return term === undefined ? `${id}` : formatCursor(id, term);
  }

  #hasSeen({ term }: Cursor): boolean {
    return term === undefined || this.#terms.includes(term);
  }

  #see(cursor: Cursor | undefined): void {
    const term = cursor?.term;
    if (term === undefined || term === this.#terms.at(-1)) return;
    this.#terms = [...this.#terms.filter((seen) => seen !== term), term].slice(-MAX_TERMS);
  }

  /** What was handed on above `after` is not in the log any more. */
  #lower(after: number): void {
    for (const [scope, floor] of this.#floors)
      if (after <= 0) this.#floors.delete(scope);
      else this.#floors.set(scope, Math.min(floor, after));
  }

  #raise(scope: Scope, position: number): void {
    this.#floors.set(scope, Math.max(position, this.#floors.get(scope) ?? 0));
  }

  /** Those of scopes that were let go stay: a stream for several tabs may begin below where this one stood. */
  #forget(): void {
    for (const scope of this.#scopes)
      if ((this.#floors.get(scope) ?? Number.POSITIVE_INFINITY) <= (this.#position ?? 0))
        this.#floors.delete(scope);
  }
}
