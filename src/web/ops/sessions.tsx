import { useEffect, useState } from 'react';
import type { Session } from '../../protocol/api/session.ts';
import { useConnectionStatus, useLive } from '../../react/index.ts';
import { isolated } from '../../react/text/bidi.ts';
import { nameOf } from './session.ts';
import { SessionLine } from './session-line.tsx';
import { useSessions } from './use-sessions.ts';

const COLUMNS = ['Who', 'Scopes', 'From', 'Since', 'Last id', 'Node'] as const;
const CLOCK_MS = 1_000;

/** Table of the streams on all nodes, each with a button to close it. */
export function Sessions() {
  const live = useLive();
  const { streamId } = useConnectionStatus();
  const [active, setActive] = useState(true);
  const [player, setPlayer] = useState('');
  /** Cursors of the pages up to this one; empty on the first. */
  const [trail, setTrail] = useState<readonly string[]>([]);
  const [notice, setNotice] = useState('');
  const { page, mistake, readAgain } = useSessions({ active, player, cursor: trail.at(-1) });
  const now = useServerNow();
  const next = page?.next ?? undefined;

  async function disconnect(session: Session): Promise<void> {
    try {
      await live?.api.request(`/sessions/${encodeURIComponent(session.streamId)}`, { method: 'DELETE' });
      setNotice(`The stream of ${isolated(nameOf(session))} is closed.`);
    } catch (error) {
      setNotice(`It could not be closed: ${(error as Error).message}`);
    }
    readAgain();
  }

  return (
    <section className="sheet sessions" aria-labelledby="sessions">
      <div className="sheet-head">
        <h2 id="sessions">Sessions</h2>
        <label className="pick">
          <span>Which</span>
          <select
            value={active ? 'open' : 'ended'}
            onChange={(event) => {
              setActive(event.currentTarget.value === 'open');
              setTrail([]);
            }}
          >
            <option value="open">open</option>
            <option value="ended">ended</option>
          </select>
        </label>
        <label className="pick">
          <span>Player</span>
          <input
            inputMode="numeric"
            placeholder="any id"
            value={player}
            onChange={(event) => {
              setPlayer(event.currentTarget.value.replace(/\D|^0+/g, '').slice(0, 15));
              setTrail([]);
            }}
          />
        </label>
        <p className="said" role="status">
          {mistake === '' ? notice : mistake}
        </p>
      </div>
      <table className="lines session-lines">
        <thead>
          <tr>
            {COLUMNS.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
            <th scope="col">{active ? <span className="ccl-hidden">Disconnect</span> : 'Ended'}</th>
          </tr>
        </thead>
        <tbody>
          {page?.sessions.map((session) => (
            <SessionLine
              key={session.streamId}
              session={session}
              own={session.streamId === streamId}
              now={now}
              onDisconnect={disconnect}
            />
          ))}
        </tbody>
      </table>
      {page?.sessions.length === 0 && <p className="sheet-empty">There is none.</p>}
      {(trail.length > 0 || next !== undefined) && (
        <nav className="sheet-pages" aria-label="Pages of sessions">
          <button
            type="button"
            className="quiet-button"
            disabled={trail.length === 0}
            onClick={() => setTrail(trail.slice(0, -1))}
          >
            Newer
          </button>
          <span>Page {trail.length + 1}</span>
          <button
            type="button"
            className="quiet-button"
            disabled={next === undefined}
            onClick={() => next !== undefined && setTrail([...trail, next])}
          >
            Older
          </button>
        </nav>
      )}
    </section>
  );
}

/** The service's time, updated every second, in ms since 1970. */
function useServerNow(): number {
  const live = useLive();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(live?.serverNow() ?? Date.now()), CLOCK_MS);
    return () => clearInterval(timer);
  }, [live]);
  return now;
}
