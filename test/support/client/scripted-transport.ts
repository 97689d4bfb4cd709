import type { StreamEvents, StreamRequest, Transport } from '../../../src/client/transport.ts';
import type { CloseReason } from '../../../src/protocol/control.ts';

/** One stream that was asked for, played by the test. */
export interface ScriptedStream {
  readonly request: StreamRequest;
  readonly events: StreamEvents;
  readonly cancelled: boolean;
  /** Begins at a cursor, by default the one that was asked for. */
  open(cursor?: string, more?: object): void;
  caughtUp(): void;
  announce(id: number, scope?: string): void;
  close(reason: CloseReason, reconnect: boolean): void;
}

export interface ScriptedTransport extends Transport {
  readonly streams: ScriptedStream[];
  /** The newest. */
  readonly last: ScriptedStream;
}

/** Streams that do what a test says. */
export function createScriptedTransport(seesComments = true): ScriptedTransport {
  const streams: ScriptedStream[] = [];
  let at = '100-test';
  return {
    seesComments,
    fitting: (scopes) => scopes.length,
    streams,
    get last() {
      const last = streams.at(-1);
      if (!last) throw new Error('no stream was asked for');
      return last;
    },
    open(request, events) {
      let cancelled = false;
      const frame = (event: string, data: object, id = at) => {
        if (!cancelled) events.frame({ event, id, data: JSON.stringify(data) });
      };
      streams.push({
        request,
        events,
        get cancelled() {
          return cancelled;
        },
        open(cursor = request.cursor ?? at, more = {}) {
          at = cursor;
          const scopes = request.scopes.map((scope) => (scope === 'player:me' ? 'player:7' : scope));
          frame('stream-open', {
            streamId: `stream-${streams.length}`,
            scopes,
            requested: request.cursor ?? null,
            recovered: true,
            heartbeatMs: 10_000,
            expiresAt: '2100-01-01T00:00:00.000Z',
            serverTime: '2023-11-14T22:13:20.000Z',
            ...more,
          });
        },
        caughtUp: () => frame('caught-up', { replayed: 0 }),
        announce(id, scope = 'player:7') {
          at = `${id}-test`;
          frame('announcement', { id, eventId: id, scope, type: 'ANNOUNCEMENT', title: `${id}`, data: {} });
        },
        close: (reason, reconnect) => frame('stream-close', { reason, reconnect }),
      });
      return () => {
        cancelled = true;
      };
    },
  };
}
