import type { Grants } from '../auth/grants.ts';
import type { Database } from '../db/database.ts';
import { NamedLock } from '../db/named-lock.ts';
import type { SessionCommands } from '../session/commands.ts';
import { revalidate } from '../session/revalidate.ts';
import type { Streams } from '../stream/streams.ts';
import { type Duty, doDuties } from './duties.ts';
import type { Releasers } from './releasers.ts';

export interface BackgroundOptions {
  readonly database: Database;
  readonly streams: Streams;
  readonly grants: Grants;
  readonly commands: SessionCommands;
  /** Tells operators how this node is doing. */
  readonly reportStatus: () => Promise<void>;
  /** What one node at a time does for all. */
  readonly shared: readonly Duty[];
  readonly onError: (error: unknown, where: string) => void;
}

/** How soon a stream ends after its owner lost the right to it, and after another node said so. Milliseconds. */
const REVALIDATE_MS = 4_000;
const COMMANDS_MS = 1_500;
/** How often operators who watch are told how a node is doing. Milliseconds. */
const STATUS_MS = 2_000;

/** Starts what goes on beside requests: this node's own duties, and the shared ones while this node holds their lock. */
export function startBackground(options: BackgroundOptions, releasers: Releasers): void {
  const { database, streams, grants, commands, reportStatus, shared, onError } = options;
  const own: readonly Duty[] = [
    { name: 'commands', everyMs: COMMANDS_MS, run: () => commands.carryOut() },
    { name: 'revalidation', everyMs: REVALIDATE_MS, run: () => revalidate(streams, grants) },
    { name: 'status', everyMs: STATUS_MS, run: reportStatus },
  ];
  const over = new AbortController();
  const working = doDuties(own, over.signal, onError);
  releasers.add('own duties', async () => {
    over.abort();
    await working;
  });

  const lock = new NamedLock(database, 'duties', {
    onAcquired: (signal) => doDuties(shared, signal, onError),
    onError: (error) => onError(error, 'duties'),
  });
  lock.start();
  releasers.add('shared duties', () => lock.close());
}
