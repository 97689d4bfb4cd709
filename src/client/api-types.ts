import type { Standing } from '../protocol/board.ts';
import type { ContestStatus, Mode, Tier } from '../protocol/enums.ts';
import type { EventType, Notification } from '../protocol/event.ts';

/** A notification as its player's inbox shows it. Times are ISO 8601 in UTC. */
export type InboxItem = Notification & {
  readonly seenAt: string | null;
  readonly readAt: string | null;
  readonly archivedAt: string | null;
};

export interface InboxCounts {
  readonly unread: number;
  readonly unseen: number;
  readonly total: number;
}

export interface InboxPage {
  readonly items: readonly InboxItem[];
  /** The `before` of the next page; null at the end. */
  readonly next: number | null;
  readonly counts: InboxCounts;
  /** A stream opened from here misses nothing that the page does not show. */
  readonly cursor: string;
}

export interface InboxQuery {
  readonly before?: number;
  /** 1 … 100, default 20. */
  readonly limit?: number;
  readonly unread?: boolean;
  readonly archived?: boolean;
  readonly type?: EventType;
}

/** Which notifications: those named (1 … 1,000), or all up to and including a position. */
export type Which = { readonly ids: readonly number[] } | { readonly throughId: number };

export interface Marked {
  readonly changed: number;
  readonly counts: InboxCounts;
}

export interface LeaderboardQuery {
  /** 1 … 200, default 50. */
  readonly limit?: number;
  readonly offset?: number;
  /** The rows around one's own, instead of `offset`. */
  readonly around?: 'me';
  /** Only who plays in this mode; ranks are those among all. */
  readonly mode?: Mode;
}

export interface LeaderboardPage {
  readonly contestId: number;
  /** Grows with every change; a `leaderboard-update` names two. */
  readonly version: number;
  readonly frozen: boolean;
  /** How many rows there are on all pages. */
  readonly total: number;
  /** How many rows are before these. */
  readonly offset: number;
  readonly rows: readonly Standing[];
  /** A stream opened from here misses no change. */
  readonly cursor: string;
}

export interface GlobalStanding {
  readonly playerId: number;
  readonly playerName: string;
  readonly rank: number;
  readonly xp: number;
  readonly level: number;
  readonly tier?: Tier;
  readonly subRank: string;
}

export interface GlobalLeaderboard {
  readonly rows: readonly GlobalStanding[];
  readonly cursor: string;
}

export interface ActivityItem {
  readonly id: number;
  readonly action: string;
  readonly contestId: number | null;
  readonly problemId: number | null;
  readonly oldValue: unknown;
  readonly newValue: unknown;
  readonly at: string | null;
  readonly eventId: number | null;
}

export interface ActivityPage {
  readonly items: readonly ActivityItem[];
  readonly next: number | null;
}

export type { ContestStatus };

/** A contest as the player sees it. Times are ISO 8601 in UTC. */
export interface Contest {
  readonly id: number;
  readonly title: string;
  /** As streams were told last. */
  readonly status: ContestStatus;
  readonly startsAt: string | null;
  readonly endsAt: string | null;
  readonly participantCount: number;
  readonly isPublic: boolean;
  readonly joined: boolean;
  /** Whether its standings stand still for players. */
  readonly frozen: boolean;
}

/** When an answer was true. */
export interface Moment {
  /** A stream opened from here misses no change. */
  readonly cursor: string;
  readonly serverTime: string;
}

export interface ContestQuery {
  readonly status?: readonly ContestStatus[];
  /** 1 … 100, default 50. */
  readonly limit?: number;
  readonly before?: number;
}

export interface ContestPage extends Moment {
  readonly contests: readonly Contest[];
  /** The `before` of the next page; null at the end. */
  readonly next: number | null;
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** The service by plain requests. Each rejects with a `LiveError`. A 401 is answered once with a new token. */
export interface LiveApi {
  notifications(query?: InboxQuery): Promise<InboxPage>;
  counts(): Promise<InboxCounts>;
  markSeen(which: Which): Promise<Marked>;
  markRead(which: Which): Promise<Marked>;
  markUnread(id: number): Promise<Marked>;
  archive(which: Which): Promise<Marked>;
  unarchive(id: number): Promise<Marked>;
  leaderboard(contestId: number, query?: LeaderboardQuery): Promise<LeaderboardPage>;
  globalLeaderboard(query?: {
    readonly limit?: number;
    readonly offset?: number;
  }): Promise<GlobalLeaderboard>;
  activity(
    player: number | 'me',
    query?: { readonly limit?: number; readonly before?: number },
  ): Promise<ActivityPage>;
  /** Newest first. */
  contests(query?: ContestQuery): Promise<ContestPage>;
  contest(id: number): Promise<Contest & Moment>;
  /** Any other call: the JSON that it answers. */
  request<T>(path: string, options?: RequestOptions): Promise<T>;
}
