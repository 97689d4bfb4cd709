import { useContestClock, useLeaderboard, useOwnPlayer } from '../../react/index.ts';
import { type Contest, formatCountdown } from './contests.ts';
import { ordinalParts } from './ordinal.ts';
import { PulseStrip } from './pulse-strip.tsx';

const WORDS = {
  DRAFT: 'Draft',
  UPCOMING: 'Upcoming',
  LIVE: 'Live',
  ENDED: 'Over',
  CANCELLED: 'Cancelled',
} as const;

/** What a broadcast keeps in the corner: which contest, how long still, and where the viewer stands. */
export function Scorebug({ contest }: { readonly contest: Contest }) {
  const { phase, secondsLeft, progress } = useContestClock(contest);
  const { status, title, participantCount } = contest;
  const ticking = (status === 'LIVE' && phase === 'running') || (status === 'UPCOMING' && phase === 'before');
  return (
    <header className="scorebug" data-status={status}>
      <div className="scorebug-title">
        <p className="scorebug-status">
          <i className="lamp" aria-hidden="true" />
          {WORDS[status]}
          <span className="scorebug-count">{participantCount.toLocaleString('en')} taking part</span>
        </p>
        <h1>{title}</h1>
      </div>
      <OwnPlace contestId={contest.id} />
      <div className="scorebug-clock">
        <p>{ticking && secondsLeft !== undefined ? (status === 'LIVE' ? 'Ends in' : 'Starts in') : ''}</p>
        <p className="clock" role="timer">
          {ticking && secondsLeft !== undefined ? formatCountdown(secondsLeft) : ''}
        </p>
      </div>
      {status === 'LIVE' && <PulseStrip contestId={contest.id} />}
      <div className="progress" aria-hidden="true">
        <i style={{ transform: `scaleX(${status === 'ENDED' ? 1 : progress})` }} />
      </div>
    </header>
  );
}

function OwnPlace({ contestId }: { readonly contestId: number }) {
  const own = useOwnPlayer();
  const board = useLeaderboard(contestId);
  const row = board?.rows.find(({ playerId }) => playerId === own);
  if (row === undefined) return <div />;
  const ahead = board?.rows.findLast(({ rank }) => rank < row.rank);
  const [digits, suffix] = ordinalParts(row.rank);
  return (
    <div className="scorebug-own">
      <p>You</p>
      <p className="place">
        {digits}
        <small>{suffix}</small>
      </p>
      <p className="chase">
        {ahead === undefined
          ? 'in the lead'
          : `${(ahead.finalRating - row.finalRating).toFixed(2)} to ${ahead.playerName}`}
      </p>
    </div>
  );
}
