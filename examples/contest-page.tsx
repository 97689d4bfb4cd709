/**
 * A contest page in React: title and countdown, standings, a feed of solved problems, inbox and toasts, over one
 * stream for all tabs. `test/examples/react-page.test.ts` runs this file in Chromium.
 */
import {
  ConnectionBadge,
  EventText,
  Leaderboard,
  type LiveEvents,
  LiveProvider,
  NotificationBell,
  ToastStack,
  useContestClock,
  useEvents,
  useLive,
} from 'codecraft-live/react';
import { useEffect, useState } from 'react';
import 'codecraft-live/react/styles.css';

export interface ContestPageProps {
  /** The address of CodeCraft Live. */
  readonly url: string;
  readonly contestId: number;
  /** The platform's token of the signed-in player; asked again when it ends or is refused. */
  readonly getToken: () => string | Promise<string>;
}

export function ContestPage({ url, contestId, getToken }: ContestPageProps) {
  return (
    <LiveProvider url={url} getToken={getToken} share>
      <header>
        <ContestHeading contestId={contestId} />
        <ConnectionBadge />
        <NotificationBell />
      </header>
      <main>
        <Leaderboard contestId={contestId} />
      </main>
      <Feed contestId={contestId} />
      <ToastStack />
    </LiveProvider>
  );
}

/** Title and countdown. The contest is read once, and again whenever its status changes. */
function ContestHeading({ contestId }: { readonly contestId: number }) {
  const live = useLive();
  const [contest, setContest] = useState<{ title: string; startsAt: string | null; endsAt: string | null }>();
  const read = () => void live?.api.contest(contestId).then(setContest, () => {});
  useEffect(read, [live, contestId]);
  useEvents('contest-status', read, `contest:${contestId}`);
  const { phase, secondsLeft } = useContestClock(contest ?? { startsAt: null, endsAt: null });
  if (contest === undefined) return null;
  return (
    <h1>
      <bdi>{contest.title}</bdi>
      {secondsLeft !== undefined && ` · ${phase === 'before' ? 'starts' : 'ends'} in ${secondsLeft} s`}
    </h1>
  );
}

/** The last ten problems solved in the contest. */
function Feed({ contestId }: { readonly contestId: number }) {
  const [solved, setSolved] = useState<readonly LiveEvents['problem-solved'][]>([]);
  const listen = (event: LiveEvents['problem-solved']) => {
    // The player's own solve comes in two scopes; the contest's message names the player.
    if (event.scope === `contest:${contestId}`) setSolved((list) => [event, ...list].slice(0, 10));
  };
  useEvents('problem-solved', listen, `contest:${contestId}`);
  return (
    <ol className="feed">
      {solved.map((event) => (
        <li key={event.id}>
          <EventText of={event} text={event.message} />
        </li>
      ))}
    </ol>
  );
}
