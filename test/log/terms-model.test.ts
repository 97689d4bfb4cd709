import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomFrom } from '../support/random.ts';
import { Client, type Mutation, Node, World } from './terms-model.ts';

type Step =
  | { readonly do: 'append'; readonly node: number; readonly count: number }
  | { readonly do: 'append by an older node'; readonly count: number }
  | {
      readonly do: 'poll' | 'hint' | 'send positions' | 'kill' | 'cut follower' | 'cut appender';
      readonly node: number;
    }
  | { readonly do: 'receive a commit'; readonly node: number; readonly which: number }
  | { readonly do: 'start' }
  | { readonly do: 'connect'; readonly client: number; readonly node: number }
  | { readonly do: 'disconnect'; readonly client: number }
  | {
      readonly do:
        | 'prune'
        | 'restore'
        | 'restore between polls'
        | 'restore the head alone'
        | 'restore the rows alone'
        | 'restore while no node runs';
      readonly count: number;
    }
  | { readonly do: 'fail over'; readonly count: number; readonly how: 'broken' | 'alive' | 'kept by a proxy' }
  | { readonly do: 'wait'; readonly ms: number };

const node = fc.nat(2);
const client = fc.nat(2);
const few = fc.integer({ min: 1, max: 4 });
const prune = { weight: 1, arbitrary: fc.record({ do: fc.constant('prune'), count: few }) };
const benign: fc.WeightedArbitrary<Step>[] = [
  { weight: 8, arbitrary: fc.record({ do: fc.constant('append'), node, count: few }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('append by an older node'), count: few }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('poll'), node }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('hint', 'send positions'), node }) },
  // Mostly the newest commits: older ones are known by then.
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('receive a commit'),
      node,
      which: fc.oneof({ weight: 5, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(20) }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('kill', 'cut follower', 'cut appender'), node }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('start') }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('connect'), client, node }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('disconnect'), client }) },
  prune,
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(100, 2_500) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('fail over'),
      count: fc.constant(0),
      how: fc.constantFrom('broken', 'kept by a proxy'),
    }),
  },
] as fc.WeightedArbitrary<Step>[];
const faults: fc.WeightedArbitrary<Step>[] = [
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore'), count: few }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore while no node runs'), count: few }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('restore the head alone', 'restore the rows alone'),
      count: few,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fail over'),
      count: fc.nat(4),
      how: fc.constantFrom('broken', 'alive', 'kept by a proxy'),
    }),
  },
] as fc.WeightedArbitrary<Step>[];

/** Steps, in groups whose members run at the same time. */
const plan = (steps: fc.WeightedArbitrary<Step>[]) =>
  fc.record({
    seed: fc.nat(),
    groups: fc.array(fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 6 }), {
      minLength: 5,
      maxLength: 60,
    }),
  });

type Plan = { seed: number; groups: Step[][] };

async function run({ seed, groups }: Plan, mutation?: Mutation): Promise<World> {
  const world = new World(randomFrom(seed), mutation);
  for (let count = 0; count < 2; count++) world.nodes.push(await Node.start(world));
  for (let count = 0; count < 3; count++) world.clients.push(new Client());
  for (const group of groups) {
    world.now += 1;
    await Promise.all(group.map((step) => take(world, step)));
  }
  await world.settle();
  return world;
}

async function take(world: World, step: Step): Promise<void> {
  const at = 'node' in step ? world.living[step.node % Math.max(1, world.living.length)] : undefined;
  switch (step.do) {
    case 'append':
      await at?.append(world.events(step.count));
      return;
    case 'append by an older node':
      await world.primary.exclusively(() => {
        // It has no terms: what it appends to a log that lost commits looks like them.
        const { primary, unproven } = world;
        if (unproven || primary.lastRow() !== primary.state.head) return;
        primary.backUp();
        primary.write(world.events(step.count), null);
      });
      return;
    case 'receive a commit':
      await at?.receive(step.which);
      return;
    case 'poll':
      await at?.poll();
      return;
    case 'hint':
      at?.hint();
      return;
    case 'send positions':
      at?.sendPositions();
      return;
    case 'kill':
      at?.kill();
      return;
    case 'cut follower':
      if (at) at.follower.broken = true;
      return;
    case 'cut appender':
      if (at?.appender) at.appender.broken = true;
      return;
    case 'start':
      if (world.living.length < 3) {
        const started = await Node.start(world);
        // A failover that happened meanwhile cut it off as well.
        if (started.follower.server !== world.primary) started.follower.broken = true;
        world.nodes.push(started);
      }
      return;
    case 'connect': {
      const client = world.clients[step.client] as Client;
      await at?.open(client);
      return;
    }
    case 'disconnect': {
      const client = world.clients[step.client] as Client;
      client.node?.clients.delete(client);
      client.node = undefined;
      return;
    }
    case 'prune':
      await world.primary.exclusively(() => world.prune(step.count));
      return;
    case 'restore':
      await world.restore(step.count);
      return;
    case 'restore between polls':
      await world.restoreBetweenPolls(step.count);
      return;
    case 'restore while no node runs':
      for (const one of world.living) one.kill();
      await world.restore(step.count);
      return;
    case 'restore the head alone':
      await world.primary.exclusively(() => world.restoreHeadAlone(step.count));
      return;
    case 'restore the rows alone':
      await world.primary.exclusively(() => world.restoreRowsAlone(step.count));
      return;
    case 'fail over':
      world.failOver(step.count, step.how);
      return;
    case 'wait':
      world.now += step.ms;
  }
}

/** A server that is exchanged in the middle of a transaction leaves a node in doubt about everything. */
const exchangesServers = ({ groups }: Plan) =>
  groups.flat().some((step) => step.do === 'fail over' && step.how === 'kept by a proxy');

async function losesNothingSilently(plan: Plan, mutation?: Mutation): Promise<void> {
  const world = await run(plan, mutation);
  for (const client of world.clients) expect(world.wrong(client)).toBeUndefined();
  expect(world.nodes.map(({ misplaced }) => misplaced)).toEqual(world.nodes.map(() => 0));
}

const runs = Number(process.env.TERMS_RUNS ?? 300);
const timeout = Math.max(120_000, runs * 200);

/** A plan that found a fault once; its groups run in the same order with the same random decisions. */
const oneByOne = (seed: number, ...steps: Step[]): Plan => ({ seed, groups: steps.map((step) => [step]) });

/** The head alone goes back, and retention runs while it is below the rows. */
const prunedBehindTheHead: Plan[] = [
  {
    seed: 0,
    groups: [
      [
        { do: 'append', node: 0, count: 2 },
        { do: 'connect', client: 0, node: 0 },
      ],
      [{ do: 'prune', count: 1 }],
      [
        { do: 'restore the head alone', count: 2 },
        { do: 'prune', count: 1 },
        { do: 'connect', client: 0, node: 0 },
      ],
      [{ do: 'connect', client: 0, node: 0 }],
      [{ do: 'poll', node: 0 }],
      [{ do: 'connect', client: 0, node: 0 }],
      [{ do: 'connect', client: 0, node: 0 }],
      [{ do: 'append', node: 0, count: 1 }],
    ],
  },
  oneByOne(
    0,
    { do: 'connect', client: 0, node: 0 },
    { do: 'disconnect', client: 0 },
    { do: 'append', node: 0, count: 2 },
    { do: 'prune', count: 1 },
    { do: 'restore the head alone', count: 2 },
    { do: 'prune', count: 1 },
    { do: 'append', node: 0, count: 1 },
  ),
];

/** The head alone is restored from a backup of commits that are lost: its word is that of a term of another log. */
const headOfALostLog = oneByOne(
  0,
  { do: 'append', node: 0, count: 2 },
  { do: 'connect', client: 0, node: 0 },
  { do: 'append', node: 0, count: 1 },
  { do: 'disconnect', client: 0 },
  { do: 'restore', count: 3 },
  { do: 'append', node: 0, count: 4 },
  { do: 'append', node: 0, count: 2 },
  { do: 'poll', node: 1 },
  { do: 'restore the head alone', count: 4 },
);

/** Rows are lost and replaced within one term, up to the same head: only their tags differ. */
const replacedWithinATerm = oneByOne(
  0,
  { do: 'append', node: 0, count: 1 },
  { do: 'poll', node: 1 },
  { do: 'append', node: 1, count: 1 },
  { do: 'poll', node: 0 },
  { do: 'connect', client: 0, node: 0 },
  { do: 'append', node: 0, count: 2 },
  { do: 'poll', node: 0 },
  { do: 'restore between polls', count: 2 },
  { do: 'append', node: 1, count: 2 },
  { do: 'poll', node: 0 },
);

/** A commit is lost, another takes the position before it within the same term, and the broker delivers the lost one. */
const deliveredAfterItWasLost = oneByOne(
  0,
  { do: 'append', node: 0, count: 1 },
  { do: 'poll', node: 1 },
  { do: 'append', node: 1, count: 1 },
  { do: 'poll', node: 0 },
  { do: 'append', node: 0, count: 1 },
  { do: 'append', node: 0, count: 1 },
  { do: 'restore between polls', count: 2 },
  { do: 'append', node: 1, count: 1 },
  { do: 'receive a commit', node: 1, which: 1 },
);

/** A log is given up for another one, and comes back from a backup that lacks its last row. */
const restoredAfterItWasGivenUp: Plan = {
  seed: 0,
  groups: [
    [{ do: 'connect', client: 0, node: 0 }],
    [{ do: 'append', node: 0, count: 1 }],
    [
      { do: 'restore', count: 2 },
      { do: 'append', node: 0, count: 1 },
    ],
    [{ do: 'append', node: 0, count: 3 }],
    [{ do: 'restore', count: 2 }],
    [{ do: 'append', node: 0, count: 1 }],
    [{ do: 'append', node: 0, count: 1 }],
    [{ do: 'poll', node: 0 }],
    [{ do: 'start' }],
    [{ do: 'restore', count: 1 }],
    [{ do: 'append by an older node', count: 1 }],
    [{ do: 'append', node: 0, count: 1 }],
  ],
};

/** A node starts while a backup is restored: what it reads first is not there any more. */
const startedDuringARestore: Plan = {
  seed: 0,
  groups: [
    [{ do: 'connect', client: 0, node: 0 }],
    [{ do: 'append', node: 0, count: 1 }],
    [{ do: 'kill', node: 0 }],
    [{ do: 'append', node: 0, count: 2 }],
    [{ do: 'start' }, { do: 'restore', count: 2 }],
    [{ do: 'poll', node: 0 }],
    [{ do: 'kill', node: 0 }],
    [{ do: 'fail over', count: 0, how: 'broken' }],
    [{ do: 'poll', node: 0 }],
    [{ do: 'append', node: 0, count: 1 }],
  ],
};

/**
 * A node that has not noticed a restore replays rows of the new log, at a position that it has reached itself in the old one.
 * Then a backup is restored that knows the old one's term, and lacks the row.
 */
const replayedBeforeItWasNoticed: Plan = {
  seed: 0,
  groups: [
    [{ do: 'append', node: 0, count: 1 }],
    [{ do: 'restore the rows alone', count: 1 }],
    [
      { do: 'append', node: 0, count: 1 },
      { do: 'receive a commit', node: 0, which: 0 },
    ],
    [{ do: 'restore', count: 2 }, { do: 'connect', client: 0, node: 1 }, { do: 'start' }],
    [
      { do: 'append', node: 1, count: 2 },
      { do: 'connect', client: 1, node: 0 },
    ],
    [{ do: 'connect', client: 0, node: 0 }],
    [
      { do: 'restore while no node runs', count: 1 },
      { do: 'receive a commit', node: 0, which: 0 },
    ],
    [{ do: 'connect', client: 0, node: 0 }],
  ],
};

/** A node of an earlier release leaves no tag, and the rows alone are lost before any other node polls: a term begins at the first. */
const rowsLostBelowAHeadWithoutTag: Plan = {
  seed: 0,
  groups: [
    [
      { do: 'connect', client: 0, node: 1 },
      { do: 'kill', node: 0 },
    ],
    [
      { do: 'append', node: 0, count: 1 },
      { do: 'receive a commit', node: 0, which: 0 },
    ],
    [
      { do: 'append by an older node', count: 1 },
      { do: 'wait', ms: 100 },
    ],
    [{ do: 'restore the rows alone', count: 2 }],
    [{ do: 'receive a commit', node: 0, which: 0 }],
    [{ do: 'receive a commit', node: 0, which: 0 }],
    [{ do: 'disconnect', client: 0 }],
    [{ do: 'kill', node: 0 }],
  ],
};

/**
 * A node of an earlier release appends, retention deletes the row below, and a failover loses both: what was read above the
 * gap is not handed on over rows of another log.
 */
const rowsOfTwoLogs: Plan = {
  seed: 0,
  groups: [
    [{ do: 'receive a commit', node: 0, which: 0 }],
    [
      { do: 'append by an older node', count: 2 },
      { do: 'prune', count: 1 },
    ],
    [{ do: 'fail over', count: 2, how: 'alive' }],
    [
      { do: 'connect', client: 0, node: 0 },
      { do: 'receive a commit', node: 0, which: 0 },
      { do: 'append', node: 0, count: 1 },
      { do: 'poll', node: 1 },
      { do: 'append', node: 1, count: 1 },
      { do: 'fail over', count: 0, how: 'broken' },
    ],
    [{ do: 'connect', client: 0, node: 0 }],
    [{ do: 'connect', client: 0, node: 0 }],
    [{ do: 'restore while no node runs', count: 1 }],
    [{ do: 'fail over', count: 0, how: 'broken' }],
    [{ do: 'connect', client: 0, node: 0 }],
  ],
};

/**
 * A comparison moves the head to a row without a tag, then a backup loses the rows alone: an older term that begins there by
 * chance is not that of a comparison.
 */
const rowsLostBelowAMendedHead: Plan = {
  seed: 0,
  groups: [
    [
      { do: 'append', node: 0, count: 1 },
      { do: 'hint', node: 0 },
    ],
    [{ do: 'poll', node: 0 }],
    [
      { do: 'append by an older node', count: 1 },
      { do: 'connect', client: 0, node: 1 },
      { do: 'restore the head alone', count: 1 },
      { do: 'append', node: 1, count: 4 },
    ],
    [
      { do: 'restore while no node runs', count: 1 },
      { do: 'restore the head alone', count: 1 },
    ],
    [
      { do: 'restore', count: 4 },
      { do: 'restore the rows alone', count: 2 },
      { do: 'append', node: 0, count: 1 },
    ],
  ],
};

/**
 * A restored backup lacks the term that the appending connection found: the one that is present is older, and refuses
 * nothing.
 */
const termLostSinceTheConnection: Plan = {
  seed: 0,
  groups: [
    [
      { do: 'append', node: 0, count: 2 },
      { do: 'connect', client: 0, node: 0 },
    ],
    [{ do: 'fail over', count: 0, how: 'alive' }],
    [{ do: 'connect', client: 0, node: 0 }, { do: 'append', node: 0, count: 1 }, { do: 'start' }],
    [
      { do: 'append', node: 1, count: 2 },
      { do: 'receive a commit', node: 0, which: 0 },
    ],
    [
      { do: 'restore while no node runs', count: 2 },
      { do: 'start' },
      { do: 'fail over', count: 0, how: 'broken' },
    ],
    [
      { do: 'restore', count: 2 },
      { do: 'receive a commit', node: 0, which: 0 },
      { do: 'append', node: 0, count: 1 },
    ],
    [{ do: 'append', node: 0, count: 1 }],
    [{ do: 'poll', node: 0 }],
    [{ do: 'hint', node: 0 }],
    [{ do: 'receive a commit', node: 0, which: 0 }],
    [{ do: 'restore the head alone', count: 1 }],
  ],
};

/**
 * The rows alone are lost, the last one of a node of an earlier release: the head names no tag that would differ.
 */
const untaggedRowLost: Plan = {
  seed: 0,
  groups: [
    [{ do: 'disconnect', client: 0 }],
    [
      { do: 'append', node: 0, count: 1 },
      { do: 'poll', node: 0 },
    ],
    [
      { do: 'connect', client: 0, node: 0 },
      { do: 'append by an older node', count: 2 },
      { do: 'poll', node: 0 },
      { do: 'receive a commit', node: 0, which: 0 },
    ],
    [
      { do: 'append', node: 0, count: 2 },
      { do: 'restore the rows alone', count: 2 },
    ],
    [{ do: 'restore while no node runs', count: 1 }],
  ],
};

/**
 * A node holds own commits above a gap while another one begins a term below them, since they are lost.
 */
const heldCommitsOverruled: Plan = {
  seed: 1170964794,
  groups: [
    [{ do: 'receive a commit', node: 0, which: 0 }],
    [
      { do: 'receive a commit', node: 0, which: 0 },
      { do: 'append', node: 0, count: 1 },
      { do: 'append', node: 1, count: 4 },
      { do: 'append', node: 0, count: 1 },
    ],
    [
      { do: 'connect', client: 0, node: 1 },
      { do: 'fail over', count: 0, how: 'broken' },
      { do: 'restore the rows alone', count: 4 },
    ],
    [{ do: 'append', node: 0, count: 1 }],
    [{ do: 'poll', node: 1 }],
    [
      { do: 'restore while no node runs', count: 1 },
      { do: 'hint', node: 0 },
    ],
    [{ do: 'append', node: 0, count: 1 }],
    [{ do: 'fail over', count: 0, how: 'broken' }],
    [{ do: 'append', node: 0, count: 1 }],
    [{ do: 'fail over', count: 0, how: 'broken' }],
    [{ do: 'receive a commit', node: 0, which: 0 }],
  ],
};

/** The rows alone are lost twice, the second time below a head that a comparison has mended. */
const lostBelowAMendedHead: Plan = {
  seed: 0,
  groups: [
    [{ do: 'connect', client: 0, node: 0 }],
    [{ do: 'append', node: 0, count: 1 }],
    [{ do: 'append', node: 1, count: 3 }],
    [{ do: 'restore the rows alone', count: 3 }],
    [{ do: 'connect', client: 1, node: 1 }],
    [{ do: 'restore the rows alone', count: 4 }],
    [
      { do: 'append', node: 1, count: 1 },
      { do: 'connect', client: 0, node: 0 },
    ],
    [{ do: 'disconnect', client: 0 }],
    [{ do: 'fail over', count: 0, how: 'broken' }],
    [{ do: 'restore the head alone', count: 1 }],
    [
      { do: 'restore while no node runs', count: 1 },
      { do: 'append', node: 0, count: 1 },
    ],
    [{ do: 'prune', count: 1 }],
  ],
};

const examples = [
  ...prunedBehindTheHead,
  headOfALostLog,
  restoredAfterItWasGivenUp,
  replacedWithinATerm,
  deliveredAfterItWasLost,
  replayedBeforeItWasNoticed,
  rowsLostBelowAHeadWithoutTag,
  rowsOfTwoLogs,
  rowsLostBelowAMendedHead,
  termLostSinceTheConnection,
  untaggedRowLost,
  heldCommitsOverruled,
  lostBelowAMendedHead,
].map((steps): [Plan] => [steps]);

test(
  'whatever happens to the log, every client has it as it is, or knows from which position on it has not',
  async () => {
    await fc.assert(
      fc.asyncProperty(plan([...benign, ...faults]), (steps) => losesNothingSilently(steps)),
      { numRuns: runs, examples },
    );
  },
  timeout,
);

test(
  'where no commit is lost, no cursor is refused, and no stream is reset',
  async () => {
    await fc.assert(
      fc.asyncProperty(plan(benign), async (steps) => {
        const world = await run(steps);
        for (const client of world.clients) {
          expect(world.wrong(client)).toBeUndefined();
          expect(client.refused).toEqual([]);
        }
        expect(world.nodes.map(({ faults }) => faults)).toEqual(world.nodes.map(() => 0));
      }),
      { numRuns: runs },
    );
  },
  timeout,
);

test(
  'a cursor below everything that was lost, or may have been, is not refused',
  async () => {
    const unpruned = [...benign, ...faults].filter(({ arbitrary }) => arbitrary !== prune.arbitrary);
    await fc.assert(
      fc.asyncProperty(plan(unpruned), async (steps) => {
        fc.pre(!exchangesServers(steps));
        const world = await run(steps);
        for (const client of world.clients)
          for (const id of client.refused) expect(id).toBeGreaterThan(world.lowestLoss);
      }),
      { numRuns: runs, examples: [[startedDuringARestore]] },
    );
  },
  timeout,
);

test.each<Mutation>([
  'no new terms',
  'ids alone',
  'no marks',
  'no verification',
  'commits of others without predecessor',
])(
  'the property sees a log with %s',
  async (mutation) => {
    const outcome = await fc.check(
      fc.asyncProperty(plan([...benign, ...faults]), (steps) => losesNothingSilently(steps, mutation)),
      { numRuns: 3_000, endOnFailure: true, examples },
    );
    expect(outcome.failed).toBe(true);
  },
  timeout,
);
