import { setTimeout as sleep } from 'node:timers/promises';

/** Faults by name. Each is over when its promise resolves; what it took is running again. */
export const FAULTS = {
  async 'kill -9 of a node'({ nodes, random }) {
    const node = random.pick(nodes);
    await node.kill();
    await node.start();
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
    const connection = await database.connect();
    const [rows] = await connection.query(
      "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = 'root' AND ID <> CONNECTION_ID()",
    );
    for (const { id } of rows) await connection.query(`KILL ${Number(id)}`).catch(() => {});
    await connection.end();
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

/** Every fault once in a random order, and again, until `count` are chosen. */
export function schedule(random, count) {
  const chosen = [];
  while (chosen.length < count) {
    const round = Object.keys(FAULTS);
    for (let i = round.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [round[i], round[j]] = [round[j], round[i]];
    }
    chosen.push(...round);
  }
  return chosen.slice(0, count);
}
