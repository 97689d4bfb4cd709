import type { Contest } from '../../client/api-types.ts';
import { formatMoment } from '../../react/format.ts';
import { useContestClock, useLeaderboard, useOwnPlayer } from '../../react/index.ts';
import { withoutBidiControls } from '../../react/text/bidi.ts';
import { Ltr } from '../../react/text/ltr.tsx';
import { UserText } from '../../react/text/user-text.tsx';
import { formatCountdown, ordinalParts } from './contests.ts';
import { PulseStrip } from './pulse-strip.tsx';

const STATUS_TEXT = {
  DRAFT: 'Draft',
  UPCOMING: 'Upcoming',
  LIVE: 'Live',
  ENDED: 'Over',
  CANCELLED: 'Cancelled',
} as const;

/** Min length of a title that is set smaller, so that it takes no room from the rows. Characters. */
const LONG_TITLE = 40;

/** Head of a contest: title, status, countdown and the viewer's own rank. */
export function Scorebug({ contest }: { readonly contest: Contest }) {
  const { progress } = useContestClock(contest);
  const { status, participantCount } = contest;
  const title = withoutBidiControls(contest.title);
  return (
    <header className="scorebug" data-status={status}>
      <div className="scorebug-title">
        <p className="scorebug-status">
          <i className="lamp" aria-hidden="true" />
          {STATUS_TEXT[status]}
          <span className="scorebug-count">
            {participantCount.toLocaleString('en')} {status === 'ENDED' ? 'took part' : 'taking part'}
          </span>
        </p>
        <h1 title={title} {...(title.length > LONG_TITLE ? { 'data-long': '' } : {})}>
          <UserText text={title} />
        </h1>
      </div>
      <OwnPlace contestId={contest.id} />
      <div className="scorebug-clock">
        <Clock contest={contest} />
      </div>
      {status === 'LIVE' && <PulseStrip contestId={contest.id} />}
      <div className="progress" aria-hidden="true">
        <i style={{ transform: `scaleX(${status === 'ENDED' ? 1 : progress})` }} />
      </div>
    </header>
  );
}

/** Countdown to the start or the end, or the time of the end. */
function Clock({ contest }: { readonly contest: Contest }) {
  const { phase, secondsLeft } = useContestClock(contest);
  const { status, endsAt } = contest;
  const ticking = (status === 'LIVE' && phase === 'running') || (status === 'UPCOMING' && phase === 'before');
  if (ticking && secondsLeft !== undefined)
    return (
      <>
        <p>{status === 'LIVE' ? 'Ends in' : 'Starts in'}</p>
        <p className="clock" role="timer">
          <Ltr>{formatCountdown(secondsLeft)}</Ltr>
        </p>
      </>
    );
  if (status !== 'ENDED' || phase !== 'over' || endsAt === null) return null;
  return (
    <>
      <p>Ended</p>
      <p className="clock">
        <time dateTime={endsAt}>{formatMoment(endsAt, new Date())}</time>
      </p>
    </>
  );
}

function OwnPlace({ contestId }: { readonly contestId: number }) {
  const own = useOwnPlayer();
  const leaderboard = useLeaderboard(contestId);
  const row = leaderboard?.rows.find(({ playerId }) => playerId === own);
  if (row === undefined) return <div />;
  const ahead = leaderboard?.rows.findLast(({ rank }) => rank < row.rank);
  const [digits, suffix] = ordinalParts(row.rank);
  return (
    <div className="scorebug-own">
      <p>You</p>
      <p className="place">
        <Ltr>
          {digits}
          <small>{suffix}</small>
        </Ltr>
      </p>
      <p className="chase">
        {ahead === undefined ? (
          'in the lead'
        ) : (
          <>
            {(ahead.finalRating - row.finalRating).toFixed(2)} to <UserText text={ahead.playerName} />
          </>
        )}
      </p>
    </div>
  );
}
