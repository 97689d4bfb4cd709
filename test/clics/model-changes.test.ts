import { afterEach, describe, expect, it, vi } from 'vitest';
import { ContestModel } from '../../src/clics/contest-model.ts';
import type { ContestFacts } from '../../src/platform/contest-facts.ts';
import type { JudgedSubmission } from '../../src/platform/submissions.ts';

const START = Date.parse('2026-11-30T12:00:00Z');
const FACTS: ContestFacts = {
  id: 3,
  title: 'Weekly',
  status: 'LIVE',
  startsAt: START,
  endsAt: START + 7_200_000,
  problems: [5],
  frozen: false,
  frozenAt: null,
  freezeRecorded: false,
  revealedAt: null,
  announcedAt: null,
  resultsAt: null,
  leaderboardAt: null,
  rankingComplete: false,
};
const problems = [{ id: 5, title: 'Anagrams', tests: 1 }];
const submission = (id: number, playerId: number): JudgedSubmission => ({
  id,
  playerId,
  problemId: 5,
  verdict: 'rejected',
  verdictWord: 'WRONG_ANSWER',
  language: 'cpp',
  points: 0,
  submittedAt: START + id * 1000,
});
const teamsOf = (...ids: number[]) => ids.map((id) => ({ id, name: `Team ${id}` }));
const NOTHING = { players: new Set<number>(), rows: [] };

describe('The model of a contest', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('encodes no submission again when somebody joins, when a freeze begins, or for the other audience', () => {
    const model = new ContestModel();
    const rows = Array.from({ length: 1_000 }, (_, index) => submission(index + 1, 7));
    const encoded = vi.spyOn(JSON, 'stringify');
    model.apply({ facts: FACTS, problems, teams: teamsOf(7), submissions: { players: 'all', rows } });
    expect(encoded.mock.calls.length).toBeLessThan(2_100);
    encoded.mockClear();
    const joined = model.apply({ facts: FACTS, teams: teamsOf(7, 8), submissions: NOTHING });
    expect(joined.shown.map(({ type, id }) => [type, id])).toEqual([['teams', '8']]);
    const frozen = { ...FACTS, frozen: true, freezeRecorded: true, frozenAt: START + 900_000 };
    const { shown, real } = model.apply({ facts: frozen, submissions: NOTHING });
    expect(shown.filter(({ type }) => type === 'judgements')).toHaveLength(101);
    expect(real.filter(({ type }) => type === 'judgements')).toHaveLength(0);
    expect(encoded.mock.calls.length).toBeLessThan(100);
  });

  it('deletes what a participant who left has submitted, and has it again once the participant is back', () => {
    const model = new ContestModel();
    const rows = [submission(1, 7), submission(2, 8)];
    model.apply({ facts: FACTS, problems, teams: teamsOf(7, 8), submissions: { players: 'all', rows } });
    for (const [teams, change] of [
      [teamsOf(8), null],
      [teamsOf(7, 8), expect.any(String)],
    ] as const) {
      const { shown } = model.apply({ facts: FACTS, teams, submissions: NOTHING });
      expect(shown.toSorted((a, b) => a.type.localeCompare(b.type))).toEqual([
        { type: 'judgements', id: '1', json: change },
        { type: 'submissions', id: '1', json: change },
        { type: 'teams', id: '7', json: change },
      ]);
    }
  });
});
