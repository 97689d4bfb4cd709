import { Ltr } from '../text/ltr.tsx';
import { useLeaderboard } from '../use-leaderboard.ts';
import { useOwnPlayer } from '../use-own-player.ts';
import { useHostScheme } from './host-scheme.ts';
import { StandingsTable } from './standings-table.tsx';

export interface LeaderboardProps {
  readonly contestId: number;
  /** Id of the player whose row is marked. Default: the player of the connection. */
  readonly you?: number;
  readonly label?: string;
  /** Height of a row, px. Default 40. */
  readonly rowHeight?: number;
  readonly className?: string;
}

/**
 * Live leaderboard of a contest with a notice while it is frozen. Its height is that of its rows up to `--ccl-max-height`
 * (default: most of the window); beyond that it scrolls. To fill a container of fixed height, set `--ccl-max-height: none`.
 */
export function Leaderboard({ contestId, you, label, rowHeight, className = '' }: LeaderboardProps) {
  const leaderboard = useLeaderboard(contestId);
  const own = useOwnPlayer();
  const scheme = useHostScheme();
  if (leaderboard === undefined)
    return (
      <div ref={scheme} className={`ccl ccl-leaderboard ${className}`}>
        <p className="ccl-waiting">
          <Ltr>Waiting for the standings…</Ltr>
        </p>
      </div>
    );
  return (
    <div ref={scheme} className={`ccl ccl-leaderboard ${className}`} data-version={leaderboard.version}>
      {leaderboard.frozen && (
        <p className="ccl-frozen" role="status">
          <Ltr>
            <strong>Frozen.</strong> What is solved now counts, and shows when the standings move again.
          </Ltr>
        </p>
      )}
      {leaderboard.rows.length === 0 ? (
        <p className="ccl-waiting">
          <Ltr>{leaderboard.total === 0 ? 'Nobody has joined yet.' : 'No standings to show.'}</Ltr>
        </p>
      ) : (
        <StandingsTable
          rows={leaderboard.rows}
          total={leaderboard.total}
          you={you ?? own}
          {...(label === undefined ? {} : { label })}
          {...(rowHeight === undefined ? {} : { rowHeight })}
        />
      )}
    </div>
  );
}
