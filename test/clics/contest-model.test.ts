import { describe, expect, it } from 'vitest';
import { ContestModel, type ContestRead } from '../../src/clics/contest-model.ts';
import { collectionLinesOf, type FeedChange, lineOf, linesOf } from '../../src/clics/feed-view.ts';
import { type FeedLine, FeedReplica } from './fixture.ts';
import { openSpecification } from './specification.ts';

const START = Date.parse('2026-01-01T10:00:00Z');
const MINUTE = 60_000;
const FREEZE = START + 60 * MINUTE;

type Facts = ContestRead['facts'];
type Submission = ContestRead['submissions']['rows'][number];

const LIVE: Facts = {
  id: 3,
  title: 'Weekly “Contest”',
  status: 'LIVE',
  startsAt: START,
  endsAt: START + 90 * MINUTE,
  problems: [5, 6],
  frozen: false,
  frozenAt: null,
  freezeRecorded: false,
  revealedAt: null,
  announcedAt: START,
  resultsAt: null,
  leaderboardAt: null,
  rankingComplete: false,
};
const FROZEN: Facts = { ...LIVE, frozen: true, frozenAt: FREEZE, freezeRecorded: true };
const ENDED: Facts = { ...FROZEN, status: 'ENDED', rankingComplete: true, announcedAt: START + 90 * MINUTE };
const OVER: Facts = { ...ENDED, frozen: false, resultsAt: START + 100 * MINUTE };

function submission(
  id: number,
  playerId: number,
  minute: number,
  word: string | null,
  problemId = 5,
): Submission {
  return {
    id,
    playerId,
    problemId,
    verdict: word === 'ACCEPTED' ? 'accepted' : word === null || word === 'PENDING' ? 'pending' : 'rejected',
    points: 0,
    submittedAt: START + minute * MINUTE,
    verdictWord: word,
    language: id % 2 === 0 ? 'C++' : 'java',
  };
}

const PLAYERS = [7, 8];
const whole = (facts: Facts, rows: readonly Submission[]): ContestRead => ({
  facts,
  problems: [
    { id: 5, title: 'Anagrams', tests: 3 },
    { id: 6, title: '', tests: 0 },
  ],
  teams: PLAYERS.map((id) => ({ id, name: `Player ${id}` })),
  ...(facts.rankingComplete
    ? { results: { winners: [{ playerId: 7, rank: 1 }], top: [{ playerId: 7, rank: 1 }], ranked: 2 } }
    : {}),
  submissions: { players: 'all', rows },
});

/** A replica for each audience, fed with the changes that a model returns; every line is checked. */
function follow() {
  const model = new ContestModel();
  const replicas = { shown: new FeedReplica(), real: new FeedReplica() };
  const specification = openSpecification();
  const apply = (read: ContestRead) => {
    const changes = model.apply(read);
    for (const audience of ['shown', 'real'] as const) {
      const replica = replicas[audience];
      for (const line of changes[audience].map((change: FeedChange) => lineOf(change))) {
        expect(specification.faultsOf(line)).toEqual([]);
        replica.apply(JSON.parse(line) as FeedLine);
        expect(replica.broken.filter((fault) => !fault.startsWith('something follows'))).toEqual([]);
      }
      expect([...replica.faults, ...replica.broken]).toEqual([]);
      for (const lines of [linesOf, collectionLinesOf].map((make) => make(model.views[audience], '1-abcd'))) {
        for (const line of lines) expect(specification.faultsOf(line)).toEqual([]);
        const anew = new FeedReplica();
        for (const line of lines) anew.apply(JSON.parse(line) as FeedLine);
        expect(sorted(anew)).toEqual(sorted(replica));
      }
    }
    return replicas;
  };
  return { apply, replicas, model };
}

const sorted = ({ objects }: FeedReplica) =>
  [...objects]
    .filter(([, all]) => all.size > 0)
    .map(([type, all]) => [type, [...all].sort(([a], [b]) => (a < b ? -1 : 1))] as const)
    .sort();

describe('A contest in the shapes of the Contest API', () => {
  it('shows players of a frozen contest what was submitted before, and admins all', () => {
    const { apply, replicas } = follow();
    const before = [submission(1, 7, 10, 'WRONG_ANSWER'), submission(2, 7, 20, null)];
    const after = [submission(3, 7, 61, 'ACCEPTED', 6), submission(4, 8, 62, 'RUNTIME_ERROR')];
    apply(whole(LIVE, before));
    apply(whole(FROZEN, [...before, ...after]));
    expect(replicas.shown.verdicts).toEqual({ 1: 'WA' });
    expect(replicas.real.verdicts).toEqual({ 1: 'WA', 3: 'AC', 4: 'RTE' });
    expect(replicas.shown.of('submissions').size).toBe(4);
    const judged = submission(2, 7, 20, 'ACCEPTED');
    apply({
      facts: FROZEN,
      submissions: { players: new Set([7]), rows: [before[0] as Submission, judged, after[0] as Submission] },
    });
    expect(replicas.shown.verdicts).toEqual({ 1: 'WA', 2: 'AC' });
    expect(replicas.shown.award('first-to-solve-6')).toEqual([]);
    expect(replicas.real.award('first-to-solve-6')).toEqual(['7']);
    apply(whole(ENDED, [...before, ...after]));
    expect(replicas.shown.award('winner')).toBeUndefined();
    expect(replicas.shown.state).toMatchObject({ thawed: null, finalized: null, end_of_updates: null });
    expect(replicas.real.award('winner')).toEqual(['7']);
    apply(whole(OVER, [...before, ...after]));
    expect(sorted(replicas.shown)).toEqual(sorted(replicas.real));
    expect(replicas.shown.state.end_of_updates).toBe('2026-01-01T11:40:00.000Z');
  });

  it('sends players the same lines whatever the verdicts after a freeze are', () => {
    const linesFor = (word: string | null) => {
      const { model } = follow();
      const rows = (verdict: string | null) => [
        submission(1, 7, 10, 'ACCEPTED'),
        submission(2, 8, 61, verdict, 6),
        submission(3, 8, 62, 'WRONG_ANSWER', 6),
      ];
      const reads = [
        whole(LIVE, rows(null).slice(0, 1)),
        whole(FROZEN, rows(null)),
        whole(FROZEN, rows(word)),
        whole(ENDED, rows(word)),
      ];
      return reads.flatMap((read) => model.apply(read).shown.map((change) => lineOf(change)));
    };
    expect(linesFor('ACCEPTED')).toEqual(linesFor('WRONG_ANSWER'));
    expect(linesFor('ACCEPTED')).toEqual(linesFor(null));
  });

  it('shows players what a reveal opens as it opens it, and nothing before', () => {
    const { apply, replicas } = follow();
    const rows = [
      submission(1, 7, 10, 'WRONG_ANSWER'),
      submission(2, 7, 61, 'WRONG_ANSWER'),
      submission(3, 7, 62, 'ACCEPTED'),
      submission(4, 7, 63, 'ACCEPTED', 6),
      submission(5, 8, 64, 'ACCEPTED'),
      submission(6, 8, 60, 'RUNTIME_ERROR', 6),
    ];
    const none = { players: new Set<number>(), rows: [] };
    apply(whole(ENDED, rows));
    expect(replicas.shown.verdicts).toEqual({ 1: 'WA' });
    const opened = (...entries: [number, 'all' | number[]][]) => {
      const problems = entries.map(([id, own]) => [id, own === 'all' ? own : new Set(own)] as const);
      apply({ facts: ENDED, opened: new Map(problems), submissions: none });
    };
    opened([8, [5]]);
    expect(replicas.shown.verdicts).toEqual({ 1: 'WA', 5: 'AC' });
    // Somebody may have been first: an earlier submission is hidden.
    expect(replicas.shown.award('first-to-solve-5')).toEqual([]);
    opened([8, 'all']);
    expect(replicas.shown.verdicts).toEqual({ 1: 'WA', 5: 'AC', 6: 'RTE' });
    opened([8, 'all'], [7, [5]]);
    expect(replicas.shown.verdicts).toEqual({ 1: 'WA', 2: 'WA', 3: 'AC', 5: 'AC', 6: 'RTE' });
    expect(replicas.shown.award('first-to-solve-5')).toEqual(['7']);
    expect(replicas.shown.award('first-to-solve-6')).toEqual([]);
    // A later freeze has a reveal of its own.
    opened();
    expect(replicas.shown.verdicts).toEqual({ 1: 'WA' });
    apply(whole(OVER, rows));
    expect(sorted(replicas.shown)).toEqual(sorted(replicas.real));
  });

  it('shows problems and submissions once the contest has started, and no submission of others than its teams', () => {
    const { apply, replicas } = follow();
    const rows = [
      submission(1, 7, 10, 'ACCEPTED'),
      submission(2, 99, 11, 'ACCEPTED'),
      submission(3, 7, 12, null, 77),
    ];
    apply(whole({ ...LIVE, status: 'UPCOMING' }, rows));
    expect([replicas.shown.of('problems').size, replicas.real.of('problems').size]).toEqual([0, 2]);
    expect(replicas.shown.state.started).toBeNull();
    apply(whole(LIVE, rows));
    expect([...replicas.shown.of('submissions').keys()]).toEqual(['1']);
    apply({ ...whole(LIVE, rows), teams: [{ id: 8, name: 'Player 8' }] });
    expect(replicas.shown.of('submissions').size + replicas.shown.of('judgements').size).toBe(0);
    expect(replicas.shown.award('first-to-solve-5')).toEqual([]);
  });

  it('names who was first only when nothing earlier is unjudged', () => {
    const { apply, replicas } = follow();
    const solve = submission(2, 8, 20, 'ACCEPTED');
    apply(whole(LIVE, [submission(1, 7, 10, null), solve]));
    expect(replicas.shown.award('first-to-solve-5')).toEqual([]);
    apply(whole(LIVE, [submission(1, 7, 10, 'COMPILATION_ERROR'), solve]));
    expect(replicas.shown.award('first-to-solve-5')).toEqual(['8']);
    apply(whole(LIVE, [submission(1, 7, 10, 'ACCEPTED'), solve]));
    expect(replicas.shown.award('first-to-solve-5')).toEqual(['7']);
  });

  it('sends what changes after the end, and the state after it again', () => {
    const { apply, replicas } = follow();
    apply(whole(OVER, [submission(1, 7, 10, 'ACCEPTED')]));
    apply(whole(OVER, [submission(1, 7, 10, 'WRONG_ANSWER')]));
    expect(replicas.shown.verdicts).toEqual({ 1: 'WA' });
  });
});
