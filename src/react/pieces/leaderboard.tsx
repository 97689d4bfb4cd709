import { Ltr } from '../text/ltr.tsx';
import { useLeaderboard } from '../use-leaderboard.ts';
import { useOwnPlayer } from '../use-own-player.ts';
import { useHostScheme } from './host-scheme.ts';
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

/** A contest's standings, live: rows glide to their new places, frozen ones say so. It is as high as its rows need, up to
 * `--ccl-max-height` (most of the window), and then scrolls. In a container of a fixed height it may fill it: set that to `none`.
 */
export function Leaderboard({ contestId, you, label, rowHeight, className = '' }: LeaderboardProps) {
  const board = useLeaderboard(contestId);
  const own = useOwnPlayer();
  const scheme = useHostScheme();
  if (board === undefined)
    return (
      <div ref={scheme} className={`ccl ccl-leaderboard ${className}`}>
        <p className="ccl-waiting">
          <Ltr>Waiting for the standings…</Ltr>
        </p>
      </div>
    );
  return (
    <div ref={scheme} className={`ccl ccl-leaderboard ${className}`} data-version={board.version}>
      {board.frozen && (
        <p className="ccl-frozen" role="status">
          <Ltr>
            <strong>Frozen.</strong> What is solved now counts, and shows when the standings move again.
          </Ltr>
        </p>
      )}
      {board.rows.length === 0 ? (
        <p className="ccl-waiting">
          <Ltr>{board.total === 0 ? 'Nobody has joined yet.' : 'No standings to show.'}</Ltr>
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
