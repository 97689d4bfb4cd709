import { useEffect, useState } from 'react';
import { useConnectionStatus, useEvents } from '../../react/index.ts';

/** How long it is said that everything is well again, in ms. */
const WELL_MS = 5_000;

/** Says plainly when what is shown is not live, and what became of it afterwards. Silent while all is well. */
export function Notices() {
  const { state, closeReason, error } = useConnectionStatus();
  const [since, setSince] = useState<Date>();
  const [well, setWell] = useState('');
  const cut = state === 'waiting' || state === 'offline' || state === 'closed';

  useEffect(() => {
    if (cut) setSince((known) => known ?? new Date());
    else if (state === 'open') setSince(undefined);
  }, [cut, state]);
  useEvents('caught-up', ({ replayed }) => {
    if (since === undefined) return;
    setWell(replayed === 0 ? 'Back. Nothing was missed.' : `Back. ${replayed} missed, all caught up.`);
  });
  useEvents('reset', ({ lost }) => {
    if (lost !== undefined) setWell('Back after a long time: everything shown was read afresh.');
  });
  useEffect(() => {
    if (well === '') return;
    const timer = setTimeout(() => setWell(''), WELL_MS);
    return () => clearTimeout(timer);
  }, [well]);

  const at = since?.toLocaleTimeString('en-GB');
  const text =
    state === 'offline'
      ? `No network. This is how things stood at ${at}.`
      : state === 'closed'
        ? `The connection is closed${closeReason ? ` (${closeReason})` : error ? `: ${error.message}` : ''}. This is how things stood at ${at}.`
        : since !== undefined && state !== 'open'
          ? `The connection was lost at ${at}. Nothing is missed: it goes on from there.`
          : well;
  return (
    <div className="notices" role="status">
      {text !== '' && <p data-tone={text === well ? 'well' : 'cut'}>{text}</p>}
    </div>
  );
}
