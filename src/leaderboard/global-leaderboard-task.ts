import { format } from 'mysql2';
import type { Database } from '../db/database.ts';
import { prepare } from '../log/prepare.ts';
import type { Publisher } from '../log/publisher.ts';
import { readGlobalStandings } from '../platform/global-leaderboard.ts';
import type { EventInput } from '../protocol/event.ts';

export interface GlobalDutyOptions {
  readonly database: Pick<Database, 'query' | 'execute'>;
  readonly publisher: Pick<Publisher, 'publishUnits'>;
}

/** Stands for the players of all contests in `standings_board`. */
const EVERYBODY = 0;
const PLACES = 100;

/** Publishes the first hundred players by XP when they are other than before. For one node at a time. */
export class GlobalDuty {
  readonly #options: GlobalDutyOptions;
  #last: { readonly version: number; readonly top: string } | undefined;

  constructor(options: GlobalDutyOptions) {
    this.#options = options;
  }

  /** One look, and an event if there is a change. @throws when the database cannot be reached, or another node was faster */
  async run(): Promise<void> {
    const { publisher } = this.#options;
    const top = await readGlobalStandings(this.#options.database, { limit: PLACES, offset: 0 });
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
          EVERYBODY,
          version,
        ]),
        changes: 1,
      };
      const draft = prepare('GLOBAL_LEADERBOARD', { version: version + 1, top }, { internal: true });
      await publisher.publishUnits([{ drafts: [draft], with: [guard] }]);
      this.#last = { version: version + 1, top: text };
    } catch (error) {
      this.#last = undefined;
      throw error;
    }
  }

  /** What was published last, by whatever node. Where none is kept any more, nothing had changed for that long. */
  async #lastPublished(now: string): Promise<{ version: number; top: string }> {
    const { database } = this.#options;
    await database.execute(
      `INSERT IGNORE INTO standings_board (contest_id, version, shown_version, changed_at)
       VALUES (?, 0, 0, UTC_TIMESTAMP(3))`,
      [EVERYBODY],
    );
    const [board] = await database.query<{ version: number }>(
      'SELECT version FROM standings_board WHERE contest_id = ?',
      [EVERYBODY],
    );
    const [last] = await database.query<{ data: string }>(
      `SELECT data FROM notification
        WHERE scope = 'global' AND keep_class = 'nudge' AND type = 'GLOBAL_LEADERBOARD' ORDER BY id DESC LIMIT 1`,
    );
    const { top } = last ? (JSON.parse(last.data) as EventInput<'GLOBAL_LEADERBOARD'>) : { top: undefined };
    return { version: Number(board?.version ?? 0), top: top ? JSON.stringify(top) : now };
  }
}
