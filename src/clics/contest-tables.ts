import type { Database } from '../db/database.ts';
import { readOpenedCells } from '../leaderboard/reveal/reveal-rows.ts';
import type { PlatformClock } from '../platform/clock.ts';
import {
  type ContestFacts,
  readContestFacts,
  readTeamChecksum,
  readTeamFacts,
} from '../platform/contest-facts.ts';
import { recordFreeze } from '../platform/freeze.ts';
import { hasWinnersColumn, readFinalResults } from '../platform/results.ts';
import { readSubmissions } from '../platform/submissions.ts';
import { ChangedPlayers, type Players } from './changed-players.ts';
import type { ContestRead } from './contest-model.ts';
import { ContestProblems } from './contest-problems.ts';

export interface ContestTablesOptions {
  readonly database: Pick<Database, 'query' | 'execute' | 'transaction'>;
  readonly clock: PlatformClock;
}

/** Reads what may have changed of one contest in the platform's tables. */
export class ContestTables {
  readonly #options: ContestTablesOptions;
  readonly #contestId: number;
  readonly #changed: ChangedPlayers;
  readonly #problems: ContestProblems;
  #withWinners: boolean | undefined;
  #teamChecksum = '';

  constructor(options: ContestTablesOptions, contestId: number) {
    this.#options = options;
    this.#contestId = contestId;
    this.#changed = new ChangedPlayers(options.database, contestId);
    this.#problems = new ContestProblems(options.database);
  }

  /**
   * @param marked players whose submissions may have changed
   * @param isPoll whether changes are read that nothing reported
   * @param hasTeam whether a player is known as a participant
   * @returns undefined when there is no such contest
   */
  async read(
    marked: Players,
    isPoll: boolean,
    hasTeam: (playerId: number) => boolean,
  ): Promise<ContestRead | undefined> {
    const { database, clock } = this.#options;
    const contestId = this.#contestId;
    const repeatsProblems = this.#problems.repeats;
    const players = isPoll ? await this.#changed.poll(marked) : this.#changed.record(marked);
    const rows = await readSubmissions(database, clock, contestId, players);
    const checksum = isPoll ? await readTeamChecksum(database, contestId) : this.#teamChecksum;
    const readsTeams = checksum !== this.#teamChecksum || rows.some(({ playerId }) => !hasTeam(playerId));
    const teams = readsTeams ? await readTeamFacts(database, contestId) : undefined;
    // After the submissions: what a freeze that has begun meanwhile hides is hidden.
    const facts = await this.#readFacts();
    if (!facts) return undefined;
    // After the freeze: what the reveal of an earlier one has opened may be hidden again.
    const { problems: opened } =
      facts.frozen && facts.status === 'ENDED'
        ? await readOpenedCells(database, contestId)
        : { problems: undefined };
    const problems = await this.#problems.read(facts.problems);
    const results = facts.rankingComplete
      ? await readFinalResults(database, contestId, this.#withWinners ?? false)
      : undefined;
    this.#teamChecksum = checksum;
    return {
      facts,
      ...(problems ? { problems } : {}),
      repeatsProblems,
      ...(opened ? { opened } : {}),
      ...(teams ? { teams } : {}),
      ...(results ? { results } : {}),
      submissions: { players, rows },
    };
  }

  /** Records that what was read is part of the feed. @param newProblems whether problems differ from what was sent before */
  applied({ repeatsProblems = false }: ContestRead, newProblems: boolean): void {
    this.#problems.applied(newProblems, repeatsProblems);
  }

  /** Reads everything but submissions again the next time: what was read last was not applied. */
  invalidate(): void {
    this.#teamChecksum = '';
    this.#problems.invalidate();
  }

  /** Reads the contest, and records its freeze where no trigger has. */
  async #readFacts(): Promise<ContestFacts | undefined> {
    const { database, clock } = this.#options;
    this.#withWinners ??= await hasWinnersColumn(database);
    const withWinners = this.#withWinners;
    const read = async () => (await readContestFacts(database, clock, [this.#contestId], withWinners))[0];
    const facts = await read();
    if (!facts?.frozen || facts.freezeRecorded) return facts;
    await database.transaction((tx) => recordFreeze(tx, this.#contestId));
    return read();
  }
}
