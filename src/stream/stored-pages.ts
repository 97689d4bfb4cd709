import { TtlCache } from '../auth/ttl-cache.ts';
import { LiveFrame } from '../channel/live-frame.ts';
import type { KeepClass } from '../db/schema.ts';
import { type Query, readScopes, readTails } from '../log/reader.ts';
import type { Terms } from '../log/terms.ts';
import { type Scope, scopeKind } from '../protocol/scope.ts';
import { Batched } from '../util/batched.ts';
import type { Semaphore } from '../util/semaphore.ts';

/** Time for which a page of shared scopes is kept for the streams of a crowd that returns, ms. */
const KEEP_MS = 2_000;
/** Max pages that are kept. */
const MAX_KEPT = 32;
/** Max weight of a page that is kept. */
const MAX_KEPT_WEIGHT = 1_048_576;

export interface StoredPagesDeps {
  readonly query: Query;
  /** Bounds the reads at a time, so that a reconnecting crowd leaves connections free. */
  readonly semaphore: Semaphore;
  /** The terms of the log, as far as this process has delivered it. */
  readonly terms: () => Terms;
  /** The server whose log this process follows; rows of another one are not sent. */
  readonly server?: () => string | undefined;
  /** The position at which this process began without a row there. */
  readonly emptyAt?: () => number | undefined;
}

/** All frames of some scopes from a position up to and including `through`, and the log's state as they were read. */
export interface StoredPage {
  readonly scopes: readonly Scope[];
  readonly frames: readonly LiveFrame[];
  readonly through: number;
  /** Terms that the rows name. */
  readonly words: ReadonlySet<string>;
  /** Read after the rows: a deletion between the two reads shows in them. */
  readonly tails: Readonly<Record<KeepClass, number>>;
  readonly server: string;
  readonly terms: Terms;
  /** Whether the row at the position that was read up to is lost: neither deleted for its age, nor lost before this process began. */
  readonly lacksEnd: boolean;
}

interface Range {
  readonly after: number;
  readonly target: number;
  /** Max frames. */
  readonly limit: number;
}

/** A pooled connection that was opened before a failover still answers, from the server that was left. */
class OtherServer extends Error {
  constructor() {
    super('a pooled connection leads to another database server than the log that is followed');
  }
}

/**
 * Reads pages of the stored log for replays. Scopes of players are read for each stream; what a stream requests beside
 * them is read once for all streams that continue from the same position, and its frames are shared.
 */
export class StoredPages {
  readonly #deps: StoredPagesDeps;
  readonly #tails: Batched<undefined, StoredPage['tails']>;
  #kept = newCache();

  constructor(deps: StoredPagesDeps) {
    this.#deps = deps;
    this.#tails = new Batched(() => readTails(deps.query), {
      maxItems: Number.POSITIVE_INFINITY,
      maxRuns: 2,
    });
  }

  /**
   * Reads the pages that together hold the frames of `scopes` from `after` on, as far as each reaches.
   * @param isWanted whether to read when the turn comes: the stream may have been closed while it waited
   * @returns undefined where it is not wanted any more
   * @throws errors of the database
   */
  async read(
    scopes: readonly Scope[],
    range: Range,
    isWanted: () => boolean,
  ): Promise<readonly StoredPage[] | undefined> {
    const own = scopes.filter((scope) => scopeKind(scope) === 'player');
    const shared = scopes.filter((scope) => scopeKind(scope) !== 'player');
    const pages: StoredPage[] = [];
    if (shared.length > 0) pages.push(await this.#shared(shared, range));
    if (own.length > 0) {
      const page = await this.#deps.semaphore.run(async () =>
        isWanted() ? this.#load(own, range) : undefined,
      );
      if (page === undefined) return undefined;
      pages.push(page);
    }
    return pages;
  }

  /** Forgets what was read: the log was reset. */
  clear(): void {
    this.#kept = newCache();
  }

  async #shared(scopes: readonly Scope[], range: Range): Promise<StoredPage> {
    const kept = this.#kept;
    const key = `${range.after}/${range.limit}/${scopes.join()}`;
    for (let known = kept.get(key); known !== undefined; known = kept.get(key)) {
      const page = await known;
      if (this.#holds(page, range)) return page;
      kept.delete(key, known);
    }
    const loading = this.#deps.semaphore.run(() => this.#load(scopes, range));
    kept.set(key, loading);
    const forget = () => kept.delete(key, loading);
    loading.then((page) => {
      if (page.frames.reduce((sum, { weight }) => sum + weight, 0) > MAX_KEPT_WEIGHT) forget();
    }, forget);
    return loading;
  }

  /** Whether a page that was read for another stream is of the same log, and holds nothing that is to be sent later. */
  #holds({ through, terms, server }: StoredPage, { target }: Range): boolean {
    return through <= target && terms === this.#deps.terms() && this.#isFollowed(server);
  }

  async #load(scopes: readonly Scope[], { after, target, limit }: Range): Promise<StoredPage> {
    // Terms before rows: a term that begins meanwhile does not cover rows that were read earlier.
    const terms = this.#deps.terms();
    const { rows, server, lacksEnd } = await readScopes(this.#deps.query, scopes, after, target, limit);
    if (!this.#isFollowed(server)) throw new OtherServer();
    const tails = await this.#tails.add([undefined]);
    return {
      scopes,
      frames: rows.map((row) => new LiveFrame(row, terms.labelOf(row))),
      through: rows.length === limit ? (rows.at(-1)?.id ?? target) : target,
      words: new Set(rows.flatMap(({ term }) => term ?? [])),
      tails,
      server,
      terms,
      lacksEnd:
        lacksEnd && target !== this.#deps.emptyAt?.() && Object.values(tails).every((tail) => tail <= target),
    };
  }

  #isFollowed(server: string): boolean {
    const followed = this.#deps.server?.();
    return followed === undefined || followed === server;
  }
}

function newCache(): TtlCache<string, Promise<StoredPage>> {
  return new TtlCache({ ttlMs: KEEP_MS, capacity: MAX_KEPT });
}
