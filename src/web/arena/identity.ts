import type { GetToken } from '../../client/types.ts';
import type { Tier } from '../../protocol/enums.ts';
import { ask, RefusedError } from './service.ts';
import { readStored, writeStored } from './storage.ts';

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
  return asIdentity(readStored('session', KEY)) ?? asIdentity(readStored('local', KEY));
}

/** Whatever is stored there may be another version's, or anybody's. */
function asIdentity(text: string | undefined): Identity | undefined {
  try {
    const found = JSON.parse(text ?? 'null') as Partial<Record<string, unknown>> | null;
    const { kind, playerId, name, token, plays } = found ?? {};
    if (kind === 'demo' && Number.isSafeInteger(playerId) && typeof name === 'string')
      return { kind, playerId: playerId as number, name };
    if (kind === 'token' && typeof token === 'string') return { kind, token, plays: plays !== false };
  } catch {
    // As if nothing had been stored.
  }
  return undefined;
}

export function rememberIdentity(identity: Identity | undefined): void {
  writeStored('session', KEY, undefined);
  writeStored('local', KEY, undefined);
  if (identity === undefined) return;
  writeStored(identity.kind === 'demo' ? 'local' : 'session', KEY, JSON.stringify(identity));
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

/**
 * A token as it was pasted, with or without `Bearer`.
 * @throws Error with a sentence that can be shown, where no header could carry it
 */
export function tokenOf(pasted: string): string {
  const token = pasted.trim().replace(/^Bearer\s+/i, '');
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Error('That is not a token: it has blanks or other signs in it that no token has.');
}

/** A pasted token, once the service knows it. @throws Error with a sentence that can be shown */
export async function identityOfToken(pasted: string): Promise<Identity> {
  const token = tokenOf(pasted);
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
