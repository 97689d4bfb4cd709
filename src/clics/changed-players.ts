import type { Database } from '../db/database.ts';
import { readSubmissionChecksums, readSubmitterChecksums } from '../platform/submissions.ts';

/** Players whose submissions are read. */
export type Players = Set<number> | 'all';

/** Finds by checksums whose submissions in a contest have changed since they were read. */
export class ChangedPlayers {
  readonly #database: Pick<Database, 'query'>;
  readonly #contestId: number;
  #checksum = '';
  #checksums: ReadonlyMap<number, string> = new Map();
  /** Players who were read since their checksum was. */
  readonly #unconfirmed = new Set<number>();

  constructor(database: Pick<Database, 'query'>, contestId: number) {
    this.#database = database;
    this.#contestId = contestId;
  }

  /** Records players who are read without a poll. @returns them */
  record(players: Players): Players {
    for (const playerId of players === 'all' ? [] : players) this.#unconfirmed.add(playerId);
    return players;
  }

  /** @returns those who were marked, and all others whose submissions have changed */
  async poll(marked: Players): Promise<Players> {
    const database = this.#database;
    const contestId = this.#contestId;
    const checksum = (await readSubmissionChecksums(database, [contestId])).get(contestId) ?? '0';
    if (checksum === this.#checksum && marked !== 'all' && this.#unconfirmed.size === 0) return marked;
    const checksums = await readSubmitterChecksums(database, contestId);
    const ids = new Set([...checksums.keys(), ...this.#checksums.keys()]);
    const changed = [...ids].filter((id) => checksums.get(id) !== this.#checksums.get(id));
    this.#checksum = checksum;
    this.#checksums = checksums;
    const unconfirmed = [...this.#unconfirmed];
    this.#unconfirmed.clear();
    return marked === 'all' ? 'all' : new Set([...marked, ...changed, ...unconfirmed]);
  }
}
