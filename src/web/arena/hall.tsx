import { useState } from 'react';
import { ToastStack } from '../../react/index.ts';
import { Panes } from '../shared/panes.tsx';
import { SignedOut, useSignedOut } from '../shared/signed-out.tsx';
import type { Viewer } from '../shared/viewer.ts';
import { ContestList } from './contest-list.tsx';
import { mostInteresting } from './contests.ts';
import { Feed } from './feed.tsx';
import { Notices } from './notices.tsx';
import { Scorebug } from './scorebug.tsx';
import { Standings } from './standings.tsx';
import { TopBar } from './top-bar.tsx';
import { chooseContest, useChosenContest } from './use-chosen-contest.ts';
import { useContests } from './use-contests.ts';

export interface HallProps {
  readonly viewer: Viewer;
  readonly plays: boolean;
  readonly onLeave: () => void;
}

const PANES = [
  ['leaderboard', 'Standings'],
  ['feed', 'Solves'],
  ['contests', 'Contests'],
] as const;
type Pane = (typeof PANES)[number][0];

/** Contests, leaderboard and feed: side by side on a wide screen, one pane at a time on a narrow one. */
export function Hall({ viewer, plays, onLeave }: HallProps) {
  const wanted = useChosenContest();
  const { contests, failed, missing, retry } = useContests(wanted);
  const signedOut = useSignedOut();
  const [pane, setPane] = useState<Pane>('leaderboard');
  const other = contests && mostInteresting(contests);
  // A contest in the address is never replaced by another.
  const contest = wanted === undefined ? other : contests?.find(({ id }) => id === wanted);

  return (
    <div className="hall" data-pane={pane}>
      <TopBar name={viewer.kind === 'demo' ? viewer.name : ''} plays={plays} onLeave={onLeave} />
      <Notices />
      <div className="pane-contests">
        {contests !== undefined && (
          <ContestList
            contests={contests}
            chosen={contest?.id}
            onChoose={(id) => {
              chooseContest(id);
              setPane('leaderboard');
            }}
          />
        )}
      </div>
      <main className="stage">
        {signedOut ? (
          <SignedOut onLeave={onLeave} />
        ) : contest === undefined && wanted !== undefined && missing === wanted ? (
          <div className="stage-empty" role="alert">
            <p>Contest {wanted} does not exist, or is not open to you.</p>
            {other && (
              <button type="button" className="primary" onClick={() => chooseContest(other.id)}>
                Show “<bdi>{other.title}</bdi>” instead
              </button>
            )}
          </div>
        ) : contest === undefined ? (
          <div className="stage-empty">
            <p>
              {failed
                ? 'The contests could not be read.'
                : contests && wanted === undefined
                  ? 'There is no contest yet.'
                  : 'Reading the contests…'}
            </p>
            {failed && (
              <button type="button" className="primary" onClick={retry}>
                Try again
              </button>
            )}
          </div>
        ) : (
          <>
            <Scorebug contest={contest} />
            <Standings key={contest.id} contest={contest} />
          </>
        )}
      </main>
      <aside className="pane-feed">
        {contest !== undefined && <Feed key={contest.id} contestId={contest.id} />}
      </aside>
      <Panes panes={PANES} shown={pane} onShow={setPane} />
      <ToastStack className="hall-toasts" />
    </div>
  );
}
