import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import {
  ConnectionBadge,
  Inbox,
  Leaderboard,
  LiveProvider,
  NotificationBell,
  ToastStack,
  useContestClock,
  useLive,
} from '../../src/react/index.ts';

/** Says what the hooks say. */
function Clock() {
  const { phase } = useContestClock({ startsAt: '2026-01-01T00:00:00Z', endsAt: null });
  const live = useLive();
  return createElement('b', null, `${phase}, ${live}`);
}

describe('On a server, where there is no connection', () => {
  it('everything renders, and nothing connects', () => {
    const fetch = () => {
      throw new Error('connected');
    };
    const html = renderToString(
      createElement(
        LiveProvider,
        { url: 'https://live.example', getToken: () => 'token', fetch },
        ...[ConnectionBadge, NotificationBell, Inbox, ToastStack, Clock].map((piece, key) =>
          createElement(piece, { key }),
        ),
        createElement(Leaderboard, { key: 'board', contestId: 3 }),
      ),
    );
    expect(html).toContain('Connecting');
    expect(html).toContain('aria-label="Notifications"');
    expect(html).toContain('Waiting for the standings');
    expect(html).toContain('<b>unknown, undefined</b>');
  });
});
