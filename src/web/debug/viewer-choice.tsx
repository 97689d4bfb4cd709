import { useEffect, useState } from 'react';
import type { DemoPlayer } from '../../protocol/api/demo.ts';
import { isolated } from '../../react/text/bidi.ts';
import { readDemoPlayers, type Viewer } from '../shared/viewer.ts';

export interface ViewerChoiceProps {
  readonly viewer: Viewer | undefined;
  readonly onChange: (viewer: Viewer) => void;
}

/** Viewer before a token is entered. */
const NO_TOKEN: Viewer = { kind: 'token', token: '', plays: true };
const TOKEN = 'token';

/** Choice of a viewer: a demo player, or the owner of a token. */
export function ViewerChoice({ viewer, onChange }: ViewerChoiceProps) {
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

  const chosen = viewer?.kind === 'demo' ? String(viewer.playerId) : viewer ? TOKEN : '';
  return (
    <>
      {players.length > 0 && (
        <label className="field">
          As
          <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
            {chosen === '' && <option value="">choose a player</option>}
            {players.map(({ playerId, playerName }) => (
              <option key={playerId} value={playerId}>
                {isolated(playerName)} (demo player {playerId})
              </option>
            ))}
            <option value={TOKEN}>the owner of a token</option>
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
            value={viewer?.kind === 'token' ? viewer.token : ''}
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
