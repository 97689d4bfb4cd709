import type { SessionKey } from '../session/session-list.ts';

/** A place in a list of sessions, as text without meaning to the client. */
export function formatSessionCursor([at, heartbeatAt, streamId]: SessionKey): string {
  return Buffer.from(`${at.getTime()}.${heartbeatAt.getTime()}.${streamId}`).toString('base64url');
}

/** `undefined` for what this service did not make. */
export function parseSessionCursor(text: string): SessionKey | undefined {
  const match = /^(\d{1,14})\.(\d{1,14})\.([\x21-\x7e]{1,36})$/.exec(
    Buffer.from(text, 'base64url').toString(),
  );
  return match ? [new Date(Number(match[1])), new Date(Number(match[2])), match[3] as string] : undefined;
}
