import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PacedEvents } from '../../src/events/paced-events.ts';
import { seededRandom } from '../support/random.ts';
import { expectNoSigns, observeContest, planOf, prepareObserved, randomPlan, signsOf } from './observer.ts';

const live = prepareObserved(200);

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
  await expectNoSigns(live, randomPlan(seededRandom()), { padded });
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
