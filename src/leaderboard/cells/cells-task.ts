import { setTimeout as sleep } from 'node:timers/promises';
import { dataOf } from '../../events/row-data.ts';
import type { LogRow } from '../../log/row.ts';
import { readSubmissionChecksums, readSubmitterChecksums } from '../../platform/submissions.ts';
import { DirtyContests } from '../dirty-contests.ts';
import { CellsPublisher, type CellsPublisherOptions } from './cells-publisher.ts';
import { type CellsAudience, readPolledCells } from './cells-rows.ts';
import { submissionOf } from './reported-submission.ts';

export interface CellsTaskOptions extends CellsPublisherOptions {
  /** Min time between two updates of one contest, ms. */
  readonly intervalMs: number;
  /** Time between two polls for changes that nothing reported, ms. */
  readonly checkMs: number;
  readonly onError?: (error: unknown) => void;
}

/** Min ratio of the time between two polls to the duration of a poll. */
const POLL_RATIO = 20;

/** Leader task that keeps the requested cells of all contests up to date. */
export class CellsTask {
  readonly #options: CellsTaskOptions;
  readonly #publishers = new Map<string, CellsPublisher>();
  readonly #dirty = new DirtyContests(() => {});
  /** Audiences of each polled contest. */
  #audiences = new Map<number, readonly CellsAudience[]>();
  /** State of the freeze of each polled contest, and whether the platform has it frozen. */
  #freezes = new Map<number, { readonly freeze: string; readonly frozen: boolean }>();
  /** Checksum of all submissions, by contest. */
  #contests = new Map<number, string>();
  /** Checksum of each player's submissions, by contest, for contests that changed before. */
  readonly #players = new Map<number, ReadonlyMap<number, string>>();
  #running = false;

  constructor(options: CellsTaskOptions) {
    this.#options = options;
  }

  /** Marks contests dirty by the events that change their cells. */
  observe(rows: readonly LogRow[]): void {
    if (!this.#running || this.#audiences.size === 0) return;
    for (const row of rows) {
      const submitted = submissionOf(row);
      if (submitted?.contestId !== undefined) this.#mark(submitted.contestId, submitted.playerId);
      // An event has one row per scope: its first stands for it.
      if (row.id !== row.eventId) continue;
      const revealed = dataOf('CONTEST_REVEAL_STEP', row);
      // Another node may have published the cells: those in memory are outdated.
      if (revealed) this.#publishers.delete(`${revealed.contestId}/shown`);
      if (revealed?.finished) this.#mark(revealed.contestId);
      const frozen = dataOf('LEADERBOARD_FREEZE', row);
      if (frozen) this.#mark(frozen.contestId);
      const status = dataOf('CONTEST_STATUS', row);
      if (status) this.#mark(status.contestId);
    }
  }

  /** Runs until the signal ends. On one node at a time. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    const { intervalMs } = this.#options;
    let nextPoll = 0;
    while (!signal.aborted) {
      if (performance.now() >= nextPoll) nextPoll = await this.#tryPoll();
      const due = [...this.#dirty.entries()].filter(([, notBefore]) => notBefore <= performance.now());
      for (const [contestId] of due) if (!signal.aborted) await this.#update(contestId);
      await sleep(intervalMs, undefined, { signal }).catch(() => {});
    }
    this.#running = false;
    this.#publishers.clear();
    this.#dirty.clear();
    this.#audiences.clear();
    this.#freezes.clear();
    this.#contests.clear();
    this.#players.clear();
    this.#options.leftOut?.clear();
  }

  #mark(contestId: number, playerId?: number): void {
    if (this.#audiences.has(contestId)) this.#dirty.mark(contestId, playerId);
  }

  /** @returns when the next poll is due */
  async #tryPoll(): Promise<number> {
    const startedAt = performance.now();
    try {
      await this.#poll();
    } catch (error) {
      this.#options.onError?.(error);
    }
    const now = performance.now();
    return now + Math.max(this.#options.checkMs, (now - startedAt) * POLL_RATIO);
  }

  /** Polls the submissions of all contests once. A contest that is seen for the first time counts as dirty. */
  async #poll(): Promise<void> {
    const { database } = this.#options;
    const polled = await readPolledCells(database);
    const audiences = new Map<number, CellsAudience[]>();
    const freezes = new Map<number, { readonly freeze: string; readonly frozen: boolean }>();
    for (const { contestId, audience, gone, freeze, frozen } of polled) {
      audiences.set(contestId, [...(audiences.get(contestId) ?? []), audience]);
      freezes.set(contestId, { freeze, frozen });
      // No event reports a freeze that ends before the leaderboard has followed its beginning.
      if (gone || this.#freezes.get(contestId)?.freeze !== freeze) this.#dirty.mark(contestId);
    }
    // A contest that was over long ago and has been unfrozen since: its last update.
    for (const [contestId, { frozen }] of this.#freezes) {
      if (!frozen || audiences.has(contestId)) continue;
      audiences.set(contestId, [...(this.#audiences.get(contestId) ?? [])]);
      this.#dirty.mark(contestId);
    }
    this.#freezes = freezes;
    for (const [contestId, known] of audiences)
      if (known.length !== this.#audiences.get(contestId)?.length) this.#dirty.mark(contestId);
    this.#audiences = audiences;
    const read = await readSubmissionChecksums(database, [...audiences.keys()]);
    const checksums = new Map([...audiences.keys()].map((id) => [id, read.get(id) ?? '0']));
    for (const [contestId, checksum] of checksums)
      if (this.#contests.get(contestId) !== checksum) await this.#pollPlayers(contestId);
    for (const contestId of this.#players.keys())
      if (!checksums.has(contestId)) this.#players.delete(contestId);
    for (const key of this.#publishers.keys())
      if (!audiences.has(Number(key.split('/')[0]))) {
        this.#publishers.delete(key);
        this.#options.leftOut?.delete(Number(key.split('/')[0]));
      }
    this.#contests = checksums;
  }

  async #pollPlayers(contestId: number): Promise<void> {
    const before = this.#players.get(contestId);
    const checksums = await readSubmitterChecksums(this.#options.database, contestId);
    this.#players.set(contestId, checksums);
    if (!before) return this.#dirty.mark(contestId);
    for (const [playerId, checksum] of checksums)
      if (before.get(playerId) !== checksum) this.#dirty.mark(contestId, playerId);
    for (const playerId of before.keys()) if (!checksums.has(playerId)) this.#dirty.mark(contestId, playerId);
  }

  async #update(contestId: number): Promise<void> {
    // Before the submissions are read: what becomes dirty from here on is part of the next update.
    const players = this.#dirty.take(contestId);
    for (const audience of this.#audiences.get(contestId) ?? []) {
      const key = `${contestId}/${audience}`;
      try {
        const known = this.#publishers.get(key);
        const publisher = known ?? (await CellsPublisher.load(this.#options, contestId, audience));
        if (!publisher) continue;
        if (await publisher.update(known ? players : 'all')) this.#publishers.set(key, publisher);
        else this.#publishers.delete(key);
      } catch (error) {
        // The outcome is unknown: the next update reads the tables again.
        this.#publishers.delete(key);
        this.#dirty.mark(contestId, undefined, performance.now() + RETRY_MS);
        this.#options.onError?.(error);
      }
    }
  }
}

/** Delay after a failed update of a contest, ms. */
const RETRY_MS = 500;
