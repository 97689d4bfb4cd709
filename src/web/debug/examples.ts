import type { EventInput, PublicEventType } from '../../protocol/event.ts';

/** Player and contest that the examples contain. */
export interface About {
  readonly playerId: number;
  readonly playerName: string;
  readonly contestId: number;
}

type Examples = { readonly [T in PublicEventType]: (about: About) => EventInput<T> };

/** A valid example per type that services may publish. The compiler requires an entry for each type. */
const EXAMPLES: Examples = {
  LEVEL_UP: (about) => ({ ...player(about), oldLevel: 11, newLevel: 12, xp: 7_420, subRank: 'Silver II' }),
  TIER_UPGRADE: (about) => ({ ...player(about), oldTier: 'SILVER', newTier: 'GOLD', subRank: 'Gold I' }),
  RANK_CHANGE: (about) => ({ ...player(about), contestId: about.contestId, oldRank: 5, newRank: 2 }),
  ACHIEVEMENT: (about) => ({
    ...player(about),
    achievement: 'first-blood',
    name: 'First Blood',
    description: 'The first to solve a problem of a contest',
  }),
  PROBLEM_SOLVED: (about) => ({
    ...player(about),
    problemId: 1,
    problemTitle: 'Two Sums',
    contestId: about.contestId,
    points: 200,
    difficulty: 'MEDIUM',
  }),
  SUBMISSION_RECEIVED: (about) => ({ ...submission(about), language: 'cpp' }),
  SUBMISSION_JUDGED: (about) => ({
    ...submission(about),
    verdict: 'WRONG_ANSWER',
    tests: { passed: 7, total: 12 },
  }),
  SUBMISSION_REJUDGED: (about) => ({
    ...submission(about),
    oldVerdict: 'WRONG_ANSWER',
    verdict: 'ACCEPTED',
    points: 200,
  }),
  SOLVE_RETRACTED: (about) => ({ ...player(about), ...problem(about), verdict: 'WRONG_ANSWER' }),
  XP_GAINED: (about) => ({ ...player(about), xp: 25, source: 'JOIN', contestId: about.contestId }),
  CONTEST_STATUS: ({ contestId }) => ({ contestId, newStatus: 'LIVE' }),
  CONTEST_END: ({ contestId }) => ({ contestId, participantCount: 8 }),
  CONTEST_JOINED: (about) => ({ contestId: about.contestId, players: [player(about)] }),
  ANNOUNCEMENT_WITHDRAWN: () => ({ announcementId: 1, title: 'Hello' }),
  ANNOUNCEMENT: () => ({
    title: 'A test',
    message: 'A test event from the debugger.',
    severity: 'INFO',
  }),
  PLAYER_STATUS: (about) => ({ online: [player(about)], offline: [], onlineCount: 1, truncated: false }),
};

export const PUBLIC_TYPES = Object.keys(EXAMPLES) as readonly PublicEventType[];

/** Example data of a type, as indented JSON. */
export function exampleOf(type: PublicEventType, about: About): string {
  return JSON.stringify(EXAMPLES[type](about), undefined, 2);
}

function problem({ contestId }: About) {
  return { problemId: 1, problemTitle: 'Two Sums', contestId };
}

function submission(about: About) {
  return { ...player(about), ...problem(about), submissionId: 1 };
}

function player({ playerId, playerName }: About) {
  return { playerId, playerName };
}
