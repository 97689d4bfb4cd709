import { useEffect, useState } from 'react';
import { useConnectionStatus, useEvents } from '../../react/index.ts';

/** Time for which a recovery is shown, in ms. */
const RECOVERED_MS = 5_000;

/** Notice that the page is not live, and then of what the reconnection recovered. Empty while connected. */
export function Notices() {
  const { state, closeReason, error } = useConnectionStatus();
  const [since, setSince] = useState<Date>();
  const [recovered, setRecovered] = useState('');
  const disconnected = state === 'waiting' || state === 'offline' || state === 'closed';

  useEffect(() => {
    if (disconnected) setSince((known) => known ?? new Date());
    else if (state === 'open') setSince(undefined);
  }, [disconnected, state]);
  useEvents('caught-up', ({ replayed }) => {
    if (since === undefined) return;
    setRecovered(replayed === 0 ? 'Back. Nothing was missed.' : `Back. ${replayed} missed, all caught up.`);
  });
  useEvents('reset', ({ lost }) => {
    if (lost !== undefined) setRecovered('Back after a long time: everything shown was read afresh.');
  });
  useEffect(() => {
    if (recovered === '') return;
    const timer = setTimeout(() => setRecovered(''), RECOVERED_MS);
    return () => clearTimeout(timer);
  }, [recovered]);

  const at = since?.toLocaleTimeString('en-GB');
  const text =
    state === 'offline'
      ? `No network. This is how things stood at ${at}.`
      : state === 'closed'
        ? `The connection is closed${closeReason ? ` (${closeReason})` : error ? `: ${error.message}` : ''}. This is how things stood at ${at}.`
        : since !== undefined && state !== 'open'
          ? `The connection was lost at ${at}. Nothing is missed: it goes on from there.`
          : recovered;
  return (
    <div className="notices" role="status">
      {text !== '' && <p data-tone={text === recovered ? 'well' : 'cut'}>{text}</p>}
    </div>
  );
}
