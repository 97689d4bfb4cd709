import { useEffect, useState, useSyncExternalStore } from 'react';
import { connect } from '../../client/connect.ts';
import type { GetToken } from '../../client/types.ts';
import { createSession, type Session } from '../../react/session/session.ts';
import { serviceUrl } from '../arena/service.ts';
import { createLine, type Line } from './line.ts';
import { Recorder, type Recording } from './recorder.ts';
import type { Wanted } from './wanted.ts';

/** One connection at a time, everything it hears written down, on a line that can be cut. */
export interface Tap {
  /** Undefined while there is none. */
  readonly session: Session | undefined;
  readonly recorder: Recorder;
  readonly recording: Recording;
  readonly line: Line;
  /** Ends the one there is, and begins another. What was written down stays. */
  open(wanted: Wanted, getToken: GetToken): void;
  close(): void;
}

export function useTap(): Tap {
  const [line] = useState(() => createLine((input, init) => fetch(input, init)));
  const [recorder] = useState(() => new Recorder((callback) => requestAnimationFrame(callback)));
  const [session, setSession] = useState<Session>();
  const recording = useSyncExternalStore(
    (changed) => recorder.subscribe(changed),
    () => recorder.recording,
  );

  useEffect(() => {
    if (session === undefined) return;
    const stop = recorder.listen(session.client);
    session.client.start();
    return () => {
      stop();
      session.client.close();
    };
  }, [session, recorder]);

  return {
    session,
    recorder,
    recording,
    line,
    open({ scopes, types, from }, getToken) {
      line.down = false;
      const client = connect({
        url: serviceUrl(),
        scopes,
        ...(types.length === 0 ? {} : { types }),
        ...(from === undefined ? {} : { from }),
        getToken,
        transport: 'fetch',
        fetch: line.fetch,
        start: false,
      });
      setSession(createSession(client, scopes));
    },
    close: () => setSession(undefined),
  };
}
