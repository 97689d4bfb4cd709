import { beforeAll, describe, expect, test } from 'vitest';
import { createPlatformClock } from '../../src/platform/clock.ts';
import { type ContestViewer, listContests, readContest } from '../../src/platform/contests.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, createUser, joinContest } from '../support/database/platform.ts';

const clock = createPlatformClock('+02:00');
const ANY = { before: undefined, limit: 100, statuses: [] };

describe('Contests', () => {
  const made = prepareDatabase();
  let maker: number;
  let player: ContestViewer & { readonly playerId: number };
  const ids: Record<string, number> = {};

  beforeAll(async () => {
    maker = await createUser(made.database, { role: 'COMPANY' });
    player = { ...(await createPlayer(made.database)), isAdmin: false };
    const times = { startTime: '2026-07-01 12:00:00', endTime: '2026-07-01 14:00:00' };
    const make = async (name: string, contest: Parameters<typeof createContest>[1]) => {
      ids[name] = await createContest(made.database, { title: name, createdBy: maker, ...times, ...contest });
    };
    await make('public', { frozen: true });
    await make('joined', { isPublic: false });
    await make('private', { isPublic: false });
    await make('draft', { status: 'DRAFT' });
    await make('upcoming', { status: 'UPCOMING' });
    await joinContest(made.database, { contestId: ids.joined as number, playerId: player.playerId });
    await joinContest(made.database, { contestId: ids.draft as number, playerId: player.playerId });
  });

  const titles = async (viewer: ContestViewer, query = {}) =>
    (await listContests(made.database, clock, viewer, { ...ANY, ...query })).map(({ title }) => title);

  test('are listed newest first, as far as the viewer may see them', async () => {
    const visitor = { userId: 999_999, playerId: undefined, isAdmin: false };
    expect(await titles(visitor)).toEqual(['upcoming', 'public']);
    expect(await titles(player)).toEqual(['upcoming', 'joined', 'public']);
    const all = ['upcoming', 'draft', 'private', 'joined', 'public'];
    expect(await titles({ ...visitor, isAdmin: true })).toEqual(all);
    expect(await titles({ ...visitor, userId: maker })).toEqual(all);
    // A player's id that happens to be a user's opens nothing.
    expect(await titles({ ...visitor, playerId: maker })).toEqual(['upcoming', 'public']);
  });

  test('have every field of the API', async () => {
    const [, joined, open] = await listContests(made.database, clock, player, ANY);
    const common = {
      status: 'LIVE',
      startsAt: '2026-07-01T10:00:00.000Z',
      endsAt: '2026-07-01T12:00:00.000Z',
    };
    expect(joined).toEqual({
      ...common,
      id: ids.joined,
      title: 'joined',
      participantCount: 1,
      isPublic: false,
      joined: true,
      frozen: false,
    });
    expect(open).toEqual({
      ...common,
      id: ids.public,
      title: 'public',
      participantCount: 0,
      isPublic: true,
      joined: false,
      frozen: true,
    });
    expect(await readContest(made.database, clock, player, ids.joined as number)).toEqual(joined);
    expect(await readContest(made.database, clock, player, 999_999)).toBeUndefined();
  });

  test('come in pages, and by status', async () => {
    const admin = { ...player, isAdmin: true };
    expect(await titles(admin, { limit: 2 })).toEqual(['upcoming', 'draft']);
    expect(await titles(admin, { limit: 2, before: ids.draft })).toEqual(['private', 'joined']);
    expect(await titles(admin, { statuses: ['UPCOMING', 'DRAFT'] })).toEqual(['upcoming', 'draft']);
    expect(await titles(player, { statuses: ['DRAFT'] })).toEqual([]);
  });

  test('have the announced status, though the platform’s differs', async () => {
    await made.database.execute(
      `INSERT INTO contest_announced (contest_id, status, platform_status, announced_at)
       VALUES (?, 'OVER', 'LIVE', UTC_TIMESTAMP(3)), (?, 'LIVE', 'UPCOMING', UTC_TIMESTAMP(3))`,
      [ids.public, ids.upcoming],
    );
    expect(await titles(player, { statuses: ['ENDED'] })).toEqual(['public']);
    expect(await titles(player, { statuses: ['LIVE'] })).toEqual(['upcoming', 'joined']);
    const found = await readContest(made.database, clock, player, ids.public as number);
    expect(found?.status).toBe('ENDED');
  });
});
