import type { ActivityPage } from '../protocol/api/activity.ts';
import type { Contest, ContestPage, Moment } from '../protocol/api/contest.ts';
import type { InboxCounts, InboxPage, Marked, Which } from '../protocol/api/inbox.ts';
import type { GlobalLeaderboard, LeaderboardPage } from '../protocol/api/leaderboard.ts';
import type { ContestStatus, Mode } from '../protocol/enums.ts';
import type { EventType } from '../protocol/event.ts';

export type { ActivityItem, ActivityPage } from '../protocol/api/activity.ts';
export type { Contest, ContestPage, Moment } from '../protocol/api/contest.ts';
export type { InboxCounts, InboxItem, InboxPage, Marked, Which } from '../protocol/api/inbox.ts';
export type { GlobalLeaderboard, GlobalStanding, LeaderboardPage } from '../protocol/api/leaderboard.ts';

export interface InboxQuery {
  readonly before?: number;
  /** 1 … 100, default 20. */
  readonly limit?: number;
  readonly unread?: boolean;
  readonly archived?: boolean;
  readonly type?: EventType;
}

export interface LeaderboardQuery {
  /** 1 … 200, default 50. */
  readonly limit?: number;
  readonly offset?: number;
  /** The rows around one's own, instead of `offset`. */
  readonly around?: 'me';
  /** Only who plays in this mode; ranks are those among all. */
  readonly mode?: Mode;
  /** With the cells of each row. */
  readonly cells?: 1;
  /** For admins: what players are shown of frozen standings. */
  readonly shown?: 1;
}

export type { ContestStatus };

export interface ContestQuery {
  readonly status?: readonly ContestStatus[];
  /** 1 … 100, default 50. */
  readonly limit?: number;
  readonly before?: number;
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
