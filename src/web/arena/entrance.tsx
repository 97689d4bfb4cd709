import { useEffect, useState } from 'react';
import { TierMark } from '../../react/index.ts';
import { UserText } from '../../react/text/user-text.tsx';
import { TokenForm } from '../tools/token-form.tsx';
import { type DemoPlayer, type Identity, identityOfToken, readDemoPlayers } from './identity.ts';
import { Mark } from './mark.tsx';

export interface EntranceProps {
  readonly onEnter: (identity: Identity) => void;
}

/** Where one says who one is. */
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
        onToken={async (pasted) => onEnter(await identityOfToken(pasted))}
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
    let wanted = true;
    readDemoPlayers().then(
      (found) => wanted && setPlayers(found),
      (error: Error) => wanted && setMistake(error.message),
    );
    return () => {
      wanted = false;
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
