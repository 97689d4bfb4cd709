import { format } from 'mysql2';
import type { Database } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { prepare } from '../events/prepare.ts';
import { dataOf } from '../events/row-data.ts';
import { readGlobalLeaderboard } from '../platform/global-leaderboard.ts';

export interface GlobalLeaderboardTaskOptions {
  readonly database: Pick<Database, 'query' | 'execute'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  /** How long after its end a frozen contest holds the XP of its participants, in days. */
  readonly holdDays?: number;
}

/** Contest id of the global leaderboard in `standings_board`. */
const GLOBAL_ID = 0;
const PLACES = 100;

/** Leader task that publishes the first hundred players by XP whenever they change. */
export class GlobalLeaderboardTask {
  readonly #options: GlobalLeaderboardTaskOptions;
  #last: { readonly version: number; readonly top: string } | undefined;

  constructor(options: GlobalLeaderboardTaskOptions) {
    this.#options = options;
  }

  /**
   * Polls once, and publishes a change.
   * @throws Problem `superseded` when another node has published meanwhile, and the database's errors
   */
  async run(): Promise<void> {
    const { database, publisher, holdDays } = this.#options;
    const top = await readGlobalLeaderboard(database, { limit: PLACES, offset: 0, holdDays });
    const text = JSON.stringify(top);
    try {
      this.#last ??= await this.#lastPublished(text);
      const { version } = this.#last;
      if (this.#last.top === text) return;
      const sql = 'UPDATE standings_board SET version = ?, shown_version = ?, changed_at = UTC_TIMESTAMP(3)';
      const guard = {
        sql: format(`${sql} WHERE contest_id = ? AND version = ?`, [
          version + 1,
          version + 1,
          GLOBAL_ID,
          version,
        ]),
        expectedRows: 1,
        rows: format('standings_board WHERE contest_id = ?', [GLOBAL_ID]),
      };
      const draft = prepare('GLOBAL_LEADERBOARD', { version: version + 1, top }, { internal: true });
      await publisher.publishUnits([{ drafts: [draft], preconditions: [guard] }]);
      this.#last = { version: version + 1, top: text };
    } catch (error) {
      this.#last = undefined;
      throw error;
    }
  }

  /** What any node published last; `current` where the log no longer keeps it, which is then what was published. */
  async #lastPublished(current: string): Promise<{ version: number; top: string }> {
    const { database } = this.#options;
    await database.execute(
      `INSERT IGNORE INTO standings_board (contest_id, version, shown_version, changed_at)
       VALUES (?, 0, 0, UTC_TIMESTAMP(3))`,
      [GLOBAL_ID],
    );
    const [head] = await database.query<{ version: number }>(
      'SELECT version FROM standings_board WHERE contest_id = ?',
      [GLOBAL_ID],
    );
    const [last] = await database.query<{ type: 'GLOBAL_LEADERBOARD'; data: string }>(
      `SELECT type, data FROM notification
        WHERE scope = 'global' AND keep_class = 'nudge' AND type = 'GLOBAL_LEADERBOARD' ORDER BY id DESC LIMIT 1`,
    );
    const top = last && dataOf('GLOBAL_LEADERBOARD', last)?.top;
    return { version: Number(head?.version ?? 0), top: top ? JSON.stringify(top) : current };
  }
}
