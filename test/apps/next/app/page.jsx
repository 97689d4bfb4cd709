// A server component: no `'use client'` of its own.
import {
  ConnectionBadge,
  Leaderboard,
  LiveProvider,
  NotificationBell,
  ToastStack,
} from 'codecraft-live/react';
import 'codecraft-live/react/styles.css';

export default function ContestPage() {
  return (
    <LiveProvider url="/">
      <ConnectionBadge />
      <NotificationBell />
      <Leaderboard contestId={Number(process.env.CONTEST_ID)} />
      <ToastStack />
    </LiveProvider>
  );
}
