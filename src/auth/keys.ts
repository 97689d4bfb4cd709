import { hkdfSync } from 'node:crypto';
import type { AuthConfig } from '../config/config.ts';

/** Keys per kind of token and message, so that no kind is accepted as another. */
export interface Keys {
  /** The platform's shared secret; undefined where its tokens are signed with keys of a JWKS alone. */
  readonly platform: Uint8Array | undefined;
  readonly service: Uint8Array;
  readonly ticket: Uint8Array;
  /** For messages between the nodes of a cluster. */
  readonly backplane: Uint8Array;
  /** For ids of histories. */
  readonly history: Uint8Array;
}

/** Derives the keys. @throws Error where there is no secret (`completeSecrets` makes one where that is allowed) */
export function deriveKeys(auth: Pick<AuthConfig, 'secret' | 'liveSecret'>): Keys {
  const root = auth.liveSecret ?? auth.secret;
  if (root === undefined)
    throw new Error(
      'There is no secret to sign tickets and service tokens with. Set LIVE_SECRET or JWT_SECRET.',
    );
  return {
    platform: auth.secret === undefined ? undefined : new TextEncoder().encode(auth.secret),
    service: derive(root, 'service'),
    ticket: derive(root, 'ticket'),
    backplane: derive(root, 'backplane'),
    history: derive(root, 'history'),
  };
}

/** HKDF with SHA-256 (RFC 5869): the label makes each key independent of the others and of the secret. */
function derive(root: string, label: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', root, 'codecraft-live', label, 32));
}
