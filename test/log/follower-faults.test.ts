import { describe, expect, test } from 'vitest';
import { readHead } from '../../src/log/reader.ts';
import { unitOf } from '../support/database/log.ts';
import { until } from '../support/until.ts';
import { ids, kill, prepareLog, range } from './fixture.ts';

const log = prepareLog();
const { database, following } = log;
const append = log.appendElsewhere;

const epoch = async () => (await readHead(database.query)).epoch;

/** A `connect` that waits until it is let through. */
function gated() {
  let open = () => {};
  let opened = Promise.resolve();
  return {
    connect: async () => {
      await opened;
      return database.connect();
    },
    shut() {
      opened = new Promise((resolve) => {
        open = resolve;
      });
    },
    open: () => open(),
  };
}

test('a connection that falls silent in the middle of a page is replaced', async () => {
  const { proxy, over } = await log.proxied();
  const { rows, connections } = await following({ connect: () => over.connect() });
  proxy.freezeAt('SELECT id, event_id, scope');
  await append(3);
  await until(() => rows.length === 3);
  expect([ids(rows), connections.length]).toEqual([[1, 2, 3], 2]);
});

/** A follower at 5 whose connection is gone, until `gate` opens; the epoch `before`. */
async function cutOff() {
  await append(5);
  const gate = gated();
  const { follower, rows, faults, connections } = await following({ connect: gate.connect });
  const before = await epoch();
  gate.shut();
  await kill(connections.at(-1));
  await until(() => !follower.connected);
  return { gate, before, follower, rows, faults };
}

describe('a fault of the log', () => {
  test('a hole that is really there: a new epoch, and streams are reset', async () => {
    await append(5);
    const before = await epoch();
    const { follower, rows, faults } = await following();
    await database.execute('UPDATE log_head SET head = head + 1 WHERE id = 1');
    await append(2);
    await until(() => faults.length > 0);
    expect(faults).toMatchObject([{ reason: 'hole', from: 5 }]);
    expect(follower.terms.present?.word).not.toBe(before);
    expect(follower.terms.present?.word).toBe(await epoch());
    expect(follower.terms.present?.word).toMatch(/^[a-z0-9]{8}$/);
    await until(() => follower.position === 8);
    await append(2);
    await until(() => follower.position === 10);
    const { to } = faults[0] as { to: number };
    expect(ids(rows)).toEqual(range(to + 1, 10));
    expect(faults.length).toBe(1);
  });

  test('a hole that several nodes see is one new epoch', async () => {
    await append(5);
    const nodes = [await following(), await following(), await following()];
    const epochs = new Set<string>();
    await database.execute('UPDATE log_head SET head = head + 1 WHERE id = 1');
    await until(async () => {
      epochs.add(await epoch());
      return nodes.every(({ faults }) => faults.length > 0);
    });
    epochs.add(await epoch());
    expect(epochs.size).toBeLessThanOrEqual(2);
    for (const { follower, faults } of nodes) {
      expect(follower.terms.present?.word).toBe(await epoch());
      expect(faults.length).toBe(1);
      expect(['hole', 'epoch-changed']).toContain(faults[0]?.reason);
    }
  });

  test('a head below what was handed on: a new epoch, and it goes on from there', async () => {
    await append(5);
    const before = await epoch();
    const { rows, faults } = await following();
    await database.transaction(async (tx) => {
      await tx.execute('UPDATE log_head SET head = 2 WHERE id = 1');
      await tx.execute('DELETE FROM notification WHERE id > 2');
    });
    await until(() => faults.length > 0);
    expect(faults).toEqual([{ reason: 'regressed', from: 5, to: 2 }]);
    expect(await epoch()).not.toBe(before);
    await append(2);
    await until(() => rows.length === 2);
    expect(ids(rows)).toEqual([3, 4]);
  });

  test('another log behind the same address is noticed, also when own commits have already grown past it', async () => {
    const { gate, before, follower, rows, faults } = await cutOff();
    // A restored backup: the last two rows never happened, and this process appends three of its own.
    await database.transaction(async (tx) => {
      await tx.execute('UPDATE log_head SET head = 3 WHERE id = 1');
      await tx.execute('DELETE FROM notification WHERE id > 3');
    });
    const own = log.appending({
      onCommitted: (committed, proof) => follower.offer(committed, proof),
    });
    await own.append([unitOf('a'), unitOf('b'), unitOf('c'), unitOf('d')]);
    expect(rows).toEqual([]);
    gate.open();
    await until(() => faults.length > 0);
    expect(faults).toEqual([{ reason: 'replaced', from: 5, to: 7 }]);
    expect(await epoch()).not.toBe(before);
    await own.append([unitOf('e')]);
    await until(() => rows.length === 1);
    expect(ids(rows)).toEqual([8]);
  });

  test('an epoch that another node has changed is taken over, not changed again', async () => {
    await append(5);
    const { follower, faults, rows } = await following();
    await database.execute("UPDATE log_head SET epoch = 'zzzz' WHERE id = 1");
    await until(() => faults.length > 0);
    expect(faults).toEqual([{ reason: 'epoch-changed', from: 5, to: 5 }]);
    expect([follower.terms.present?.word, await epoch()]).toEqual(['zzzz', 'zzzz']);
    await append(1);
    await until(() => rows.length === 1);
  });

  test('own commits that arrive while the epoch changes are handed on once', async () => {
    const { follower, rows, faults } = await following();
    const own = log.appending({
      onCommitted: (committed, proof) => follower.offer(committed, proof),
    });
    for (let round = 0; round < 20; round++) {
      const appends = Array.from({ length: 5 }, (_, i) => own.append([unitOf(`${round}.${i}`)]));
      await database.execute('UPDATE log_head SET epoch = ? WHERE id = 1', [`aa${round + 10}`]);
      await Promise.all(appends);
    }
    const { head } = await readHead(database.query);
    await until(() => follower.position === head && follower.terms.present?.word === 'aa29');
    expect(faults.every((fault) => fault.reason === 'epoch-changed')).toBe(true);
    const passedOver = new Set(faults.flatMap(({ from, to }) => range(from + 1, to)));
    expect(ids(rows)).toEqual(range(1, head).filter((id) => !passedOver.has(id)));
  });

  test('a follower that was away for so long that rows were deleted fell behind, and the log keeps its epoch', async () => {
    const { gate, before, rows, faults } = await cutOff();
    await append(10);
    await database.transaction(async (tx) => {
      await tx.execute('DELETE FROM notification WHERE id <= 9');
      await tx.execute("UPDATE log_tail SET tail = 10 WHERE keep_class = 'global'");
    });
    gate.open();
    await until(() => faults.length > 0);
    expect(faults).toEqual([{ reason: 'fell-behind', from: 5, to: 15 }]);
    expect(await epoch()).toBe(before);
    await append(1);
    await until(() => rows.length === 1);
    expect(ids(rows)).toEqual([16]);
  });

  test('rows that are deleted behind it do not concern it', async () => {
    const { follower, rows, faults } = await following();
    await append(10);
    await until(() => rows.length === 10);
    await database.transaction(async (tx) => {
      await tx.execute('DELETE FROM notification WHERE id < 10');
      await tx.execute("UPDATE log_tail SET tail = 10 WHERE keep_class = 'global'");
    });
    await append(5);
    await until(() => follower.position === 15);
    expect([ids(rows), faults]).toEqual([range(1, 15), []]);
  });
});
