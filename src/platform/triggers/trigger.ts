import { createHash } from 'node:crypto';

/** Trigger on one of the platform's tables that writes what the platform did into the outbox. */
export interface Trigger {
  /** Name without prefix and version: `player_advanced`. */
  readonly piece: string;
  readonly table: string;
  readonly event: 'INSERT' | 'UPDATE' | 'DELETE';
  /** Types of the outbox rows that it writes. */
  readonly writes: readonly string[];
  /** Other tables that it writes, with the columns. */
  readonly stores?: Readonly<Record<string, readonly string[]>>;
  /** Columns that it reads, by table, including those of `OLD` and `NEW`. */
  readonly reads: Readonly<Record<string, readonly string[]>>;
  /** A compound statement. */
  readonly body: string;
}

/**
 * Name of a trigger in the database. It ends in a hash of the definition: the name alone identifies the version (comments do
 * not survive every dump), and a new version is created before the old one is dropped, so that no write of the platform is
 * missed. An event that both write has one key.
 */
export function triggerName(trigger: Trigger): string {
  return `live_${trigger.piece}_${createHash('sha256').update(definitionOf(trigger)).digest('hex').slice(0, 8)}`;
}

/** Statement that creates a trigger. */
export function createStatement(trigger: Trigger): string {
  return `CREATE TRIGGER \`${triggerName(trigger)}\` ${definitionOf(trigger)}`;
}

/** Finds the trigger that a name is a version of; undefined for a foreign trigger. */
export function pieceOf(name: string, triggers: readonly Trigger[]): Trigger | undefined {
  const piece = /^live_([a-z_]+)_[0-9a-f]{8}$/.exec(name)?.[1];
  return triggers.find((trigger) => trigger.piece === piece);
}

function definitionOf({ table, event, body }: Trigger): string {
  return `AFTER ${event} ON \`${table}\` FOR EACH ROW\n${body}`;
}
