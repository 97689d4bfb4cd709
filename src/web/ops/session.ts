import type { Session } from '../../protocol/api/session.ts';

export function nameOf({ playerName, playerId, userId }: Session): string {
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
