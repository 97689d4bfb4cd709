import { beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { createContest, createUser } from '../support/database/platform.ts';
import { takeConsequences } from '../support/database/platform-session.ts';
import { prepareTriggers } from './fixture.ts';

const { database, platform } = prepareTriggers();
let admin: number;
let contestId: number;

beforeAll(async () => {
  admin = await createUser(database, { role: 'ADMIN' });
  contestId = await createContest(database);
});

/** Columns are SQL. */
async function announce(columns: Readonly<Record<string, string>> = {}): Promise<number> {
  const all = { title: "'Hello'", message: `'We are "live"'`, ...columns };
  const { insertId } = await platform.run(
    `INSERT INTO announcement (created_by, ${Object.keys(all).join(', ')}) VALUES (?, ${Object.values(all).join(', ')})`,
    [admin],
  );
  return insertId;
}

const change = (id: number, set: string) => platform.run(`UPDATE announcement SET ${set} WHERE id = ?`, [id]);

async function published() {
  const rows = await takeConsequences(database);
  for (const { type, data } of rows)
    expect(CATALOGUE[type as 'ANNOUNCEMENT'].schema.safeParse(data).success, JSON.stringify(data)).toBe(true);
  return rows;
}

const event = (announcementId: number, more: object = {}) => ({
  type: 'ANNOUNCEMENT',
  data: { announcementId, title: 'Hello', message: 'We are "live"', severity: 'INFO', ...more },
  key: `announcement:${announcementId}`,
});
const correction = (announcementId: number, more: object = {}) => ({
  ...event(announcementId, { correction: true, ...more }),
  key: null,
});
const withdrawn = (announcementId: number, more: object = {}) => ({
  type: 'ANNOUNCEMENT_WITHDRAWN',
  data: { announcementId, title: 'Hello', ...more },
  key: null,
});

describe('An announcement is published to', () => {
  test.each([
    ['all', {}, {}],
    ['all', { target_role: "'ALL'", type: "'WARNING'" }, { severity: 'WARNING' }],
    ['all', { target_role: "''" }, {}],
    ['players', { target_role: "'PLAYER'" }, { role: 'PLAYER' }],
    ['admins', { target_role: "'ADMIN'" }, { role: 'ADMIN' }],
    ['companies', { target_role: "'COMPANY'" }, { role: 'COMPANY' }],
  ])('%s (%#)', async (_, columns, more) => {
    const id = await announce(columns);
    expect(await published()).toEqual([event(id, more)]);
  });

  test('a contest, also where it is for its players', async () => {
    const target_contest = String(contestId);
    const first = await announce({ target_contest });
    const second = await announce({ target_contest, target_role: "'PLAYER'" });
    expect(await published()).toEqual([event(first, { contestId }), event(second, { contestId })]);
  });

  test('nobody where it is inactive, has expired, or is for a role that is unknown, or that a contest does not have', async () => {
    await announce({ is_active: '0' });
    await announce({ expires_at: 'NOW() - INTERVAL 1 SECOND' });
    await announce({ target_role: "'MODERATOR'" });
    await announce({ target_role: "'ADMIN'", target_contest: String(contestId) });
    expect(await published()).toEqual([]);
    const id = await announce({ expires_at: 'NOW() + INTERVAL 1 HOUR' });
    expect(await published()).toEqual([event(id)]);
  });
});

describe('The expiry of an announcement is stored', () => {
  const expiries = async (id: number) =>
    (
      await database.query<{ inS: number }>(
        'SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), expires_at) AS inS FROM announcement_expiry WHERE announcement_id = ? ORDER BY id',
        [id],
      )
    ).map(({ inS }) => Math.round(Number(inS) / 60));

  test('once it is shown, and where it is moved: as an instant, whatever the zone of the session', async () => {
    for (const zone of ['+05:30', '-08:00']) {
      await platform.run(`SET time_zone = '${zone}'`);
      const id = await announce({ expires_at: 'NOW() + INTERVAL 60 MINUTE' });
      await change(id, "title = 'Other'");
      expect(await expiries(id)).toEqual([60]);
      await change(id, 'expires_at = NOW() + INTERVAL 30 MINUTE');
      await change(id, 'expires_at = NULL');
      expect(await expiries(id)).toEqual([60, 30]);
      await change(id, 'is_active = 0, expires_at = NOW() + INTERVAL 10 MINUTE');
      expect(await expiries(id)).toEqual([60, 30]);
      await change(id, 'is_active = 1');
      expect(await expiries(id)).toEqual([60, 30, 10]);
    }
    await platform.run('SET time_zone = DEFAULT');
  });

  test('not where the server cannot convert it: it never expires', async () => {
    const id = await announce({ expires_at: "'9999-12-31 00:00:00'" });
    expect(await expiries(id)).toEqual([]);
    expect(await published()).toEqual([event(id)]);
  });
});

describe('An announcement that changes', () => {
  test('is published when it becomes active, and nothing is where nothing is seen of it', async () => {
    const id = await announce({ is_active: '0' });
    await change(id, "title = 'Other'");
    await change(id, "title = 'Hello', is_active = 1");
    expect(await published()).toEqual([event(id)]);
    await change(id, 'is_active = 1');
    await change(id, 'expires_at = NOW() + INTERVAL 1 HOUR');
    expect(await published()).toEqual([]);
  });

  test('is corrected where title, message or type differ, also in the case of a letter', async () => {
    const id = await announce();
    await published();
    await change(id, "title = 'HELLO'");
    await change(id, "type = 'SUCCESS'");
    expect(await published()).toEqual([
      correction(id, { title: 'HELLO' }),
      correction(id, { title: 'HELLO', severity: 'SUCCESS' }),
    ]);
  });

  test('is withdrawn where it is deactivated, expired or deleted, once', async () => {
    for (const sql of ['is_active = 0', 'expires_at = NOW() - INTERVAL 1 SECOND']) {
      const id = await announce();
      await published();
      await change(id, sql);
      expect(await published()).toEqual([withdrawn(id)]);
      await change(id, 'is_active = 0');
      await platform.run('DELETE FROM announcement WHERE id = ?', [id]);
      expect(await published()).toEqual([]);
    }
    const id = await announce({ target_contest: String(contestId) });
    await published();
    await platform.run('DELETE FROM announcement WHERE id = ?', [id]);
    expect(await published()).toEqual([withdrawn(id, { contestId })]);
  });

  test('can be published again after it was withdrawn', async () => {
    const id = await announce();
    await change(id, 'is_active = 0');
    await change(id, 'is_active = 1');
    expect(await published()).toEqual([event(id), withdrawn(id), event(id)]);
  });

  test('is withdrawn from its old audience where it gets another', async () => {
    const id = await announce({ target_role: "'ADMIN'" });
    await published();
    await change(id, "target_role = 'COMPANY', title = 'New'");
    expect(await published()).toEqual([
      withdrawn(id, { role: 'ADMIN' }),
      event(id, { title: 'New', role: 'COMPANY' }),
    ]);
  });
});
