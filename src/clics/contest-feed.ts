import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../db/database.ts';
import type { Audience } from '../leaderboard/stored-leaderboard.ts';
import { type Query, readHead } from '../log/reader.ts';
import type { PlatformClock } from '../platform/clock.ts';
import {
  type ContestFacts,
  readContestFacts,
  readProblemFacts,
  readTeamChecksum,
  readTeamFacts,
} from '../platform/contest-facts.ts';
import { recordFreeze } from '../platform/freeze.ts';
import { hasWinnersColumn, readFinalResults } from '../platform/results.ts';
import { readSubmissions } from '../platform/submissions.ts';
import { WakeableSleep } from '../util/wakeable-sleep.ts';
import { ChangedPlayers, type Players } from './changed-players.ts';
import { ContestModel, type ContestRead, FEED_AUDIENCES } from './contest-model.ts';
import { FeedHistory } from './feed-history.ts';
import { type FeedSnapshot, FeedSnapshots, type SnapshotForm } from './feed-snapshots.ts';
import type { FeedView } from './feed-view.ts';

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
/** Max age of the titles of problems, ms. */
const PROBLEMS_MS = 30_000;
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
  #withWinners: boolean | undefined;
  #problemsReadAt = Number.NEGATIVE_INFINITY;
  #teamChecksum = '';
  /** Players whose submissions may have changed since they were read. */
  #dirty: Players = 'all';
  /** Cursor from before the last poll. What is read by events alone is no reason for a newer one: it may lack other changes. */
  #token = '';
  #head = 0;
  /** The read that is under way, and the one that follows it. */
  #running: Promise<boolean> | undefined;
  #following: Promise<boolean> | undefined;
  readonly #readers = new Set<() => void>();
  readonly #pause = new WakeableSleep();
  readonly #snapshots = new FeedSnapshots();
  readonly #changed: ChangedPlayers;
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
    this.#changed = new ChangedPlayers(options.database, contestId);
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
      token: this.#token,
    });
  }

  /** End of the log after the last read. */
  get head(): number {
    return this.#head;
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
    const token = this.#options.cursor();
    const isPoll = this.#pollRequested || this.#histories === undefined;
    const players = this.#dirty;
    this.#pollRequested = false;
    this.#dirty = new Set();
    let read: ContestRead | undefined;
    try {
      read = await this.#readTables(players, isPoll);
      this.#head = (await readHead(database.query as Query)).head;
    } catch (error) {
      // What was read of it is not applied: everything is read again.
      this.#dirty = 'all';
      this.#teamChecksum = '';
      this.#problemsReadAt = Number.NEGATIVE_INFINITY;
      this.#pollRequested = true;
      throw error;
    }
    if (!read) return false;
    const changes = this.#model.apply(read);
    this.#facts = read.facts;
    if (isPoll) this.#token = token;
    if (!this.#histories) {
      this.#histories = { shown: new FeedHistory(this.#head), real: new FeedHistory(this.#head) };
      return true;
    }
    let changed = false;
    for (const audience of FEED_AUDIENCES) {
      changed ||= changes[audience].length > 0;
      this.#histories[audience].push(changes[audience], this.#token, this.#head);
    }
    if (changed) for (const onChanges of this.#readers) onChanges();
    return true;
  }

  async #readTables(marked: Players, isPoll: boolean): Promise<ContestRead | undefined> {
    const { database, clock } = this.#options;
    const { contestId } = this;
    const players = isPoll ? await this.#changed.poll(marked) : this.#changed.record(marked);
    const rows = await readSubmissions(database, clock, contestId, players);
    const isNew = (playerId: number) => !this.#model.hasTeam(playerId);
    const checksum = isPoll ? await readTeamChecksum(database, contestId) : this.#teamChecksum;
    const readsTeams = checksum !== this.#teamChecksum || rows.some(({ playerId }) => isNew(playerId));
    const teams = readsTeams ? await readTeamFacts(database, contestId) : undefined;
    // After the submissions: what a freeze that has begun meanwhile hides is hidden.
    const facts = await this.#readFacts();
    if (!facts) return undefined;
    const now = performance.now();
    const before = this.#facts?.problems;
    const readsProblems =
      JSON.stringify(before) !== JSON.stringify(facts.problems) || now - this.#problemsReadAt > PROBLEMS_MS;
    const problems = readsProblems ? await readProblemFacts(database, facts.problems) : undefined;
    const results = facts.rankingComplete
      ? await readFinalResults(database, contestId, this.#withWinners ?? false)
      : undefined;
    this.#teamChecksum = checksum;
    if (readsProblems) this.#problemsReadAt = now;
    return {
      facts,
      ...(problems ? { problems } : {}),
      ...(teams ? { teams } : {}),
      ...(results ? { results } : {}),
      submissions: { players, rows },
    };
  }

  /** Reads the contest, and records its freeze where no trigger has. */
  async #readFacts(): Promise<ContestFacts | undefined> {
    const { database, clock } = this.#options;
    this.#withWinners ??= await hasWinnersColumn(database);
    const withWinners = this.#withWinners;
    const read = async () => (await readContestFacts(database, clock, [this.contestId], withWinners))[0];
    const facts = await read();
    if (!facts?.frozen || facts.freezeRecorded) return facts;
    await database.transaction((tx) => recordFreeze(tx, this.contestId));
    return read();
  }
}
