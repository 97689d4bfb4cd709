import type { GetToken } from '../../client/types.ts';
import type { Tier } from '../../protocol/enums.ts';
import { ask, RefusedError } from './service.ts';
import { storageOf } from './storage.ts';

/** As whom the arena is watched. */
export type Identity =
  | { readonly kind: 'demo'; readonly playerId: number; readonly name: string }
  | { readonly kind: 'token'; readonly token: string; readonly plays: boolean };

export interface DemoPlayer {
  readonly playerId: number;
  readonly playerName: string;
  readonly level: number;
  readonly tier: Tier;
  readonly subRank: string;
}

const KEY = 'codecraft-live:identity';

/** Who this was before the page was loaded again. A pasted token stays in its tab; a demo player is kept for all. */
export function rememberedIdentity(): Identity | undefined {
  const text = storageOf('session')?.getItem(KEY) ?? storageOf('local')?.getItem(KEY);
  if (!text) return undefined;
  try {
    return JSON.parse(text) as Identity;
  } catch {
    return undefined;
  }
}

export function rememberIdentity(identity: Identity | undefined): void {
  storageOf('session')?.removeItem(KEY);
  storageOf('local')?.removeItem(KEY);
  if (identity === undefined) return;
  const place = storageOf(identity.kind === 'demo' ? 'local' : 'session');
  place?.setItem(KEY, JSON.stringify(identity));
}

/** Whom a visitor may be; undefined where there is no demo. */
export async function readDemoPlayers(): Promise<readonly DemoPlayer[] | undefined> {
  try {
    return (await ask<{ players: DemoPlayer[] }>('demo/players')).players;
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

/** A pasted token, once the service knows it. @throws Error with a sentence that can be shown */
export async function identityOfToken(pasted: string): Promise<Identity> {
  const token = pasted.trim().replace(/^Bearer\s+/i, '');
  try {
    await ask('notifications/counts', { headers: { authorization: `Bearer ${token}` } });
    return { kind: 'token', token, plays: true };
  } catch (error) {
    // An admin, say: everything but an inbox.
    if (error instanceof RefusedError && error.code === 'no-player')
      return { kind: 'token', token, plays: false };
    throw error;
  }
}

/** Demo tokens are short and asked for again; a pasted one is all there is. */
export function tokensOf(identity: Identity): GetToken {
  if (identity.kind === 'token') return () => identity.token;
  let held: Promise<DemoToken> | undefined;
  return async (reason) => {
    const before = held;
    const known = await before?.catch(() => undefined);
    const lasts = known !== undefined && Date.parse(known.expiresAt) - Date.now() > MARGIN_MS;
    if (known && lasts && (reason === 'connect' || reason === 'request')) return known.token;
    // Those who ask while it is being minted get the same one.
    if (held === before || held === undefined) held = mintFor(identity.playerId);
    return (await held).token;
  };
}

function mintFor(playerId: number): Promise<DemoToken> {
  return ask('demo/tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ playerId }),
  });
}

interface DemoToken {
  readonly token: string;
  readonly expiresAt: string;
}

/** A token that ends sooner is not used any more. */
const MARGIN_MS = 30_000;
