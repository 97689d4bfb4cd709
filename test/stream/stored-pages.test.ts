import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { Hub } from '../../src/channel/hub.ts';
import { Ring } from '../../src/channel/ring.ts';
import type { Query } from '../../src/log/reader.ts';
import { Terms } from '../../src/log/terms.ts';
import type { Scope } from '../../src/protocol/scope.ts';
import type { Stream } from '../../src/stream/stream.ts';
import { Semaphore } from '../../src/util/semaphore.ts';
import { until } from '../support/until.ts';
import { frameOf } from '../support/wire/frames.ts';
import { createSink, createStreams, EPOCH, openStream } from './fixture.ts';

const ROWS = 1_200;
const PLAYERS = 40;

/** Scope of each row: every tenth is one player's. */
const scopeOf = (id: number): Scope => (id % 10 === 0 ? `player:${((id / 10) % PLAYERS) + 1}` : 'global');

/** Rows that a statement of `readScopes` or `readScopeRanges` returns from a log, given as the scope of each position. */
function rowsOf(log: readonly Scope[], sql: string, values: readonly unknown[]) {
  const limit = Number(/LIMIT ([0-9]+)\)/.exec(sql)?.[1]);
  const found: { id: number; page: number }[] = [];
  for (let at = 0; at < values.length; at += 3) {
    const [scope, after, through] = values.slice(at, at + 3) as [string, number, number];
    const ids = log.flatMap((one, index) =>
      one === scope && index >= after && index < through ? index + 1 : [],
    );
    found.push(...ids.slice(0, limit).map((id) => ({ id, page: at / 3 })));
  }
  // Pages apart have no order among them; merged ones do, and one limit.
  const isApart = / AS page\b/.test(sql);
  const rows = isApart ? found.reverse() : found.sort((one, other) => one.id - other.id).slice(0, limit);
  return rows.map(({ id, page }) => ({
    ...{ id, event_id: id, scope: log[id - 1], type: 'ANNOUNCEMENT', player_id: null, title: 'Title' },
    ...{ message: 'Message', data: '{}', created_at: new Date(), term: EPOCH, tag: 'tag', page },
  }));
}

/** A log in a database, and the reads of each scope from it. */
function storedLog() {
  const log = Array.from({ length: ROWS }, (_, index) => scopeOf(index + 1));
  const reads: unknown[] = [];
  const counts = { statements: 0 };
  const query: Query = async <T>(sql: string, values: unknown[] = []) => {
    if (!sql.includes('FROM notification')) return [];
    counts.statements++;
    reads.push(...values.filter((_, at) => at % 3 === 0));
    return rowsOf(log, sql, values) as T[];
  };
  return { query, counts, readsOf: (scope: Scope) => reads.filter((one) => one === scope) };
}

const TERMS = new Terms([{ number: 1, word: EPOCH, firstId: 0 }]);

function replays(query: Query) {
  const streams = createStreams({
    hub: new Hub(ROWS),
    ring: new Ring({ frames: 1, bytes: 1 }, ROWS),
    query,
    terms: () => TERMS,
  });
  onTestFinished(() => streams.close());
  return {
    streams,
    open(number: number) {
      const { sink, read } = createSink();
      const scopes: Scope[] = [`player:${number}`, 'global'];
      const stream = openStream(streams, sink, { requested: '0', scopes });
      const ids = () => read().events.flatMap(({ data }) => JSON.parse(data).id ?? []);
      const expected = Array.from({ length: ROWS }, (_, index) => index + 1).filter((id) =>
        scopes.includes(scopeOf(id)),
      );
      return { stream, ids, expected };
    },
  };
}

test('Streams that return from one position read what they share once, each gets its own, and all in order', async () => {
  const { query, counts, readsOf } = storedLog();
  const { open } = replays(query);
  const crowd = Array.from({ length: PLAYERS }, (_, index) => open(index + 1));
  await until(() => crowd.every(({ stream }) => stream.state === 'live'));
  for (const { ids, expected } of crowd) expect(ids()).toEqual(expected);
  // 1,080 rows of `global` are three pages.
  expect(readsOf('global')).toHaveLength(3);
  expect(readsOf('player:7')).toHaveLength(3);
  // One statement reads the scopes of many players.
  expect(counts.statements).toBeLessThan(15);
});

test('After a read that failed, each player is read apart, by a small page', async () => {
  const { query, readsOf } = storedLog();
  let failed = 0;
  const { open } = replays(async (sql, values) => {
    if (/ AS page\b/.test(sql)) {
      failed++;
      throw new Error('the statement took too long');
    }
    return query(sql, values);
  });
  const crowd = [1, 2, 3].map(open);
  await until(() => crowd.every(({ stream }) => stream.state === 'live'));
  for (const { ids, expected } of crowd) expect(ids()).toEqual(expected);
  expect(failed).toBeGreaterThan(0);
  expect(readsOf('player:2').length).toBeGreaterThan(0);
});

test('A page that was read before the log was reset is not sent after it', async () => {
  const { query, readsOf } = storedLog();
  const { streams, open } = replays(query);
  const before = open(1);
  await until(() => before.stream.state === 'live');
  streams.closeWhere(() => true, 'reset');
  const after = open(2);
  await until(() => after.stream.state === 'live');
  expect(after.ids()).toEqual(after.expected);
  expect(readsOf('global')).toHaveLength(6);
});

test('Whatever is appended while crowds return, each stream is sent its rows once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.record({ append: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 400 }) }),
          fc.record({ who: fc.integer({ min: 1, max: 3 }), back: fc.nat(900) }),
          fc.constant({ pause: true }),
        ),
        { minLength: 5, maxLength: 30 },
      ),
      async (steps) => {
        const log: Scope[] = [];
        const hub = new Hub(0);
        const ring = new Ring({ frames: 20, bytes: 1_000_000 }, 0);
        const query: Query = async <T>(sql: string, values: unknown[] = []) => {
          if (!sql.includes('FROM notification')) return [];
          // The rows are those of the moment at which the server reads, not at which it answers.
          const rows = rowsOf(log, sql, values);
          await new Promise(setImmediate);
          return rows as T[];
        };
        const streams = createStreams({ hub, ring, query, terms: () => TERMS, semaphore: new Semaphore(2) });
        const opened: { ids: () => number[]; stream: Stream; who: number; from: number }[] = [];
        for (const step of steps) {
          if ('append' in step) {
            const frames = step.append.map((who) => {
              log.push(who === 0 ? 'global' : `player:${who}`);
              return frameOf(log.length, { scope: log.at(-1) as Scope });
            });
            for (const frame of frames) ring.push(frame);
            hub.accept(frames);
          } else if ('who' in step) {
            const from = Math.max(0, hub.position - step.back);
            const { sink, read } = createSink();
            const scopes: Scope[] = [`player:${step.who}`, 'global'];
            const stream = openStream(streams, sink, { requested: `${from}`, from, scopes });
            const ids = () =>
              read().events.flatMap(({ event, data }) =>
                event === 'announcement' ? JSON.parse(data).id : [],
              );
            opened.push({ ids, stream, who: step.who, from });
          } else await new Promise(setImmediate);
        }
        await until(
          () => hub.settled === log.length && opened.every(({ stream }) => stream.state === 'live'),
        );
        for (const { ids, who, from } of opened)
          expect(ids()).toEqual(
            log.flatMap((scope, index) =>
              index >= from && (scope === 'global' || scope === `player:${who}`) ? index + 1 : [],
            ),
          );
        streams.close();
      },
    ),
    { numRuns: 60 },
  );
});
