import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { unitOf, wholeLog } from '../support/database/log.ts';
import { randomFrom } from '../support/random.ts';
import { until } from '../support/until.ts';
import { type Cluster, openCluster, type Sent } from './fixture.ts';

const made = prepareDatabase();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(
  ...args: Parameters<typeof openCluster> extends [unknown, ...infer R] ? R : never
): Promise<Cluster> {
  const cluster = await openCluster(made.database, ...args);
  closers.push(() => cluster.close());
  return cluster;
}

/** Every node delivered exactly what the log has above `from`. */
async function expectSameLog({ nodes }: Cluster, from: number): Promise<void> {
  const log = (await wholeLog(made.database)).filter(({ id }) => id > from);
  const head = from + log.length;
  await until(() => nodes.every(({ follower }) => follower.position >= head));
  for (const { rows, faults, errors } of nodes)
    expect({ rows, faults, errors }).toEqual({ rows: log, faults: [], errors: [] });
}

/** Appends `count` events of a node, one after the other. */
const publish = async ({ nodes }: Cluster, node: number, count: number) => {
  for (let index = 0; index < count; index++)
    await nodes[node]?.appender.append([unitOf(`${node}, ${index}`)]);
};

type Lie = 'delay' | 'drop' | 'repeat' | 'tamper' | 'garbage' | 'own' | 'truncate';

test('whatever a broker makes of the messages, every node delivers the log once, in order, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1 }),
      fc.uniqueArray(
        fc.constantFrom<Lie>('delay', 'drop', 'repeat', 'tamper', 'garbage', 'own', 'truncate'),
        { maxLength: 7 },
      ),
      fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 3, maxLength: 3 }),
      async (seed, lies, counts) => {
        const random = randomFrom(seed);
        const held: Sent[] = [];
        const past: string[] = [];
        const cluster = await openCluster(
          made.database,
          3,
          (sent) => {
            past.push(sent.text);
            held.push(sent);
            if (!lies.includes('delay') || random() < 0.4) deliver();
          },
          { pollMs: { busy: 2, idle: 20 } },
        );
        const pick = (texts: readonly string[]) => texts[Math.floor(random() * texts.length)] as string;
        const distort = (text: string) => {
          const digits = [...text.matchAll(/\d/g)].map(({ index }) => index);
          const at = pick(digits.map(String));
          return `${text.slice(0, Number(at))}${Math.floor(random() * 10)}${text.slice(Number(at) + 1)}`;
        };
        const deliver = () => {
          if (lies.includes('delay')) held.sort(() => random() - 0.5);
          for (const { from, text } of held.splice(0))
            for (const [index, { receive }] of cluster.nodes.entries()) {
              if (index === from && !lies.includes('own')) continue;
              if (lies.includes('drop') && random() < 0.3) continue;
              if (lies.includes('repeat') && random() < 0.5) receive(pick(past));
              if (lies.includes('garbage') && random() < 0.3)
                receive(text.slice(Math.floor(random() * text.length)));
              if (lies.includes('truncate') && random() < 0.3) receive(text.replace(/,"mac.*$/, '}'));
              receive(lies.includes('tamper') && random() < 0.4 ? distort(text) : text);
            }
        };
        try {
          const [{ follower }] = cluster.nodes as [Cluster['nodes'][number]];
          const from = follower.position;
          await Promise.all(counts.map((count, node) => publish(cluster, node, count)));
          deliver();
          await expectSameLog(cluster, from);
        } finally {
          await cluster.close();
        }
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
}, 120_000);

test('rows that were never committed are not delivered, whoever sends them', async () => {
  const sent: Sent[] = [];
  const cluster = await open(2, (message) => sent.push(message));
  const [first, second] = cluster.nodes as [Cluster['nodes'][number], Cluster['nodes'][number]];
  const from = second.follower.position;
  await publish(cluster, 0, 2);
  await until(() => second.follower.position === from + 2);
  const genuine = JSON.parse(sent.at(-1)?.text ?? '') as { mac: string; commits: [unknown[]] };
  const [server, term, tag, at] = genuine.commits[0];
  const forged = [
    [server, term, 'f0rg3d', at, tag, from + 3, [[0, 'global', 'ANNOUNCEMENT', null, 'T', 'forged', '{}']]],
  ];
  for (const mac of [genuine.mac, '', undefined])
    second.receive(JSON.stringify({ from: 'node 0', head: from + 3, mac, commits: forged }));
  await first.appender.append([unitOf('true')]);
  await expectSameLog(cluster, from);
});

test('nodes read the database as often as at rest while commits arrive, however many nodes there are', async () => {
  const reads = async (size: number): Promise<number> => {
    const cluster: Cluster = await openCluster(made.database, size, ({ from, text }) => {
      for (const [index, { receive }] of cluster.nodes.entries()) if (index !== from) receive(text);
    });
    try {
      const [{ follower }] = cluster.nodes as [Cluster['nodes'][number]];
      const from = follower.position;
      // The first append of a connection begins a term, which others have to read.
      for (let node = 0; node < size; node++) await publish(cluster, node, 1);
      await expectSameLog(cluster, from);
      const before = cluster.nodes.map(({ queries }) => queries());
      const startedAt = performance.now();
      for (let round = 0; round < 200; round++) await publish(cluster, round % size, 1);
      await expectSameLog(cluster, from);
      const seconds = (performance.now() - startedAt) / 1_000;
      const polls = 4 * seconds + 2;
      return Math.max(...cluster.nodes.map(({ queries }, index) => queries() - (before[index] ?? 0) - polls));
    } finally {
      await cluster.close();
    }
  };
  for (const size of [2, 6]) expect(await reads(size)).toBeLessThan(20);
}, 60_000);

test('a node that finds rows before they are delivered to it polls no faster for them', async () => {
  // Each message arrives after the rows of the next three, so every poll finds some.
  const late: string[] = [];
  const deliver = (rest: number) => {
    while (late.length > rest) cluster.nodes[1]?.receive(late.shift() as string);
  };
  const cluster: Cluster = await open(2, ({ from, text }) => {
    if (from !== 0) return;
    late.push(text);
    deliver(3);
  });
  const [{ follower }, other] = cluster.nodes as [Cluster['nodes'][number], Cluster['nodes'][number]];
  const from = follower.position;
  await publish(cluster, 0, 20);
  await expectSameLog(cluster, from);
  const before = other.queries();
  const startedAt = performance.now();
  await publish(cluster, 0, 400);
  await expectSameLog(cluster, from);
  const polls = 4 * ((performance.now() - startedAt) / 1_000) + 2;
  // A poll that finds rows reads them, too.
  expect(other.queries() - before).toBeLessThan(3 * polls + 20);
}, 60_000);

test.each([
  ['has another secret', ['one', 'other'] as const, (text: string) => text],
  [
    'is of a release that sends no commits',
    ['one', 'one'] as const,
    (text: string) => text.replace(/,"mac.*$/, '}'),
  ],
])('a node that %s is followed by reading', async (_, keys, change) => {
  const cluster: Cluster = await open(2, ({ from, text }) => cluster.nodes[1 - from]?.receive(change(text)), {
    keys,
  });
  const from = cluster.nodes[1]?.follower.position ?? 0;
  await publish(cluster, 0, 20);
  await expectSameLog(cluster, from);
  expect(cluster.nodes[1]?.follower.received).toBe(0);
});

test('what a node commits reaches the others without a read, the first commit of a term excepted', async () => {
  const cluster: Cluster = await open(2, ({ from, text }) => cluster.nodes[1 - from]?.receive(text));
  const from = cluster.nodes[1]?.follower.position ?? 0;
  await publish(cluster, 0, 1);
  await expectSameLog(cluster, from);
  await publish(cluster, 0, 20);
  await expectSameLog(cluster, from);
  expect(cluster.nodes[1]?.follower.received).toBeGreaterThan(0);
});
