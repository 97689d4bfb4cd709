import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { prepare } from '../../src/events/prepare.ts';
import { readCounts } from '../../src/inbox/counted-inbox.ts';
import { inboxScopes } from '../../src/inbox/inbox-scopes.ts';
import { readPage } from '../../src/inbox/pages.ts';
import { idsInInbox, writeReceipts } from '../../src/inbox/receipts.ts';
import { EVENT_TYPES, type EventType, type Notification } from '../../src/protocol/event.ts';
import { INBOX_SCOPE_KINDS, inboxMembership } from '../../src/protocol/inbox-scope-kinds.ts';
import { SCOPE_KINDS, type Scope, type ScopeKind, scopeKind, scopes } from '../../src/protocol/scope.ts';
import { dataOf } from '../support/arbitrary-events.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, joinContest } from '../support/database/platform.ts';

/** Rows of an event in the log: as it is, and as it is published under each restriction. */
function rowsOf(type: EventType, data: unknown) {
  const draft = prepare(type, data, { internal: true });
  const { redactable } = draft;
  const redacted = redactable ? [redactable.redact('frozen').draft, redactable.redact('private').draft] : [];
  return [draft, ...redacted].flatMap(({ rows }) => rows);
}

describe('The catalogue', () => {
  const kept = new Set<ScopeKind>();

  it.each(EVENT_TYPES)('agrees with the page about which %s an inbox keeps', (type) => {
    fc.assert(
      fc.property(dataOf[type] as fc.Arbitrary<unknown>, (data) => {
        for (const { scope, inbox } of rowsOf(type, data)) {
          const kind = scopeKind(scope as Scope);
          if (inbox) kept.add(kind);
          expect(inboxMembership({ scope, type } as Notification)).toBe(
            !inbox ? 'no' : kind === 'contest' ? 'unknown' : 'yes',
          );
        }
      }),
    );
  });

  it('marks for inboxes what goes to the kinds of scope that inboxes consist of, and nothing else', () => {
    expect([...kept].sort()).toEqual([...INBOX_SCOPE_KINDS].sort());
  });
});

describe('The inbox in the database', () => {
  const made = prepareDatabase();
  let playerId: number;
  /** Notifications of every kind of scope, marked for inboxes and not. */
  let ids: number[];
  let expected: number[];
  /** Those to the role, which earlier procedures do not know. */
  let ofPlayers: number[];

  beforeAll(async () => {
    const { database } = made;
    ({ playerId } = await createPlayer(database));
    const other = await createPlayer(database);
    const joined = await createContest(database);
    const foreign = await createContest(database);
    await joinContest(database, { contestId: joined, playerId });
    await joinContest(database, { contestId: foreign, playerId: other.playerId });
    const own = { player: playerId, contest: joined };
    const all: [Scope, boolean][] = SCOPE_KINDS.flatMap((kind) => {
      const spell = scopes[kind];
      if (typeof spell !== 'function') return [[spell, kind === 'global' || kind === 'players']];
      const others = [spell(other.playerId), spell(foreign)].map((scope): [Scope, boolean] => [scope, false]);
      const mine = kind === 'player' || kind === 'contest' ? own[kind] : joined;
      return [[spell(mine), kind in own], ...others];
    });
    const rows = all.flatMap(([scope, within]) => [true, false].map((inbox) => ({ scope, inbox, within })));
    ids = rows.map((_, index) => index + 1);
    expected = ids.filter((id) => rows[id - 1]?.inbox && rows[id - 1]?.within);
    // The player's own, a contest, those of all and of players; those of other roles are not this player's.
    expect(expected).toHaveLength(INBOX_SCOPE_KINDS.length - 2);
    ofPlayers = ids.filter((id) => rows[id - 1]?.scope === 'players');
    for (const [index, { scope, inbox }] of rows.entries())
      await database.execute(
        `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, title, message, data, created_at)
         VALUES (?, ?, ?, 'player', 'ANNOUNCEMENT', ?, 'T', 'M', '{}', UTC_TIMESTAMP(3))`,
        [index + 1, index + 1, scope, inbox],
      );
  });
  beforeEach(() => made.database.execute('DELETE FROM notification_receipt'));

  it('is the same for its pages, its counts, its receipts and one notification', async () => {
    const { database } = made;
    const scopes = await inboxScopes(database, playerId);
    const inbox = { playerId, scopes };
    const through = Number.MAX_SAFE_INTEGER;
    const page = await readPage(database, inbox, [], { limit: 100 }, through);
    expect(page.map(({ id }) => id).sort((a, b) => a - b)).toEqual(expected);
    expect(await readCounts(database, inbox, { through, committed: through })).toMatchObject({
      total: expected.length,
    });
    expect((await idsInInbox(database, scopes, ids)).sort((a, b) => a - b)).toEqual(expected);
    expect(await writeReceipts(database, inbox, 'seen', { ids })).toEqual(expected);
    const throughId = Math.max(...ids);
    expect(await writeReceipts(database, inbox, 'read', { throughId })).toEqual(expected);
  });

  it.each([
    ['0003_procedures', false],
    ['0005_legacy_procedures', false],
    ['0012_socketio_writes', true],
  ])('is the same for `live_acknowledge` of %s', async (file, knowsRoles) => {
    const { database } = made;
    const sql = readFileSync(new URL(`../../drizzle/${file}.sql`, import.meta.url), 'utf8');
    const statements = sql
      .split('--> statement-breakpoint')
      .filter((statement) => /^(?:DROP|CREATE) PROCEDURE .*`live_acknowledge`/m.test(statement));
    expect(statements).toHaveLength(2);
    for (const statement of statements) await database.execute(statement);
    const reachable = expected.filter((id) => knowsRoles || !ofPlayers.includes(id));
    for (const id of ids) {
      const call = database.execute('CALL live_acknowledge(?, ?, ?)', [playerId, id, 'seen']);
      if (reachable.includes(id)) await call;
      else await expect(call).rejects.toThrow('no such notification');
    }
    const receipts = await database.query<{ id: number }>(
      'SELECT notification_id AS id FROM notification_receipt WHERE player_id = ? ORDER BY 1',
      [playerId],
    );
    expect(receipts.map(({ id }) => id)).toEqual(reachable);
  });
});
