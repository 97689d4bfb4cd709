import type { GetToken } from '../../client/types.ts';
import type { DemoPlayer, DemoPlayers, DemoToken } from '../../protocol/api/demo.ts';
import { ProblemError, requestJson } from './service.ts';
import { readStored, writeStored } from './storage.ts';

/** Identity that a page connects with. */
export type Viewer =
  | { readonly kind: 'demo'; readonly playerId: number; readonly name: string }
  | { readonly kind: 'token'; readonly token: string; readonly plays: boolean };

const KEY = 'codecraft-live:identity';

/** The viewer before the page was reloaded. A pasted token is stored for its tab, a demo player for all tabs. */
export function storedViewer(): Viewer | undefined {
  return parseViewer(readStored('session', KEY)) ?? parseViewer(readStored('local', KEY));
}

/** Parses a stored viewer, which another version may have written. */
function parseViewer(text: string | undefined): Viewer | undefined {
  try {
    const found = JSON.parse(text ?? 'null') as Partial<Record<string, unknown>> | null;
    const { kind, playerId, name, token, plays } = found ?? {};
    if (kind === 'demo' && Number.isSafeInteger(playerId) && typeof name === 'string')
      return { kind, playerId: playerId as number, name };
    if (kind === 'token' && typeof token === 'string') return { kind, token, plays: plays !== false };
  } catch {
    // Treated as absent.
  }
  return undefined;
}

export function storeViewer(viewer: Viewer | undefined): void {
  writeStored('session', KEY, undefined);
  writeStored('local', KEY, undefined);
  if (viewer === undefined) return;
  writeStored(viewer.kind === 'demo' ? 'local' : 'session', KEY, JSON.stringify(viewer));
}

/** Reads the demo's players; undefined where there is no demo. */
export async function readDemoPlayers(): Promise<readonly DemoPlayer[] | undefined> {
  try {
    return (await requestJson<DemoPlayers>('demo/players')).players;
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}

/**
 * Trims a pasted token and removes `Bearer`.
 * @throws Error with a message to show, where a header cannot contain it
 */
export function tokenOf(pasted: string): string {
  const token = pasted.trim().replace(/^Bearer\s+/i, '');
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Error('That is not a token: it has blanks or other signs in it that no token has.');
}

/** Checks a pasted token with the service. @throws Error with a message to show */
export async function viewerOfToken(pasted: string): Promise<Viewer> {
  const token = tokenOf(pasted);
  try {
    await requestJson('notifications/counts', { headers: { authorization: `Bearer ${token}` } });
    return { kind: 'token', token, plays: true };
  } catch (error) {
    // A user without a player, e.g. an admin, has no inbox.
    if (error instanceof ProblemError && error.code === 'no-player')
      return { kind: 'token', token, plays: false };
    throw error;
  }
}

/** Token source of a viewer: renews a demo player's short tokens, and repeats a pasted one. */
export function tokenSourceOf(viewer: Viewer): GetToken {
  if (viewer.kind === 'token') return () => viewer.token;
  let pending: Promise<DemoToken> | undefined;
  return async (reason) => {
    const before = pending;
    const known = await before?.catch(() => undefined);
    const lasts = known !== undefined && Date.parse(known.expiresAt) - Date.now() > MARGIN_MS;
    if (known && lasts && (reason === 'connect' || reason === 'request')) return known.token;
    // Concurrent callers share one request.
    if (pending === before || pending === undefined) pending = mintFor(viewer.playerId);
    return (await pending).token;
  };
}

function mintFor(playerId: number): Promise<DemoToken> {
  return requestJson('demo/tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ playerId }),
  });
}

/** Min remaining lifetime of a token that is used again, in ms. */
const MARGIN_MS = 30_000;
