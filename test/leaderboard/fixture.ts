import { Keeper } from '../../src/leaderboard/leaderboard-publisher.ts';
import { Boards } from '../../src/leaderboard/leaderboard-reader.ts';
import { createPublisher, type Publisher } from '../../src/log/publisher.ts';
import type { LogRow } from '../../src/log/row.ts';
import { SERVER_CLOCK } from '../../src/platform/clock.ts';
import { secrecyOf } from '../../src/platform/restrictions.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openAppender } from '../support/log.ts';

/** A database in which standings are kept by hand, without a service. */
export interface Keeping extends TestDatabase {
  readonly publisher: Publisher;
  /** Follows the log as a node does, at once. */
  readonly boards: Boards;
  readonly rows: LogRow[];
  load(contestId: number, top?: number): Promise<Keeper>;
}

export async function startKeeping(): Promise<Keeping> {
  const test = await createTestDatabase();
  const { database } = test;
  const boards = new Boards({ database, clock: SERVER_CLOCK });
  const rows: LogRow[] = [];
  const appender = openAppender(database, {
    onCommitted: (committed) => {
      rows.push(...committed);
      boards.observe(committed);
    },
  });
  const publisher = createPublisher({
    append: (units) => appender.append(units),
    epoch: () => 'k7f2',
    secrecy: (contests) => secrecyOf(database, contests),
  });
  return {
    ...test,
    publisher,
    boards,
    rows,
    async load(contestId, top = 2) {
      const keeper = await Keeper.load({ database, publisher, clock: SERVER_CLOCK, top }, contestId);
      if (!keeper) throw new Error('there is no such contest');
      return keeper;
    },
    async drop() {
      await appender.close();
      await test.drop();
    },
  };
}
