import { useEffect, useState } from 'react';
import type { DemoPlayer } from '../../protocol/api/demo.ts';
import { TierMark } from '../../react/index.ts';
import { UserText } from '../../react/text/user-text.tsx';
import { Mark } from '../shared/brand.tsx';
import { TokenForm } from '../shared/token-form.tsx';
import { readDemoPlayers, type Viewer, viewerOfToken } from '../shared/viewer.ts';

export interface EntranceProps {
  readonly onEnter: (viewer: Viewer) => void;
}

/** Choice of a viewer: a demo player, or the owner of a token. */
export function Entrance({ onEnter }: EntranceProps) {
  return (
    <main className="entrance">
      <header className="entrance-head">
        <Mark />
        <h1>CodeCraft Live</h1>
        <p>Contests as they happen. Say who you are, and watch from your seat.</p>
      </header>
      <DemoPlayers onEnter={onEnter} />
      <TokenForm
        label="Or paste your platform token"
        onToken={async (pasted) => onEnter(await viewerOfToken(pasted))}
      />
      <footer className="entrance-foot">
        <nav aria-label="For those who build and run it">
          For those who build and run it: <a href="debug">the debugger</a>,{' '}
          <a href="ops">the operator’s page</a>, <a href="docs">the API</a>
        </nav>
      </footer>
    </main>
  );
}

function DemoPlayers({ onEnter }: EntranceProps) {
  const [players, setPlayers] = useState<readonly DemoPlayer[]>();
  const [mistake, setMistake] = useState('');
  useEffect(() => {
    let mounted = true;
    readDemoPlayers().then(
      (found) => mounted && setPlayers(found),
      (error: Error) => mounted && setMistake(error.message),
    );
    return () => {
      mounted = false;
    };
  }, []);
  if (mistake !== '') return <p className="entrance-mistake">{mistake}</p>;
  if (players === undefined || players.length === 0) return null;
  return (
    <section aria-labelledby="players">
      <h2 id="players">Be one of the demo’s players</h2>
      <ul className="cast">
        {players.map(({ playerId, playerName, level, tier, subRank }) => (
          <li key={playerId}>
            <button type="button" onClick={() => onEnter({ kind: 'demo', playerId, name: playerName })}>
              <TierMark tier={tier} />
              <UserText className="cast-name" text={playerName} />
              <span className="cast-rank">{subRank}</span>
              <span className="cast-level">level {level}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
