import { useLeaderboard } from '../use-leaderboard.ts';
import { useOwnPlayer } from '../use-own-player.ts';
import { StandingsTable } from './standings-table.tsx';

export interface LeaderboardProps {
  readonly contestId: number;
  /** Whose row is marked. Default: the player whose connection it is. */
  readonly you?: number;
  readonly label?: string;
  /** The height of a row in px. Default 40. */
  readonly rowHeight?: number;
  readonly className?: string;
}

/** A contest's standings, live: rows glide to their new places, frozen ones say so. It fills the height it is given. */
export function Leaderboard({ contestId, you, label, rowHeight, className = '' }: LeaderboardProps) {
  const board = useLeaderboard(contestId);
  const own = useOwnPlayer();
  if (board === undefined) return <p className={`ccl-waiting ${className}`}>Waiting for the standings…</p>;
  return (
    <div className={`ccl-leaderboard ${className}`} data-version={board.version}>
      {board.frozen && (
        <p className="ccl-frozen" role="status">
          <strong>Frozen.</strong> What is solved now counts, and shows when the standings move again.
        </p>
      )}
      {board.rows.length === 0 ? (
        <p className="ccl-waiting">
          {board.total === 0 ? 'Nobody has joined yet.' : 'No standings to show.'}
        </p>
      ) : (
        <StandingsTable
          rows={board.rows}
          total={board.total}
          you={you ?? own}
          {...(label === undefined ? {} : { label })}
          {...(rowHeight === undefined ? {} : { rowHeight })}
        />
      )}
    </div>
  );
}
