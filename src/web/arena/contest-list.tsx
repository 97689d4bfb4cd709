import type { Contest } from '../../client/api-types.ts';
import { useContestClock, useEvents } from '../../react/index.ts';
import { UserText } from '../../react/text/user-text.tsx';
import { formatWait } from './contests.ts';

export interface ContestListProps {
  readonly contests: readonly Contest[];
  readonly chosen: number | undefined;
  readonly onChoose: (id: number) => void;
}

const GROUPS = [
  ['LIVE', 'On now'],
  ['UPCOMING', 'Coming up'],
  ['ENDED', 'Over'],
] as const;

/** Contests, grouped by status. */
export function ContestList({ contests, chosen, onChoose }: ContestListProps) {
  return (
    <nav className="contests" aria-label="Contests">
      {GROUPS.map(([status, heading]) => {
        const group = contests.filter((contest) => contest.status === status);
        if (group.length === 0) return null;
        return (
          <section key={status}>
            <h2>{heading}</h2>
            <ul>
              {group.map((contest) => (
                <ContestEntry
                  key={contest.id}
                  contest={contest}
                  followed={contests.indexOf(contest) < MAX_FOLLOWED}
                  chosen={contest.id === chosen}
                  onChoose={() => onChoose(contest.id)}
                />
              ))}
            </ul>
          </section>
        );
      })}
    </nav>
  );
}

/** Max contests whose scopes are subscribed to, from the front of the list: a stream has a limit of scopes. */
const MAX_FOLLOWED = 200;

interface ContestEntryProps {
  readonly contest: Contest;
  readonly followed: boolean;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

function ContestEntry({ contest, followed, chosen, onChoose }: ContestEntryProps) {
  const { secondsLeft, phase } = useContestClock(contest);
  const { id, title, status, participantCount, joined, frozen } = contest;
  // Only subscribes to the scope: the list itself handles the events.
  useEvents('contest-status', () => {}, status !== 'ENDED' && followed ? `contest:${id}` : undefined);
  const wait = secondsLeft === undefined ? '' : formatWait(secondsLeft);
  const time =
    status === 'LIVE' && phase === 'running' && wait
      ? `${wait} left`
      : status === 'UPCOMING' && phase === 'before'
        ? `in ${wait}`
        : '';
  return (
    <li>
      <button
        type="button"
        className="contest"
        data-status={status}
        aria-current={chosen ? 'true' : undefined}
        onClick={onChoose}
      >
        <UserText className="contest-title" text={title} />
        <span className="contest-facts">
          {[
            time,
            `${participantCount.toLocaleString('en')} in`,
            joined ? 'joined' : '',
            frozen ? 'frozen' : '',
          ]
            .filter((fact) => fact !== '')
            .join(' · ')}
        </span>
      </button>
    </li>
  );
}
