import { type FormEvent, useEffect, useState } from 'react';
import { TierMark } from '../../react/index.ts';
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
      <TokenForm onEnter={onEnter} />
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
              <span className="cast-name">{playerName}</span>
              <span className="cast-rank">{subRank}</span>
              <span className="cast-level">level {level}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function TokenForm({ onEnter }: EntranceProps) {
  const [token, setToken] = useState('');
  const [mistake, setMistake] = useState('');
  const [asking, setAsking] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setMistake('');
    setAsking(true);
    try {
      onEnter(await identityOfToken(token));
    } catch (error) {
      setMistake((error as Error).message);
    } finally {
      setAsking(false);
    }
  }

  return (
    <form className="token-form" onSubmit={submit}>
      <h2>
        <label htmlFor="token">Or paste your platform token</label>
      </h2>
      <div className="token-line">
        <input
          id="token"
          name="token"
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder="eyJhbGciOi…"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          aria-describedby="token-mistake"
          required
        />
        <button type="submit" className="primary" disabled={asking}>
          Enter
        </button>
      </div>
      <p id="token-mistake" className="entrance-mistake" role="alert">
        {mistake}
      </p>
    </form>
  );
}
