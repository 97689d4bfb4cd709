import { type Cursor, formatCursor, parseCursor } from '../protocol/cursor.ts';
import type { Scope } from '../protocol/scope.ts';

/** What is kept of it across a reload. */
export interface KeptProgress {
  readonly cursor: string;
  readonly scopes: readonly Scope[];
  readonly floors: readonly (readonly [Scope, number])[];
}

/**
 * How far a reader is in the log, so that it hands nothing on twice. A stream moves its position; a scope that another
 * stream was ahead with, before this one took over from it, has a floor above the position: what lies at or below it was
 * handed on already. So has a scope that was let go, should it be taken up again.
 */
export class Progress {
  #position: number | undefined;
  #epoch: string | undefined;
  #scopes: readonly Scope[] = [];
  #floors = new Map<Scope, number>();

  /** Where a stream resumes that shall miss nothing of any scope; `undefined` before the first one. */
  get cursor(): string | undefined {
    if (this.#position === undefined) return undefined;
    return this.#epoch === undefined ? `${this.#position}` : formatCursor(this.#position, this.#epoch);
  }

  /** A stream on these scopes has begun: it sends everything after `cursor`. */
  begin(scopes: readonly Scope[], cursor: string): void {
    const from = parseCursor(cursor);
    if (!from) return;
    if (this.#position !== undefined && !this.isForeign(from))
      for (const scope of this.#scopes) this.#raise(scope, this.#position);
    else this.#floors.clear();
    this.#scopes = scopes;
    this.#epoch = from.epoch ?? this.#epoch;
    this.#position = from.id;
    this.#forget();
  }

  /** A cursor of another life of the log: its positions mean something else. */
  isForeign(cursor: Cursor): boolean {
    return cursor.epoch !== undefined && this.#epoch !== undefined && cursor.epoch !== this.#epoch;
  }

  /** A notification has come. Whether it is new. */
  take(scope: Scope, id: number): boolean {
    if (this.#position !== undefined && id <= this.#position) return false;
    const floor = this.#floors.get(scope) ?? 0;
    this.move(id);
    return id > floor;
  }

  /** Nothing at or below this position is still to come on this stream. */
  move(id: number): void {
    if (this.#position !== undefined && id <= this.#position) return;
    this.#position = id;
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
    this.#epoch = cursor.epoch;
    this.#scopes = scopes;
    this.#floors = floors;
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
