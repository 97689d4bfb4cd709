import { type CSSProperties, memo } from 'react';
import type { BoardRow } from '../../client/types.ts';
import { formatGap, formatMoment, formatWhole, ratingParts } from '../format.ts';
import { Ltr } from '../text/ltr.tsx';
import { UserText } from '../text/user-text.tsx';
import { TierMark } from './tier-mark.tsx';

export interface StandingsTableRowProps {
  readonly row: BoardRow;
  /** Offset at which the row is drawn, and from which it glides if it was not drawn before. Pixels. */
  readonly y: number;
  readonly from: number;
  readonly place: number;
  readonly you: boolean;
  readonly scored: boolean;
  /** Rating behind the leader. */
  readonly gap: number;
}

/** Max pips; a greater count is shown by the number alone. */
const PIPS = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/** Row of the leaderboard table. */
export const StandingsTableRow = memo(function StandingsTableRow(props: StandingsTableRowProps) {
  const { row, y, from, place, you, scored, gap } = props;
  const [whole, fraction] = ratingParts(row.finalRating);
  const moved = recentMove(row);
  const style = { '--ccl-y': `${y}px`, '--ccl-from': `${from}px` } as CSSProperties;
  return (
    <tr
      aria-rowindex={place + 2}
      className="ccl-row"
      style={style}
      data-rank={row.rank}
      data-player={row.playerId}
      {...(you ? { 'data-you': '' } : {})}
      {...(scored ? { 'data-scored': '' } : {})}
    >
      <td className="ccl-cell ccl-rank">
        <Ltr>{formatWhole(row.rank)}</Ltr>
      </td>
      <td className="ccl-cell ccl-moved">
        {moved !== 0 && (
          <bdi key={row.changedAt} dir="ltr" className="ccl-move" data-way={Math.sign(moved)}>
            <i aria-hidden="true">{moved > 0 ? '▲' : '▼'}</i>
            <span className="ccl-hidden">{moved > 0 ? 'up ' : 'down '}</span>
            {Math.abs(moved)}
          </bdi>
        )}
      </td>
      <th scope="row" className="ccl-cell ccl-player">
        <TierMark tier={row.tier} />
        <UserText className="ccl-name" text={row.playerName} />
        {you && <span className="ccl-you">you</span>}
      </th>
      <td className="ccl-cell ccl-mode">
        {row.mode === null ? '' : `${row.mode[0]}${row.mode.slice(1).toLowerCase()}`}
      </td>
      <td className="ccl-cell ccl-solved">
        <span className="ccl-pips" aria-hidden="true">
          {PIPS.slice(0, row.problemsSolved).map((pip) => (
            <i key={pip} />
          ))}
        </span>
        {row.problemsSolved}
      </td>
      <td className="ccl-cell ccl-penalty">
        <Ltr>{row.penaltyMins === 0 ? '' : formatWhole(row.penaltyMins)}</Ltr>
      </td>
      <td className="ccl-cell ccl-last">
        <Ltr>{row.lastSolvedAt === null ? '' : formatMoment(row.lastSolvedAt, new Date())}</Ltr>
      </td>
      <td className="ccl-cell ccl-gap">
        <Ltr>{formatGap(gap)}</Ltr>
      </td>
      <td className="ccl-cell ccl-rating">
        <Ltr>
          {whole}
          <span className="ccl-fraction">{fraction}</span>
        </Ltr>
      </td>
    </tr>
  );
});

/** Time for which a row shows its latest move, ms; the style sheet fades it out by then. */
const RECENT_MS = 30_000;

/** Places gained (positive) or lost by a recent move; 0 if there was none. */
function recentMove({ previousRank, rank, changedAt }: BoardRow): number {
  if (previousRank === undefined || changedAt === undefined) return 0;
  return Date.now() - changedAt < RECENT_MS ? previousRank - rank : 0;
}
