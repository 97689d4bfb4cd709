import type { Contest } from '../../client/api-types.ts';
import { Leaderboard } from '../../react/index.ts';
import { isolated } from '../../react/text/bidi.ts';
import { RevealStage } from './reveal/reveal-stage.tsx';
import { useReveal } from './reveal/use-reveal.ts';

/** Leaderboard of a contest, or the reveal of its frozen standings while one is open. */
export function Standings({ contest }: { readonly contest: Contest }) {
  const controls = useReveal(contest);
  const { view, canOpen, busy, mistake } = controls;
  if (view !== undefined) return <RevealStage controls={controls} view={view} />;
  return (
    <>
      {canOpen && (
        <div className="reveal-offer">
          <p>The standings are frozen. Reveal them cell by cell, to everybody at once.</p>
          <button type="button" className="primary" disabled={busy} onClick={controls.open}>
            Open the reveal
          </button>
          {mistake !== '' && <p role="alert">{mistake}</p>}
        </div>
      )}
      <Leaderboard
        contestId={contest.id}
        label={`Standings of ${isolated(contest.title)}`}
        className="pane-leaderboard"
      />
    </>
  );
}
