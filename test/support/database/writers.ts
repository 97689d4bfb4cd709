import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Connection, ResultSetHeader } from 'mysql2/promise';

/** One transaction of one writer: how it goes, and what others are notified of. Times in ms. */
export interface Transfer {
  readonly rows: number;
  readonly beforeInsert: number;
  readonly beforeCommit: number;
  readonly rollback: boolean;
  readonly hint: 'none' | 'early' | 'late' | 'twice' | 'too-high';
  /** Whether the writer's own process hands its rows to the follower, and how late. */
  readonly offer: number | undefined;
}

const delay = fc.integer({ min: 0, max: 3 });
const transfer: fc.Arbitrary<Transfer> = fc.record({
  rows: fc.integer({ min: 1, max: 4 }),
  beforeInsert: delay,
  beforeCommit: delay,
  rollback: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  hint: fc.constantFrom('none', 'early', 'late', 'twice', 'too-high'),
  offer: fc.option(delay, { nil: undefined }),
});

/** What several writers do at the same time. */
export const transfers = (writers: number): fc.Arbitrary<Transfer[][]> =>
  fc.array(fc.array(transfer, { minLength: 8, maxLength: 14 }), { minLength: writers, maxLength: writers });

/** How a log gives positions. */
export interface LogUnderTest {
  /** Takes `count` positions within the transaction and returns the first. */
  reserve(connection: Connection, count: number): Promise<number>;
  /** Writes the rows; returns their positions. */
  insert(connection: Connection, first: number, count: number): Promise<number[]>;
  hint?(head: number): void;
  /** Rows that the process of this writer committed. */
  offer?(ids: readonly number[]): Promise<void>;
}

/** Runs the writers side by side. Returns the positions that were committed, in ascending order. */
export async function write(
  log: LogUnderTest,
  connections: readonly Connection[],
  plan: readonly (readonly Transfer[])[],
): Promise<number[]> {
  const committed: number[] = [];
  const echoes: Promise<void>[] = [];
  await Promise.all(
    plan.map(async (transfers, index) => {
      const connection = connections[index] as Connection;
      for (const transfer of transfers) {
        await connection.query('START TRANSACTION');
        const first = await log.reserve(connection, transfer.rows);
        await sleep(transfer.beforeInsert);
        const ids = await log.insert(connection, first, transfer.rows);
        const last = ids.at(-1) as number;
        if (transfer.hint === 'early') log.hint?.(last);
        await sleep(transfer.beforeCommit);
        await connection.query(transfer.rollback ? 'ROLLBACK' : 'COMMIT');
        if (transfer.rollback) continue;
        committed.push(...ids);
        if (transfer.hint === 'late' || transfer.hint === 'twice') log.hint?.(last);
        if (transfer.hint === 'too-high') log.hint?.(last + 1_000);
        const { offer } = transfer;
        if (offer !== undefined)
          echoes.push(
            sleep(offer).then(async () => {
              await log.offer?.(ids);
              if (transfer.hint === 'twice') log.hint?.(last);
            }),
          );
      }
    }),
  );
  await Promise.all(echoes);
  return committed.sort((a, b) => a - b);
}

/** The log as it is: positions from the head's row, which stays locked until COMMIT. */
export const headLog: LogUnderTest = {
  async reserve(connection, count) {
    const [moved] = await connection.query<ResultSetHeader>(
      'UPDATE log_head SET head = LAST_INSERT_ID(head + ?) WHERE id = 1',
      [count],
    );
    return moved.insertId - count + 1;
  },
  async insert(connection, first, count) {
    const ids = Array.from({ length: count }, (_, index) => first + index);
    await connection.query(
      `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, title, message, data, created_at) VALUES ?`,
      [
        ids.map((id) => [
          id,
          first,
          'global',
          'global',
          'ANNOUNCEMENT',
          0,
          'Title',
          `row ${id}`,
          '{}',
          new Date(),
        ]),
      ],
    );
    return ids;
  },
};

/** The obvious alternative: positions from AUTO_INCREMENT, given at INSERT and visible at COMMIT. */
export const autoIncrementLog: LogUnderTest = {
  reserve: async () => 0,
  async insert(connection, _first, count) {
    const [inserted] = await connection.query<ResultSetHeader>('INSERT INTO naive_log (word) VALUES ?', [
      Array.from({ length: count }, () => ['x']),
    ]);
    return Array.from({ length: count }, (_, index) => inserted.insertId + index);
  },
};
