import { randomUUID } from 'node:crypto';
import { Hub } from '../../src/channel/hub.ts';
import { type Database, openDatabase } from '../../src/db/database.ts';
import type { Scope } from '../../src/protocol/scope.ts';
import { createSessionCommands, type SessionCommands } from '../../src/session/commands.ts';
import { NodeLease } from '../../src/session/node-lease.ts';
import { SessionWriter } from '../../src/session/session-writer.ts';
import type { Stream, StreamOwner } from '../../src/stream/stream.ts';
import type { Streams } from '../../src/stream/streams.ts';
import { openWebSink } from '../../src/stream/web-sink.ts';
import { createStreams, OWNER, openStream as openStreamOn } from '../stream/fixture.ts';

/** A node: its streams and the writer of their rows, over a pool of its own. */
export interface TestNode {
  readonly id: string;
  readonly database: Database;
  readonly streams: Streams;
  readonly hub: Hub;
  readonly writer: SessionWriter;
  readonly lease: NodeLease;
  readonly commands: SessionCommands;
  readonly errors: unknown[];
  open(owner: OpenOptions): TestStream;
  /** Leaves what kill -9 leaves: nothing more is written to the database, and no stream is closed. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface TestStream {
  readonly stream: Stream;
  /** Ends the response as a client does that leaves. */
  leave(): void;
  /** Reads the whole response, once it ended. */
  text(): Promise<string>;
}

export interface OpenOptions extends Partial<StreamOwner> {
  readonly userId: number;
  readonly scopes?: readonly Scope[];
  readonly expiresAt?: Date;
}

/** Duration of a node's lease, ms. */
export const LEASE_MS = 60_000;

/** Makes the lease of a node as old as if it had not been renewed for this time. */
export async function ageLease(database: Pick<Database, 'execute'>, nodeId: string, seconds: number) {
  await database.execute(
    `UPDATE node SET renewed_at = renewed_at - INTERVAL ? SECOND, expires_at = expires_at - INTERVAL ? SECOND
      WHERE node_id = ?`,
    [seconds, seconds, nodeId],
  );
}

export function startNode(url: string, options: { heartbeatMs?: number } = {}): TestNode {
  const id = randomUUID();
  const heartbeatMs = options.heartbeatMs ?? 60_000;
  const database = openDatabase({ url, poolSize: 3, acquireTimeoutMs: 2_000 });
  const hub = new Hub(0);
  const streams = createStreams({ hub, query: database.query, limits: { heartbeatMs } });
  const errors: unknown[] = [];
  const lease = new NodeLease({ database, nodeId: id, durationMs: LEASE_MS });
  const writer = new SessionWriter({
    database,
    streams,
    nodeId: id,
    lease,
    renewMs: heartbeatMs,
    onError: (error) => errors.push(error),
  });
  writer.start();
  const close = async () => {
    await streams.close();
    await writer.close();
    await database.close();
  };
  return {
    id,
    database,
    streams,
    hub,
    writer,
    lease,
    commands: createSessionCommands({ database, streams, writer, nodeId: id }),
    errors,
    open: (owner) => openStream(streams, owner),
    kill: () => database.close(),
    close,
  };
}

function openStream(streams: Streams, { scopes = ['global'], expiresAt, ...owner }: OpenOptions): TestStream {
  const away = new AbortController();
  const { sink, body } = openWebSink(away.signal);
  const stream = openStreamOn(streams, sink, {
    owner: { ...OWNER, issuedAt: new Date(Date.now() - 60_000), ...owner },
    scopes,
    ...(expiresAt && { expiresAt }),
  });
  return {
    stream,
    leave: () => away.abort(),
    text: () => new Response(body).text(),
  };
}
