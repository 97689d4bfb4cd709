import { useEffect, useState } from 'react';
import { isolated } from '../../react/text/bidi.ts';
import { type DemoPlayer, type Identity, readDemoPlayers } from '../arena/identity.ts';

export interface WhoProps {
  readonly identity: Identity | undefined;
  readonly onChange: (identity: Identity) => void;
}

/** Nobody's yet; whether it plays is found out with it. */
const NO_TOKEN: Identity = { kind: 'token', token: '', plays: true };
const TOKEN = 'token';

/** As whom to listen: a demo player, or whoever a token belongs to. */
export function Who({ identity, onChange }: WhoProps) {
  const [players, setPlayers] = useState<readonly DemoPlayer[]>([]);
  useEffect(() => {
    let wanted = true;
    readDemoPlayers().then(
      (found) => wanted && setPlayers(found ?? []),
      () => {},
    );
    return () => {
      wanted = false;
    };
  }, []);

  function choose(value: string): void {
    const player = players.find(({ playerId }) => String(playerId) === value);
    onChange(player ? { kind: 'demo', playerId: player.playerId, name: player.playerName } : NO_TOKEN);
  }

  const chosen = identity?.kind === 'demo' ? String(identity.playerId) : identity ? TOKEN : '';
  return (
    <>
      {players.length > 0 && (
        <label className="field">
          As
          <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
            {chosen === '' && <option value="">choose somebody</option>}
            {players.map(({ playerId, playerName }) => (
              <option key={playerId} value={playerId}>
                {isolated(playerName)} (demo player {playerId})
              </option>
            ))}
            <option value={TOKEN}>whoever a token belongs to</option>
          </select>
        </label>
      )}
      {(players.length === 0 || chosen === TOKEN) && (
        <label className="field">
          Token
          <input
            type="password"
            name="token"
            autoComplete="off"
            spellCheck={false}
            placeholder="eyJhbGciOi…"
            value={identity?.kind === 'token' ? identity.token : ''}
            onChange={(event) => {
              const token = event.currentTarget.value.trim().replace(/^Bearer\s+/i, '');
              onChange({ kind: 'token', token, plays: true });
            }}
          />
        </label>
      )}
    </>
  );
}
