import { readRetransmittedSegments } from './tcp-counters.ts';
import { type Retransmission, readRetransmissions } from './tcp-table.ts';

/** Stream over a connection whose ends are known. */
interface Connected {
  /** Both ends of its connection, as `endpointsOf` spells them; undefined: not known. */
  readonly endpoints: string | undefined;
  /** Cuts the connection, as if the peer had left. */
  cut(): void;
}

export interface VanishedPeersOptions {
  readonly streams: Iterable<Connected>;
  /** Time for which a peer may acknowledge nothing, ms. */
  readonly maxMs: number;
  /** Default: the kernel's tables. */
  readonly read?: () => Promise<readonly Retransmission[] | undefined>;
  /** Reads the count of segments that this machine has retransmitted; undefined: not known. Default: the kernel's. */
  readonly readSegments?: () => number | undefined;
  /** A monotonic time, ms. */
  readonly now?: () => number;
}

/**
 * Max time between two reads of the tables, ms. Where the route to a peer is lost, the kernel counts an attempt for the
 * connection, and no segment.
 */
const FULL_READ_MS = 60_000;

/**
 * Cuts the streams of peers that vanished without closing their connection. Writes to such a peer succeed for about
 * 15 minutes, while the kernel retransmits what is not acknowledged; its tables show that. One read finds all of them. It has
 * a line for each connection, so the tables are read only if any segment was retransmitted since.
 */
export class VanishedPeers {
  readonly #options: VanishedPeersOptions;
  readonly #now: () => number;
  #silent = new Map<string, { readonly count: number; readonly since: number }>();
  /** Count of retransmitted segments before the last read of the tables. */
  #segments: number | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: VanishedPeersOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Cuts the streams whose peer has acknowledged nothing for `maxMs`, and returns their number. */
  async check(): Promise<number> {
    // Before the tables: what is retransmitted while they are read is left to the next check.
    const segments = (this.#options.readSegments ?? readRetransmittedSegments)();
    const unchanged = segments !== undefined && segments === this.#segments;
    if (unchanged && this.#silent.size === 0 && this.#now() - this.#readAt < FULL_READ_MS) return 0;
    this.#segments = segments;
    const found = (await (this.#options.read ?? readRetransmissions)()) ?? [];
    const now = this.#now();
    this.#readAt = now;
    const before = this.#silent;
    this.#silent = new Map(
      found.map(({ endpoints, count }) => {
        const known = before.get(endpoints);
        // Fewer than before: the peer has acknowledged something in between.
        const since = known !== undefined && known.count <= count ? known.since : now;
        return [endpoints, { count, since }];
      }),
    );
    const gone = new Set(
      [...this.#silent].filter(([, { since }]) => now - since >= this.#options.maxMs).map(([key]) => key),
    );
    if (gone.size === 0) return 0;
    let cut = 0;
    for (const stream of [...this.#options.streams]) {
      if (stream.endpoints === undefined || !gone.has(stream.endpoints)) continue;
      stream.cut();
      cut += 1;
    }
    return cut;
  }
}
