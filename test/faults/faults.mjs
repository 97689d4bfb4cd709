import { setTimeout as sleep } from 'node:timers/promises';
import { restoreDump, takeDump } from './dump.mjs';

/** Faults by name. Each is over when its promise resolves; what it took is running again. */
export const BASIC_FAULTS = {
  async 'kill -9 of a node'({ nodes, random }) {
    const node = random.pick(nodes);
    await node.kill();
    await node.start();
  },
  async 'kill -9 of all nodes at once'({ nodes }) {
    await Promise.all(nodes.map((node) => node.kill()));
    await Promise.all(nodes.map((node) => node.start()));
  },
  async 'graceful restart of a node'({ nodes, random }) {
    const node = random.pick(nodes);
    await node.terminate();
    await node.start();
  },
  async 'frozen node'({ nodes, random }) {
    const node = random.pick(nodes);
    node.freeze();
    await sleep(1_000 + random.below(4_000));
    node.thaw();
  },
  async 'kill -9 of the database'({ database }) {
    await database.kill();
    await database.start();
  },
  async 'connections of the database killed'({ database }) {
    await killConnections(database, () => true);
  },
  async 'all client connections cut'({ proxy }) {
    proxy.cutAll();
  },
  async 'client connections stalled'({ proxy, random }) {
    proxy.stall();
    await sleep(500 + random.below(2_000));
    proxy.resume();
  },
};

/** Faults that take longer. */
const FURTHER_FAULTS = {
  async 'kill -9 of the database and all nodes'({ nodes, database }) {
    await Promise.all([database.kill(), ...nodes.map((node) => node.kill())]);
    await database.start();
    await Promise.all(nodes.map((node) => node.start()));
  },
  async 'kill -9 of a node and of its starts'({ nodes, random }) {
    const node = random.pick(nodes);
    await node.kill();
    for (let i = 0; i < 6; i++) await node.interruptStart(random.below(2_000));
    await node.start();
  },
  async 'kill -9 of the database and of its recoveries'({ database, random }) {
    await database.kill();
    for (let i = 0; i < 6; i++) await database.interruptStart(random.below(1_000));
    await database.start();
  },
  async 'frozen database'({ database, random }) {
    database.freeze();
    await sleep(1_000 + random.below(4_000));
    database.thaw();
  },
  async 'partition of a node from the database'({ nodes, random }) {
    const { databaseProxy } = random.pick(nodes);
    databaseProxy.partition();
    await sleep(1_000 + random.below(5_000));
    databaseProxy.heal();
  },
  async 'partition of all nodes from the database'({ nodes, random }) {
    for (const { databaseProxy } of nodes) databaseProxy.partition();
    await sleep(1_000 + random.below(5_000));
    for (const { databaseProxy } of nodes) databaseProxy.heal();
  },
  async 'connections killed in the middle of appends'({ database, random }) {
    for (let i = 0; i < 40; i++) {
      await killConnections(database, () => random.below(4) === 0);
      await sleep(random.below(40));
    }
  },
  async 'log_head locked by a silent client'({ database, random }) {
    await lock(database, 'SELECT * FROM log_head FOR UPDATE', 1_000 + random.below(4_000));
  },
  async 'rows of the outbox locked by a silent client'({ database, random }) {
    await lock(database, 'SELECT * FROM event_outbox LIMIT 1 FOR UPDATE', 1_000 + random.below(4_000));
  },
  async 'a contest locked by a silent client'({ database, random }) {
    await lock(database, 'SELECT * FROM contest LIMIT 1 FOR UPDATE', 1_000 + random.below(4_000));
  },
  async 'read-only database'({ database, random }) {
    const connection = await database.connect();
    await connection.query('SET GLOBAL read_only = 1');
    await sleep(1_000 + random.below(4_000));
    await connection.query('SET GLOBAL read_only = 0');
    await connection.end();
  },
  async 'connections exhausted'({ database, random }) {
    const connection = await database.connect();
    await connection.query('SET GLOBAL max_connections = 10');
    await killConnections(database, (id) => id !== connection.threadId, connection);
    await sleep(1_000 + random.below(4_000));
    await connection.query('SET GLOBAL max_connections = 500');
    await connection.end();
  },
  async 'rush of 5000 events'({ publishers }) {
    await publishers.rush(5_000);
  },
  async 'clock of a node 3 h ahead'(context) {
    await withClock(context, '+3h');
  },
  async 'clock of a node 3 h behind'(context) {
    await withClock(context, '-3h');
  },
  async 'transient rows deleted while streams are away'({ nodes, proxy, publishers, database, pruned }) {
    proxy.block();
    // Streams come back with a cursor below the deleted rows.
    await publishers.probe();
    await deleteTransientRows(database, pruned);
    // Nodes read the tails again every few seconds; one that starts reads them at once.
    await Promise.all(nodes.map((node) => node.kill()));
    await Promise.all(nodes.map((node) => node.start()));
    proxy.unblock();
  },
};

/** Faults that take history away: they record what the database lost. */
const HISTORY_FAULTS = {
  async 'failover to a server that lacks the last commits'({ database, losing, random }) {
    await losing(async () => {
      const copy = await database.copy();
      await sleep(1_000 + random.below(2_000));
      await database.kill();
      const before = database.promote(copy);
      await database.start();
      await database.discard(before);
    });
  },
  async 'failover while the old server falls silent'({ nodes, database, losing, random }) {
    await losing(async () => {
      const copy = await database.copy();
      await sleep(1_000 + random.below(2_000));
      await database.startCopy(copy);
      for (const { databaseProxy } of nodes) databaseProxy.partition();
      const before = database.promote(copy);
      await database.discard(before);
      for (const { databaseProxy } of nodes) databaseProxy.heal();
    });
  },
  async 'failover behind a proxy that keeps connections'({ nodes, database, losing, random }) {
    await losing(async () => {
      const copy = await database.copy();
      await sleep(1_000 + random.below(2_000));
      await database.startCopy(copy);
      const before = database.promote(copy);
      for (const { databaseProxy } of nodes) await databaseProxy.exchange();
      await database.discard(before);
    });
  },
  async 'restore of a dump while nodes run'({ database, losing, random }) {
    await losing(async () => {
      const dump = await takeDump(database);
      await sleep(500 + random.below(2_000));
      await restoreDump(database, dump);
    });
  },
  async 'restore of a dump while no node runs'({ nodes, database, losing, random }) {
    await losing(async () => {
      const dump = await takeDump(database);
      await sleep(500 + random.below(2_000));
      await Promise.all(nodes.map((node) => node.kill()));
      await restoreDump(database, dump);
      await Promise.all(nodes.map((node) => node.start()));
    });
  },
  /** The log grows past the cursors of the streams before they return: ids alone do not show that it is another one. */
  async 'restore of a dump while no node runs and streams return late'(context) {
    const { nodes, database, proxy, publishers, losing, random } = context;
    await losing(async () => {
      const dump = await takeDump(database);
      await sleep(500 + random.below(2_000));
      proxy.block();
      const before = await headOf(database);
      await Promise.all(nodes.map((node) => node.kill()));
      await restoreDump(database, dump);
      await Promise.all(nodes.map((node) => node.start()));
      while ((await headOf(database)) <= before) await publishers.probe();
    });
    proxy.unblock();
  },
  async 'log_head restored alone'({ database, losing, random }) {
    // Cursors may be refused, but no row is lost: what is acknowledged meanwhile stays.
    await losing(
      async () => {
        const connection = await database.connect();
        const [[{ head, epoch }]] = await connection.query('SELECT head, epoch FROM log_head');
        await sleep(500 + random.below(1_000));
        await connection.query('UPDATE log_head SET head = ?, epoch = ?, tag = NULL, tagged_head = NULL', [
          head,
          epoch,
        ]);
        await connection.end();
      },
      { takes: false },
    );
  },
};

/** Faults of a disk of the database's own. */
const DISK_FAULTS = {
  async 'full disk'({ database, random }) {
    const free = await database.fillDisk();
    await sleep(1_000 + random.below(4_000));
    await free();
  },
};

/** Faults of Redis: they cost latency alone. */
const REDIS_FAULTS = {
  async 'kill -9 of Redis'({ redis, random }) {
    await redis.kill();
    await sleep(random.below(2_000));
    await redis.start();
  },
  async 'frozen Redis'({ redis, random }) {
    redis.freeze();
    await sleep(1_000 + random.below(3_000));
    redis.thaw();
  },
  async 'Redis that lies'({ redis, random }) {
    await redis.lie(random, 1_000 + random.below(2_000));
  },
};

/** Faults that take minutes, for runs by name only. */
const SLOW_FAULTS = {
  /** Longer than the minute after which retention runs, with this node alone, so that it leads. */
  async 'clock of the leader 100 days ahead'({ nodes }) {
    await Promise.all(nodes.map((node) => node.terminate()));
    await nodes[0].start({ clock: '+100d' });
    await sleep(75_000);
    await nodes[0].terminate();
    for (const node of nodes) await node.start();
  },
};

export const FAULTS = {
  ...BASIC_FAULTS,
  ...FURTHER_FAULTS,
  ...HISTORY_FAULTS,
  ...DISK_FAULTS,
  ...REDIS_FAULTS,
  ...SLOW_FAULTS,
};

/** Faults of a run: named ones, or those of a set. */
export function faultsOf({ only, set, disk, redis }) {
  if (only) {
    const names = only.split(',');
    const unknown = names.filter((name) => !FAULTS[name]);
    if (unknown.length > 0)
      throw new Error(`There is no fault "${unknown.join('", "')}": ${Object.keys(FAULTS).join(', ')}`);
    return names;
  }
  const sets = {
    basic: BASIC_FAULTS,
    further: FURTHER_FAULTS,
    history: HISTORY_FAULTS,
    kills: Object.fromEntries(
      Object.entries({ ...BASIC_FAULTS, ...FURTHER_FAULTS }).filter(([name]) => name.startsWith('kill -9')),
    ),
    all: {
      ...BASIC_FAULTS,
      ...FURTHER_FAULTS,
      ...HISTORY_FAULTS,
      ...(disk ? DISK_FAULTS : {}),
      ...(redis ? REDIS_FAULTS : {}),
    },
    redis: REDIS_FAULTS,
  };
  if (!sets[set]) throw new Error(`There is no set "${set}": ${Object.keys(sets).join(', ')}`);
  return Object.keys(sets[set]);
}

/** Every fault once in a random order, and again, until `count` are chosen. */
export function schedule(random, names, count) {
  const chosen = [];
  while (chosen.length < count) {
    const round = [...names];
    for (let i = round.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [round[i], round[j]] = [round[j], round[i]];
    }
    chosen.push(...round);
  }
  return chosen.slice(0, count);
}

async function headOf(database) {
  const connection = await database.connect();
  const [[{ head }]] = await connection.query('SELECT head FROM log_head');
  await connection.end();
  return Number(head);
}

async function killConnections(database, isChosen, open) {
  const connection = open ?? (await database.connect());
  const [rows] = await connection.query(
    "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER IN ('root', 'live') AND ID <> CONNECTION_ID()",
  );
  const chosen = rows.filter(({ id }) => isChosen(id));
  for (const { id } of chosen) await connection.query(`KILL ${Number(id)}`).catch(() => {});
  if (!open) await connection.end();
}

/** What retention does to rows of receipt echoes, player status and the like, without their age. */
async function deleteTransientRows(database, pruned) {
  const connection = await database.connect();
  await connection.query('START TRANSACTION');
  const [[{ head }]] = await connection.query('SELECT head FROM log_head FOR UPDATE');
  const [rows] = await connection.query("SELECT id FROM notification WHERE keep_class = 'nudge' AND id < ?", [
    head,
  ]);
  for (const { id } of rows) pruned.add(id);
  await connection.query("DELETE FROM notification WHERE keep_class = 'nudge' AND id < ?", [head]);
  await connection.query("UPDATE log_tail SET tail = ? WHERE keep_class = 'nudge' AND tail < ?", [
    head,
    head,
  ]);
  await connection.query('COMMIT');
  await connection.end();
}

/** A frozen client is to the server one that is silent. */
async function lock(database, sql, ms) {
  const connection = await database.connect();
  connection.on('error', () => {});
  await connection.query('START TRANSACTION');
  await connection.query(sql).catch(() => {});
  await sleep(ms);
  await connection.query('ROLLBACK').catch(() => {});
  connection.destroy();
}

async function withClock({ nodes, random }, clock) {
  const node = random.pick(nodes);
  await node.terminate();
  await node.start({ clock });
  await sleep(3_000);
  await node.terminate();
  await node.start();
}
