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
  /** A monotonic time, ms. */
  readonly now?: () => number;
}

/**
 * Cuts the streams of peers that vanished without closing their connection. Writes to such a peer succeed for about
 * 15 minutes, while the kernel retransmits what is not acknowledged; its tables show that. One read finds all of them, and
 * costs nothing per stream while no peer is silent.
 */
export class VanishedPeers {
  readonly #options: VanishedPeersOptions;
  readonly #now: () => number;
  #silent = new Map<string, { readonly count: number; readonly since: number }>();

  constructor(options: VanishedPeersOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Cuts the streams whose peer has acknowledged nothing for `maxMs`, and returns their number. */
  async check(): Promise<number> {
    const found = (await (this.#options.read ?? readRetransmissions)()) ?? [];
    const now = this.#now();
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
