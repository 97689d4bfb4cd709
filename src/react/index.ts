'use client';

/** CodeCraft Live for React: hooks over one connection, and components that show their state. */

export type { InboxCounts, InboxItem, Which } from '../client/api-types.ts';
export type {
  BoardRow,
  BoardView,
  ConnectionState,
  ConnectionStatus,
  LiveClient,
  LiveEvents,
  ScopeInput,
} from '../client/types.ts';
export { LiveProvider, type LiveProviderProps } from './live-provider.tsx';
export { ConnectionBadge, type ConnectionBadgeProps } from './pieces/connection-badge.tsx';
export { Inbox, type InboxProps } from './pieces/inbox.tsx';
export { Leaderboard, type LeaderboardProps } from './pieces/leaderboard.tsx';
export { NotificationBell, type NotificationBellProps } from './pieces/notification-bell.tsx';
export { QuietRegion, type QuietRegionProps } from './pieces/quiet-region.tsx';
export { StandingsTable, type StandingsTableProps } from './pieces/standings-table.tsx';
export { TierMark, type TierMarkProps } from './pieces/tier-mark.tsx';
export { ToastStack, type ToastStackProps } from './pieces/toast-stack.tsx';
export { EventText, type EventTextProps } from './text/event-text.tsx';
export { UserText, type UserTextProps } from './text/user-text.tsx';
export { useConnectionStatus } from './use-connection-status.ts';
export {
  type ContestClock,
  type ContestTimes,
  useContestClock,
  useServerSecond,
} from './use-contest-clock.ts';
export { useEvents } from './use-events.ts';
export { useLeaderboard } from './use-leaderboard.ts';
export { useLive } from './use-live.ts';
export { type Notifications, type NotificationsOptions, useNotifications } from './use-notifications.ts';
export { useOwnPlayer } from './use-own-player.ts';
