import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { encodeBytes } from '../../src/channel/live-frame.ts';
import { openLiveLog } from '../../src/channel/live-log.ts';
import { prepare } from '../../src/events/prepare.ts';
import type { Appender } from '../../src/log/appender.ts';
import type { Query } from '../../src/log/reader.ts';
import type { Scope } from '../../src/protocol/scope.ts';
import type { Streams, StreamsDeps } from '../../src/stream/streams.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { openAppender, resetLog, unitOf } from '../support/database/log.ts';
import { until } from '../support/until.ts';
import { createSink, createStreams, EPOCH, openStream } from './fixture.ts';

const made = prepareDatabase();
let appender: Appender;

beforeAll(async () => {
  appender = openAppender(made.database);
});
beforeEach(() => resetLog(made.database));
afterAll(() => appender.close());

/** Streams over a log that is followed, with a ring of one frame, so that a replay reads the database. */
async function openStreams(deps: Partial<StreamsDeps> = {}) {
  const { database } = made;
  const errors: unknown[] = [];
  const log = await openLiveLog({
    database,
    ring: { frames: 1, bytes: 1_000_000 },
    now: Date.now,
    onError: (error) => errors.push(error),
  });
  const streams = createStreams({ hub: log.hub, ring: log.ring, query: database.query, ...deps });
  onTestFinished(async () => {
    streams.close();
    await log.follower.close();
  });
  return { ...log, streams, errors };
}

/** Opens a stream after `from` over a response that takes everything. */
function open(streams: Streams, scope: Scope, from: number) {
  const { sink, read } = createSink();
  const stream = openStream(streams, sink, { scopes: [scope], requested: `${from}-${EPOCH}`, from });
  return { stream, read: () => read().events };
}

test('Rows that retention deletes between the two reads of a page reset the stream, and leave no silent gap', async () => {
  for (const text of ['1', '2', '3']) await appender.append([unitOf(text)]);
  let reads = 0;
  const query: Query = async <T>(sql: string, values?: unknown[]) => {
    const rows = await made.database.query<T>(sql, values);
    // Between the first read of the page and the second.
    if (++reads === 1) {
      await made.database.execute('DELETE FROM notification WHERE id <= 2');
      await made.database.execute("UPDATE log_tail SET tail = 3 WHERE keep_class = 'global'");
    }
    return rows;
  };
  const { streams } = await openStreams({ query });
  const { stream, read } = open(streams, 'global', 0);
  await until(() => stream.state !== 'replaying');
  expect(reads).toBeGreaterThanOrEqual(2);
  expect(stream.closeReason).toBe('reset');
  expect(read().filter(({ event }) => event === 'announcement')).toEqual([]);
});

test('A replay that does not find the row at its own position is reset, and its position does not pass the gap', async () => {
  for (const text of ['1', '2', '3']) await appender.append([unitOf(text)]);
  const { streams, hub } = await openStreams();
  // The rows alone are restored from an older copy, and this node has not read them since.
  await made.database.execute('DELETE FROM notification WHERE id > 1');
  const { stream, read } = open(streams, 'global', 0);
  await until(() => stream.state !== 'replaying');
  expect(hub.position).toBe(3);
  expect(stream.closeReason).toBe('reset');
  expect(read().filter(({ lastEventId }) => !lastEventId.startsWith('0-'))).toEqual([]);
});

test('A page without the row at its end is read again after a poll, and not kept for the streams that follow', async () => {
  for (const text of ['1', '2', '3']) await appender.append([unitOf(text)]);
  const reads = { pages: 0, polls: 0 };
  const query: Query = async <T>(sql: string, values?: unknown[]) => {
    const rows = await made.database.query<T>(sql, values);
    const [server, ...others] = rows as { id?: number }[];
    // The row at position 0 says whether the last one exists.
    return (server?.id === 0 && ++reads.pages === 1 ? [{ ...server, player_id: 0 }, ...others] : rows) as T[];
  };
  const opened = await openStreams({
    query,
    terms: () => opened.follower.terms,
    refresh: async () => void reads.polls++,
  });
  for (let count = 0; count < 2; count++) {
    const { stream, read } = open(opened.streams, 'global', 0);
    await until(() => stream.state === 'live');
    expect(read().filter(({ event }) => event === 'announcement').length).toBe(3);
  }
  expect(reads.polls).toBe(1);
});

test('A stream resumes at a head whose rows were lost before this node began', async () => {
  for (const text of ['1', '2', '3']) await appender.append([unitOf(text)]);
  await made.database.execute('DELETE FROM notification WHERE id > 1');
  const opened = await openStreams({ emptyAt: () => opened.follower.emptyAt });
  const { streams, hub } = opened;
  const { stream, read } = open(streams, 'global', 0);
  await until(() => stream.state === 'live');
  expect(hub.position).toBe(3);
  expect(read().map(({ event }) => event)).toEqual(['stream-open', 'announcement', 'caught-up']);
});

test('A delta that is appended while the snapshot is on its way reaches the stream after it', async () => {
  const delta = prepare(
    'LEADERBOARD_UPDATE',
    { contestId: 3, previous: 1, version: 2, total: 0, changed: [], removed: [], shifts: [] },
    { internal: true },
  );
  const opened = await openStreams({
    // Read at version 1; version 2 is published before it is sent.
    snapshot: async () => {
      const { hub, follower } = opened;
      const [appended] = await appender.append([{ drafts: [delta] }]);
      follower.hint(appended?.firstId ?? 0);
      await until(() => hub.settled === appended?.firstId);
      return encodeBytes('data: {"version":1}\n\n');
    },
  });
  await appender.append([unitOf('before')]);
  opened.follower.hint(1);
  await until(() => opened.hub.settled === 1);
  const { stream, read } = open(opened.streams, 'contest:3:leaderboard', 1);
  await until(() => stream.state === 'live');
  expect(read().map(({ event }) => event)).toEqual([
    'stream-open',
    'leaderboard-snapshot',
    'leaderboard-update',
    'caught-up',
  ]);
});

test('A stream that is closed leaves the hub, however it ends', async () => {
  const { streams, hub } = await openStreams();
  const opened = Array.from({ length: 3 }, () => open(streams, 'global', 0).stream);
  await until(() => opened.every(({ state }) => state === 'live'));
  expect([...hub.channels()]).toEqual([['global', 3]]);
  opened[0]?.close('replaced');
  expect([...hub.channels()]).toEqual([['global', 2]]);
  streams.closeWhere(() => true, 'expired');
  expect([...hub.channels()]).toEqual([]);
});
