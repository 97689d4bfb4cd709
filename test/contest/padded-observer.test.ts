import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { PacedEvents } from '../../src/events/paced-events.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { seededRandom } from '../support/random.ts';
import { prepareService } from '../support/service.ts';
import { FAST } from '../support/wire/leaderboard-http.ts';
import { differencesOf, flipped, observeContest, planOf, randomPlan, signsOf } from './observer.ts';

const live = prepareService({
  ...FAST,
  GLOBAL_LEADERBOARD_INTERVAL_MS: '50',
  FREEZE_APPEND_INTERVAL_MS: '200',
  PRESENCE_GRACE_MS: '0',
  PRESENCE_INTERVAL_MS: '50',
});
beforeAll(async () => {
  await installTriggers(live.test.database);
});

const padded = { begun: 0, ended: 0 };
const { run, observe } = PacedEvents.prototype;
beforeEach(() => {
  vi.spyOn(PacedEvents.prototype, 'run').mockImplementation(async function (this: PacedEvents) {
    padded.begun += 1;
    await run.call(this).finally(() => {
      padded.ended += 1;
    });
  });
});
afterEach(() => void vi.restoreAllMocks());

test('Padded appends look the same to others if every hidden verdict is another one', async () => {
  const plan = randomPlan(seededRandom());
  const first = await observeContest(live, plan, { padded });
  const second = await observeContest(live, flipped(plan), { padded });
  expect(first).toHaveLength(plan.length);
  for (const [index, sight] of first.entries()) expect(differencesOf(sight, second[index])).toEqual([]);
  expect(signsOf(plan, first)).toEqual([]);
}, 240_000);

test('An observer infers hidden verdicts where only accepted submissions enlarge the next append', async () => {
  vi.spyOn(PacedEvents.prototype, 'observe').mockImplementation(function (this: PacedEvents, rows) {
    observe.call(
      this,
      rows.filter(({ data }) => !data.includes('WRONG_ANSWER')),
    );
  });
  const plan = planOf('-+-+');
  expect(signsOf(plan, await observeContest(live, plan, { padded })).join()).toMatch(/positions/);
}, 240_000);
