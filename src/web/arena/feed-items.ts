import type { Notification } from '../../protocol/event.ts';
import type { LeaderboardRow } from '../../protocol/leaderboard.ts';

/** Line of the feed. */
export interface FeedItem {
  readonly key: string;
  readonly at: string;
  readonly kind: 'solve' | 'join' | 'notice';
  /** The name shown, and the number of further players. */
  readonly who: string;
  readonly others?: number;
  readonly what: string;
  /** The notification of a notice. */
  readonly notice?: Notification;
  /** Points with their sign. */
  readonly points?: string;
  readonly playerId?: number;
  /** From the leaderboard, before the page was loaded. */
  readonly earlier?: true;
}

const MAX_ITEMS = 120;
const MAX_EARLIER = 12;

/** Line of a notification of the contest's own scope; undefined for types that are shown elsewhere. */
export function feedItem(notification: Notification, contestId: number): FeedItem | undefined {
  const { type, scope, at, eventId } = notification;
  if (scope !== `contest:${contestId}`) return undefined;
  const line = { key: String(eventId), at };
  switch (type) {
    case 'PROBLEM_SOLVED': {
      const { data } = notification;
      return {
        ...line,
        kind: 'solve',
        playerId: data.playerId,
        who: data.playerName ?? `Player ${data.playerId}`,
        what: data.problemTitle ?? `Problem ${data.problemId}`,
        ...(data.points === undefined ? {} : { points: `+${data.points}` }),
      };
    }
    case 'CONTEST_JOINED': {
      const [first, ...others] = notification.data.players;
      const who = first?.playerName ?? 'A player';
      return {
        ...line,
        kind: 'join',
        who,
        others: others.length,
        what: 'joined',
      };
    }
    case 'ANNOUNCEMENT':
    case 'ANNOUNCEMENT_WITHDRAWN':
    case 'CONTEST_STATUS':
    case 'CONTEST_END':
    case 'LEADERBOARD_FREEZE':
    case 'CONTEST_REVEAL':
      return {
        ...line,
        kind: 'notice',
        who: notification.title,
        what: notification.message,
        notice: notification,
      };
    default:
      return undefined;
  }
}

/** Adds an item in front unless it is there, and drops the oldest beyond the limit. */
export function withItem(items: readonly FeedItem[], item: FeedItem): readonly FeedItem[] {
  if (items.some(({ key }) => key === item.key)) return items;
  return [item, ...items].slice(0, MAX_ITEMS);
}

/** Lines made from the leaderboard: each player's latest solve, the newest first. */
export function earlierSolves(rows: readonly LeaderboardRow[]): FeedItem[] {
  return rows
    .flatMap(({ playerId, playerName, problemsSolved, lastSolvedAt }): FeedItem[] =>
      lastSolvedAt === null
        ? []
        : [
            {
              key: `before ${playerId}`,
              at: lastSolvedAt,
              kind: 'solve',
              earlier: true,
              playerId,
              who: playerName,
              what: `has ${problemsSolved} solved`,
            },
          ],
    )
    .sort((a, b) => (a.at < b.at ? 1 : -1))
    .slice(0, MAX_EARLIER);
}
