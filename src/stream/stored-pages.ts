import { TtlCache } from '../auth/ttl-cache.ts';
import { LiveFrame } from '../channel/live-frame.ts';
import type { KeepClass } from '../db/schema.ts';
import { type Query, readScopeRanges, readScopes, readTails } from '../log/reader.ts';
import type { LogRow } from '../log/row.ts';
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
/** Bounds of the statements that read scopes of players: scopes of one, statements at a time, ms between two. */
const OWN_READS = { maxItems: 100, maxRuns: 2, spacingMs: 10 };
/** Max rows of such a statement, shared by its scopes; each may have a few. */
const MAX_OWN_ROWS = 2_000;

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

/**
 * Max frames per read after a failed read (rows may be so large that a full page exceeds the statement timeout) and for a
 * slow reader, for which pages are read again.
 */
export const SMALL_PAGE = 20;

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

/** Rows of a page as they were read. */
interface RowsRead extends Pick<Range, 'target' | 'limit'> {
  readonly scopes: readonly Scope[];
  readonly rows: readonly LogRow[];
  /** Whether the row at `target` is missing. */
  readonly lacksEnd: boolean;
}

/** Page of a stream's own scope that waits to be read. */
interface OwnRead {
  readonly scope: Scope;
  readonly range: Range;
  readonly isWanted: () => boolean;
}

/**
 * Reads pages of the stored log for replays. Scopes of players are read for each stream, those of many streams by one statement;
 * what a stream requests beside them is read once for all streams that continue from the same position, and its frames are
 * shared.
 */
export class StoredPages {
  readonly #deps: StoredPagesDeps;
  readonly #tails: Batched<undefined, StoredPage['tails']>;
  readonly #own: Batched<OwnRead, ReadonlyMap<OwnRead, StoredPage>>;
  #kept = newCache();

  constructor(deps: StoredPagesDeps) {
    this.#deps = deps;
    this.#tails = new Batched(() => readTails(deps.query), {
      maxItems: Number.POSITIVE_INFINITY,
      maxRuns: 2,
    });
    this.#own = new Batched((reads) => deps.semaphore.run(() => this.#loadOwn(reads)), OWN_READS);
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
      const page = await this.#ownPage(own, range, isWanted);
      if (page === undefined) return undefined;
      pages.push(page);
    }
    return pages;
  }

  async #ownPage(
    own: readonly Scope[],
    range: Range,
    isWanted: () => boolean,
  ): Promise<StoredPage | undefined> {
    const [scope] = own;
    // A small page is a second attempt: with others the statement might take too long again.
    if (scope === undefined || own.length > 1 || range.limit <= SMALL_PAGE)
      return this.#deps.semaphore.run(async () => (isWanted() ? this.#load(own, range) : undefined));
    const read = { scope, range, isWanted };
    return (await this.#own.add([read])).get(read);
  }

  async #loadOwn(reads: readonly OwnRead[]): Promise<ReadonlyMap<OwnRead, StoredPage>> {
    const wanted = reads.filter(({ isWanted }) => isWanted());
    if (wanted.length === 0) return new Map();
    const share = Math.max(SMALL_PAGE, Math.floor(MAX_OWN_ROWS / wanted.length));
    const limit = Math.min(share, ...wanted.map(({ range }) => range.limit));
    const terms = this.#deps.terms();
    const ranges = wanted.map(({ scope, range: { after, target } }) => ({ scope, after, through: target }));
    const { pages, server } = await readScopeRanges(this.#deps.query, ranges, limit);
    const read = { server, terms, tails: await this.#checked(server) };
    const loaded = new Map<OwnRead, StoredPage>();
    for (const [index, page] of pages.entries()) {
      const one = wanted[index] as OwnRead;
      const { target } = one.range;
      loaded.set(one, this.#pageOf({ ...page, scopes: [one.scope], target, limit }, read));
    }
    return loaded;
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

  /** Whether a page that was read for another stream is of the same log, and whole, and holds nothing that is to be sent later. */
  #holds({ through, terms, server, lacksEnd }: StoredPage, { target }: Range): boolean {
    return !lacksEnd && through <= target && terms === this.#deps.terms() && this.#isFollowed(server);
  }

  async #load(scopes: readonly Scope[], { after, target, limit }: Range): Promise<StoredPage> {
    // Terms before rows: a term that begins meanwhile does not cover rows that were read earlier.
    const terms = this.#deps.terms();
    const { rows, server, lacksEnd } = await readScopes(this.#deps.query, scopes, after, target, limit);
    const read = { server, terms, tails: await this.#checked(server) };
    return this.#pageOf({ scopes, rows, lacksEnd, target, limit }, read);
  }

  /** The tails, after rows were read from this server. @throws OtherServer */
  async #checked(server: string): Promise<StoredPage['tails']> {
    if (!this.#isFollowed(server)) throw new OtherServer();
    return this.#tails.add([undefined]);
  }

  #pageOf(
    { scopes, rows, lacksEnd, target, limit }: RowsRead,
    read: Pick<StoredPage, 'server' | 'terms' | 'tails'>,
  ): StoredPage {
    const isKept = Object.values(read.tails).every((tail) => tail <= target);
    return {
      ...read,
      scopes,
      frames: rows.map((row) => new LiveFrame(row, read.terms.labelOf(row))),
      through: rows.length === limit ? (rows.at(-1)?.id ?? target) : target,
      words: new Set(rows.flatMap(({ term }) => term ?? [])),
      lacksEnd: lacksEnd && target !== this.#deps.emptyAt?.() && isKept,
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
