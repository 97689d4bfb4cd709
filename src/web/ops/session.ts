/** A stream as `GET /sessions` answers it. */
export interface SessionRow {
  readonly streamId: string;
  readonly nodeId: string;
  readonly userId: number | null;
  readonly playerId: number | null;
  readonly playerName: string | null;
  readonly scopes: readonly string[];
  readonly connectedAt: string;
  readonly lastDeliveredId: number;
  readonly disconnectedAt: string | null;
  readonly closeReason: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
}

export interface SessionPage {
  readonly sessions: readonly SessionRow[];
  /** Cursor of the next page; null at the end. */
  readonly next: string | null;
}

export function nameOf({ playerName, playerId, userId }: SessionRow): string {
  return playerName ?? (playerId === null ? `user ${userId}` : `player ${playerId}`);
}

const KNOWN = [
  [/Edg\/(\d+)/, 'Edge'],
  [/Firefox\/(\d+)/, 'Firefox'],
  [/Chrome\/(\d+)/, 'Chrome'],
  [/Version\/(\d+).*Safari/, 'Safari'],
] as const;

/** Shortens a user agent: `Chrome 140`, `curl 8.5`. */
export function shortAgent(agent: string): string {
  for (const [pattern, name] of KNOWN) {
    const version = pattern.exec(agent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return (agent.split(/[\s(;]/)[0] ?? '').replace('/', ' ');
}
