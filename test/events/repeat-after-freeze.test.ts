import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogPublisher } from '../../src/events/log-publisher.ts';
import type { Appender } from '../../src/log/appender.ts';
import type { Restrictions } from '../../src/platform/restrictions.ts';
import type { NewEvent } from '../../src/protocol/event.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { openAppender, wholeLog } from '../support/database/log.ts';
import { UNRESTRICTED } from '../support/unrestricted.ts';

const made = prepareDatabase();
let appender: Appender;

beforeAll(async () => {
  appender = openAppender(made.database);
});
afterAll(() => appender.close());

test.each(['frozen', 'private'] as const)(
  'an event that was published while its contest was %s gets its first answer afterwards, and the other way round',
  async (kind) => {
    const restrictedBy = { ...UNRESTRICTED, [kind]: new Set([3]) };
    let restricted: Restrictions = restrictedBy;
    const publisher = createLogPublisher({
      append: (units) => appender.append(units),
      restrictions: async () => restricted,
    });
    const solved = (playerId: number): NewEvent => ({
      type: 'PROBLEM_SOLVED',
      data: { playerId, problemId: 5, contestId: 3 },
    });
    const first = await publisher.publish(solved(1), { idempotencyKey: `${kind} 1` });
    restricted = UNRESTRICTED;
    const open = await publisher.publish(solved(2), { idempotencyKey: `${kind} 2` });
    expect(await publisher.publish(solved(1), { idempotencyKey: `${kind} 1` })).toEqual(
      first.map((event) => ({ ...event, duplicate: true })),
    );
    restricted = restrictedBy;
    expect(await publisher.publish(solved(2), { idempotencyKey: `${kind} 2` })).toEqual(
      open.map((event) => ({ ...event, duplicate: true })),
    );
    const rows = await wholeLog(made.database);
    for (const { notifications } of [...first, ...open])
      for (const { id, scope } of notifications)
        expect(rows.find((row) => row.id === id)).toMatchObject({ scope });
  },
);
