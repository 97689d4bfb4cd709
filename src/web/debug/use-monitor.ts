import { useEffect, useState, useSyncExternalStore } from 'react';
import { connect } from '../../client/connect.ts';
import type { GetToken } from '../../client/types.ts';
import { createSession, type LiveSession } from '../../react/session/session.ts';
import { serviceBase } from '../shared/service.ts';
import { type CuttableFetch, createCuttableFetch } from './cuttable-fetch.ts';
import { Recorder, type Recording } from './recorder.ts';
import type { StreamQuery } from './stream-query.ts';

/** One connection at a time with its recorder, over a `fetch` that can be cut. */
export interface Monitor {
  /** Undefined while not connected. */
  readonly session: LiveSession | undefined;
  readonly recorder: Recorder;
  readonly recording: Recording;
  readonly line: CuttableFetch;
  /** Replaces the connection. The recording stays. */
  open(wanted: StreamQuery, getToken: GetToken): void;
  close(): void;
}

export function useMonitor(): Monitor {
  const [line] = useState(() => createCuttableFetch((input, init) => fetch(input, init)));
  const [recorder] = useState(() => new Recorder((callback) => requestAnimationFrame(callback)));
  const [session, setSession] = useState<LiveSession>();
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
        url: serviceBase(),
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
