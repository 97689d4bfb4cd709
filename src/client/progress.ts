import type { StreamOpen } from '../protocol/control.ts';
import { type Cursor, formatCursor, parseCursor } from '../protocol/cursor.ts';
import type { Scope } from '../protocol/scope.ts';

/** Serialized progress, kept across a reload. */
export interface KeptProgress {
  readonly cursor: string;
  readonly scopes: readonly Scope[];
  readonly floors: readonly (readonly [Scope, number])[];
}

/** The service's answer about the cursor that a stream was requested with. */
export type ResumeResult = Pick<StreamOpen, 'recovered' | 'lost'> & Partial<Pick<StreamOpen, 'requested'>>;

/** Max terms kept. */
const MAX_TERMS = 16;

/**
 * Position of a reader in the log, for delivery without duplicates. A stream advances the position. A scope in which the
 * previous stream was ahead has a floor above the position: events at or below the floor were delivered already. A scope
 * that was released keeps its floor, in case it is requested again.
 */
export class Progress {
  #position: number | undefined;
  /** The last cursor as received. */
  #cursor: string | undefined;
  #scopes: readonly Scope[] = [];
  #floors = new Map<Scope, number>();
  /** Terms of the received cursors, the newest last. */
  #terms: readonly string[] = [];
  /** Own position beyond the stream's beginning, when the service checked another tab's cursor instead of ours. */
  #unproven: number | undefined;

  /** Cursor to resume at without missing an event of any scope; `undefined` before the first stream. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /**
   * Records the begin of a stream on these scopes, which sends all events after `cursor`. Returns whether delivered events
   * may have left the log unreported, because the service checked another tab's cursor.
   */
  begin(scopes: readonly Scope[], cursor: string, open: ResumeResult = { recovered: true }): boolean {
    const from = parseCursor(cursor);
    if (!from) return false;
    const [position, asked] = [this.#position, open.requested === this.#cursor];
    const isAhead = position !== undefined && position > from.id && !asked;
    const foreign = open.recovered && isAhead && !this.#hasTerm(from);
    if (position !== undefined) for (const scope of this.#scopes) this.#raiseFloor(scope, position);
    if (foreign) this.#floors.clear();
    else if (!open.recovered) this.#lowerFloors(open.lost?.after ?? 0);
    this.#unproven = open.recovered && isAhead && !foreign ? position : undefined;
    this.#scopes = scopes;
    this.#position = from.id;
    this.#cursor = cursor;
    this.#addTerm(from);
    this.#dropFloors();
    return foreign;
  }

  /**
   * Checks the cursor of a frame. Returns whether delivered events may have left the log: an unknown term covers, or may
   * cover, positions that the reader had passed.
   */
  contradicts(text: string): boolean {
    const cursor = parseCursor(text);
    if (!cursor || this.#unproven === undefined) return false;
    const foreign = !this.#hasTerm(cursor);
    if (foreign) this.#floors.clear();
    if (foreign || cursor.id >= this.#unproven) this.#unproven = undefined;
    return foreign;
  }

  /** Advances to a received notification. Returns whether it is new. */
  take(scope: Scope, id: number, cursor = this.#cursorAt(id)): boolean {
    if (this.#position !== undefined && id <= this.#position) return false;
    const floor = this.#floors.get(scope) ?? 0;
    this.move(id, cursor);
    return id > floor;
  }

  /** Advances the position: the stream sends nothing at or below it any more. */
  move(id: number, cursor = this.#cursorAt(id)): void {
    if (this.#position !== undefined && id <= this.#position) return;
    this.#position = id;
    this.#cursor = cursor;
    this.#addTerm(parseCursor(cursor));
    this.#dropFloors();
  }

  keep(): KeptProgress | undefined {
    const { cursor } = this;
    return cursor === undefined ? undefined : { cursor, scopes: this.#scopes, floors: [...this.#floors] };
  }

  /** @throws TypeError when the stored value is malformed; the progress is then unchanged */
  restore(kept: KeptProgress): void {
    const cursor = parseCursor(kept.cursor);
    const floors = new Map(kept.floors);
    const scopes = [...kept.scopes];
    if (!cursor) return;
    this.#position = cursor.id;
    this.#cursor = kept.cursor;
    this.#addTerm(cursor);
    this.#scopes = scopes;
    this.#floors = floors;
  }

  /** Cursor of a position that was sent without one: with the latest term. */
  #cursorAt(id: number): string {
    const term = this.#terms.at(-1);
    return term === undefined ? `${id}` : formatCursor(id, term);
  }

  #hasTerm({ term }: Cursor): boolean {
    return term === undefined || this.#terms.includes(term);
  }

  #addTerm(cursor: Cursor | undefined): void {
    const term = cursor?.term;
    if (term === undefined || term === this.#terms.at(-1)) return;
    this.#terms = [...this.#terms.filter((known) => known !== term), term].slice(-MAX_TERMS);
  }

  /** Lowers the floors to `after`: delivered events above it have left the log. */
  #lowerFloors(after: number): void {
    for (const [scope, floor] of this.#floors)
      if (after <= 0) this.#floors.delete(scope);
      else this.#floors.set(scope, Math.min(floor, after));
  }

  #raiseFloor(scope: Scope, position: number): void {
    this.#floors.set(scope, Math.max(position, this.#floors.get(scope) ?? 0));
  }

  /** Drops floors at or below the position. Floors of released scopes stay: a shared stream may begin below them. */
  #dropFloors(): void {
    for (const scope of this.#scopes)
      if ((this.#floors.get(scope) ?? Number.POSITIVE_INFINITY) <= (this.#position ?? 0))
        this.#floors.delete(scope);
  }
}
