import { afterEach, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import type { EventDefinition, Redacted } from '../../src/protocol/definition.ts';
import { scopes } from '../../src/protocol/scope.ts';
import { seededRandom } from '../support/random.ts';
import { expectNoSigns, observeContest, planOf, prepareObserved, randomPlan, signsOf } from './observer.ts';

/** Rounds of hidden submissions per contest; a longer run: `OBSERVER_ROUNDS=20 npx vitest run test/contest/observer.test.ts`. */
const ROUNDS = Number(process.env.OBSERVER_ROUNDS ?? 1);

// So long that no padded append is among what is compared: `padded-observer.test.ts` compares these.
const live = prepareObserved(600_000);

test(
  'A frozen contest looks the same to others if every hidden verdict is another one',
  async () => {
    const random = seededRandom();
    for (let round = 0; round < ROUNDS; round++) await expectNoSigns(live, randomPlan(random));
  },
  120_000 * ROUNDS,
);

describe('An observer infers hidden verdicts', () => {
  const definitions = CATALOGUE as unknown as Record<
    string,
    { -readonly [K in keyof EventDefinition<never>]: EventDefinition<never>[K] }
  >;
  const restore: (() => void)[] = [];
  afterEach(() => {
    for (const put of restore.splice(0)) put();
  });
  /** Takes a guard out of the catalogue until the end of the test. */
  function change(
    type: string,
    make: (definition: EventDefinition<never>) => Partial<EventDefinition<never>>,
  ): void {
    const definition = definitions[type] as EventDefinition<never>;
    const original = { ...definition };
    Object.assign(definition, make(original));
    restore.push(() => void Object.assign(definition, { redact: undefined }, original));
  }
  const plan = planOf('-+-+');

  test.each([
    ['solves go to the contest', () => change('PROBLEM_SOLVED', () => ({ redact: {} })), /problem-solved/],
    ['a level goes to everybody', () => change('LEVEL_UP', () => ({ redact: {} })), /level-up/],
    [
      'verdicts move positions',
      () => {
        for (const type of ['PROBLEM_SOLVED', 'XP_GAINED', 'LEVEL_UP'])
          change(type, ({ redact }) => ({
            redact: {
              frozen: (data, contest) => {
                const redacted = redact?.frozen?.(data, contest) as Redacted<never>;
                return { ...redacted, targets: redacted.paced ?? [], paced: [] };
              },
            },
          }));
      },
      /positions/,
    ],
    [
      'a verdict goes to the contest',
      () =>
        change('SUBMISSION_JUDGED', ({ targets }) => ({
          targets: (data) => {
            const { contestId, verdict } = data as { contestId: number; verdict: string };
            return [...targets(data), ...(verdict === 'ACCEPTED' ? [scopes.contest(contestId)] : [])];
          },
        })),
      /submission-judged/,
    ],
  ] as const)('where %s', async (_, takeOut, sign) => {
    takeOut();
    expect(signsOf(plan, await observeContest(live, plan)).join()).toMatch(sign);
  });

  test('where cells show what came after the freeze', async () => {
    const { database } = live.test;
    const sights = await observeContest(live, plan, {
      afterFreeze: async (contestId) => {
        await database.execute(
          'UPDATE contest_freeze SET frozen_at = frozen_at + INTERVAL 1 DAY WHERE contest_id = ?',
          [contestId],
        );
      },
    });
    expect(signsOf(plan, sights).join()).toMatch(/cells=1 solvedAt/);
  });

  test('where the public XP is not held', async () => {
    const { database } = live.test;
    const [trigger] = await database.query<{ name: string }>(
      "SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'player' AND ACTION_STATEMENT LIKE '%INTO frozen_player%'",
    );
    await database.execute(`DROP TRIGGER ${trigger?.name}`);
    const sights = await observeContest(live, plan, {
      afterFreeze: async (contestId) => {
        await database.execute('DELETE FROM frozen_player WHERE contest_id = ?', [contestId]);
      },
    });
    expect(signsOf(plan, sights).join()).toMatch(/outsider global/);
  });
});
