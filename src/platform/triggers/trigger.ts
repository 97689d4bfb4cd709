import { createHash } from 'node:crypto';

/** A trigger on one of the platform's tables, which tells the outbox what the platform did. */
export interface Trigger {
  /** Its name without prefix and version: `player_advanced`. */
  readonly piece: string;
  readonly table: string;
  readonly event: 'INSERT' | 'UPDATE' | 'DELETE';
  /** The types of outbox rows that it writes. */
  readonly tells: readonly string[];
  /** The columns that it reads, by table; those of `OLD` and `NEW` too. */
  readonly reads: Readonly<Record<string, readonly string[]>>;
  /** One compound statement. */
  readonly body: string;
}

/**
 * The name that a trigger has in the database. It ends in a hash of what the trigger does, so that its version is seen
 * by its name alone (comments do not survive every dump), and a new version can be made before the old one is dropped:
 * no write of the platform goes untold, and what both tell is one event by its key.
 */
export function triggerName(trigger: Trigger): string {
  return `live_${trigger.piece}_${createHash('sha256').update(definitionOf(trigger)).digest('hex').slice(0, 8)}`;
}

/** The statement that makes it. */
export function createStatement(trigger: Trigger): string {
  return `CREATE TRIGGER \`${triggerName(trigger)}\` ${definitionOf(trigger)}`;
}

/** Of which of these triggers the name is a version; undefined when it is none of ours. */
export function pieceOf(name: string, triggers: readonly Trigger[]): Trigger | undefined {
  const piece = /^live_([a-z_]+)_[0-9a-f]{8}$/.exec(name)?.[1];
  return triggers.find((trigger) => trigger.piece === piece);
}

function definitionOf({ table, event, body }: Trigger): string {
  return `AFTER ${event} ON \`${table}\` FOR EACH ROW\n${body}`;
}
