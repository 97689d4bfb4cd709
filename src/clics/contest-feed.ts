import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../db/database.ts';
import type { Audience } from '../leaderboard/stored-leaderboard.ts';
import { type LogHead, type Query, readHead } from '../log/reader.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { ContestFacts } from '../platform/contest-facts.ts';
import { WakeableSleep } from '../util/wakeable-sleep.ts';
import type { Players } from './changed-players.ts';
import { ContestModel, type ContestRead, FEED_AUDIENCES } from './contest-model.ts';
import { ContestTables } from './contest-tables.ts';
import { FeedHistory } from './feed-history.ts';
import { type FeedSnapshot, FeedSnapshots, type SnapshotForm } from './feed-snapshots.ts';
import { feedTokenOf } from './feed-token.ts';
import type { FeedChange, FeedView } from './feed-view.ts';

export interface ContestFeedOptions {
  readonly database: Pick<Database, 'query' | 'execute' | 'transaction'>;
  readonly clock: PlatformClock;
  /** Cursor of the newest frame that was delivered to streams of this node. */
  readonly cursor: () => string;
  /** Min time between two reads for changes that events report, ms. */
  readonly intervalMs: number;
  /** Time between two polls for changes that nothing reported, ms. */
  readonly checkMs: number;
  readonly onError: (error: unknown) => void;
}

/** Min ratio of the time between two polls to the duration of a poll, unless that exceeds `MAX_REST_MS`. */
const POLL_RATIO = 20;
/** Max time between two polls, ms, where `checkMs` is no longer. */
const MAX_REST_MS = 5_000;
/** Delay after a failed read, ms. */
const RETRY_MS = 500;

/**
 * One contest in the shapes of the CLICS Contest API, as this node has read it: shared by all feeds and requests. It reads the
 * platform's tables when events of the log report a change, and polls them for what nothing reported while it has readers.
 */
export class ContestFeed {
  readonly contestId: number;
  readonly #options: ContestFeedOptions;
  readonly #model = new ContestModel();
  #histories: Readonly<Record<Audience, FeedHistory>> | undefined;
  #facts: ContestFacts | undefined;
  /** Players whose submissions may have changed since they were read. */
  #dirty: Players = 'all';
  /** Cursor from before the last poll. What is read by events alone is no reason for a newer one: it may lack other changes. */
  #cursor = '';
  #head = 0;
  #term = '';
  /** The read that is under way, and the one that follows it. */
  #running: Promise<boolean> | undefined;
  #following: Promise<boolean> | undefined;
  readonly #readers = new Set<() => void>();
  readonly #pause = new WakeableSleep();
  readonly #snapshots = new FeedSnapshots();
  readonly #tables: ContestTables;
  #looping = false;
  #pollRequested = false;
  /** Whether an event reports what the loop's next poll finds. */
  #pollReported = false;
  #reported = false;
  #closed = false;
  usedAt = performance.now();

  constructor(options: ContestFeedOptions, contestId: number) {
    this.#options = options;
    this.contestId = contestId;
    this.#tables = new ContestTables(options, contestId);
  }

  get readers(): number {
    return this.#readers.size;
  }

  view(audience: Audience): FeedView {
    return this.#model.views[audience];
  }

  /** Recent changes. Only after `refresh`. */
  history(audience: Audience): FeedHistory {
    return (this.#histories as Readonly<Record<Audience, FeedHistory>>)[audience];
  }

  /** Whether it has no readers, and reads nothing. */
  get isIdle(): boolean {
    return this.#readers.size === 0 && !this.#running;
  }

  /** Number of participants and submissions that it keeps. */
  get size(): number {
    return this.#model.size;
  }

  /** Everything that a client without a cursor needs, or one whose cursor is too old. Only after `refresh`. */
  snapshot(audience: Audience, form: SnapshotForm): FeedSnapshot {
    return this.#snapshots.take(this.view(audience), this.history(audience), {
      audience,
      form,
      token: feedTokenOf(this.#cursor, audience),
    });
  }

  /** End of the log after the last read. */
  get head(): number {
    return this.#head;
  }

  /** Word of the log's term that was present at the last read. */
  get term(): string {
    return this.#term;
  }

  /** Facts of the contest, as of the last read. */
  get facts(): ContestFacts | undefined {
    return this.#facts;
  }

  /** Reports that the submissions of a player may have changed; without a player: that anything may have. */
  mark(playerId?: number): void {
    if (playerId === undefined) this.#pollReported = true;
    else if (this.#dirty !== 'all') this.#dirty.add(playerId);
    this.#reported = true;
    this.#pause.wake();
  }

  /**
   * Reads everything that has changed; the read begins after this call, and calls that wait for the same one share it.
   * @returns false when there is no such contest
   */
  refresh(): Promise<boolean> {
    this.usedAt = performance.now();
    this.#pollRequested = true;
    return this.#readNext().finally(() => {
      this.usedAt = performance.now();
    });
  }

  /** Registers a reader, who is called after each read that found changes. @returns how to end it */
  subscribe(onChanges: () => void): () => void {
    this.#readers.add(onChanges);
    if (!this.#looping) void this.#loop();
    return () => {
      this.#readers.delete(onChanges);
      this.usedAt = performance.now();
      this.#pause.wake();
    };
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#pause.wake();
    for (const onChanges of this.#readers) onChanges();
  }

  async #loop(): Promise<void> {
    this.#looping = true;
    let pollAt = 0;
    let restUntil = 0;
    while (this.#readers.size > 0 && !this.#closed) {
      const startedAt = performance.now();
      // However many events ask for polls, they take a bounded share of the time.
      const isPoll = startedAt >= (this.#pollReported ? restUntil : pollAt);
      if (isPoll) {
        this.#pollRequested = true;
        this.#pollReported = false;
      }
      this.#reported = false;
      const ok = await this.#readNext().then(
        (exists) => {
          if (!exists) this.close();
          return true;
        },
        (error) => {
          this.#options.onError(error);
          return false;
        },
      );
      const endedAt = performance.now();
      const restOf = Math.min(MAX_REST_MS, (endedAt - startedAt) * POLL_RATIO);
      if (isPoll) {
        restUntil = endedAt + restOf;
        pollAt = endedAt + Math.max(this.#options.checkMs, restOf);
      }
      await sleep(ok ? this.#options.intervalMs : RETRY_MS, undefined, { ref: false });
      const restMs = (this.#pollReported ? restUntil : pollAt) - performance.now();
      if (ok && !this.#reported && !this.#closed && this.#readers.size > 0 && restMs > 0)
        await this.#pause.sleep(restMs);
    }
    this.#looping = false;
  }

  #readNext(): Promise<boolean> {
    if (!this.#running) {
      this.#running = this.#read().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#following ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#following = undefined;
        return this.#readNext();
      });
    return this.#following;
  }

  async #read(): Promise<boolean> {
    const { database } = this.#options;
    const cursor = this.#options.cursor();
    const isPoll = this.#pollRequested || this.#histories === undefined;
    const players = this.#dirty;
    this.#pollRequested = false;
    this.#dirty = new Set();
    let read: ContestRead | undefined;
    let end: LogHead;
    try {
      read = await this.#tables.read(players, isPoll, (playerId) => this.#model.hasTeam(playerId));
      // Last: what is read above was visible when the log had ended here.
      end = await readHead(database.query as Query);
    } catch (error) {
      // What was read of it is not applied: everything is read again.
      this.#dirty = 'all';
      this.#tables.invalidate();
      this.#pollRequested = true;
      throw error;
    }
    if (!read) return false;
    const changes = this.#model.apply(read);
    this.#tables.applied(read, !this.#facts || changes.real.some(isProblem));
    this.#facts = read.facts;
    if (isPoll) this.#cursor = cursor;
    let changed = this.#term !== end.epoch;
    this.#head = end.head;
    this.#term = end.epoch;
    if (!this.#histories) {
      this.#histories = { shown: new FeedHistory(this.#head), real: new FeedHistory(this.#head) };
      return true;
    }
    for (const audience of FEED_AUDIENCES) {
      changed ||= changes[audience].length > 0;
      this.#histories[audience].push(changes[audience], feedTokenOf(this.#cursor, audience), end.head);
    }
    if (changed) for (const onChanges of this.#readers) onChanges();
    return true;
  }
}

/** Whether one problem is another than before. */
function isProblem({ type, id }: FeedChange): boolean {
  return type === 'problems' && id !== null;
}
