import { z } from 'zod';
import { instantOrNull, list, type Wire } from './wire.ts';

/** A stream, open or closed, of any node. */
export const session = z
  .object({
    streamId: z.string(),
    nodeId: z.string(),
    userId: z.int().nullable(),
    playerId: z.int().nullable(),
    playerName: z.string().nullable(),
    scopes: list(z.string()),
    connectedAt: z.iso.datetime(),
    lastHeartbeatAt: z.iso.datetime(),
    expiresAt: instantOrNull,
    lastDeliveredId: z.int().meta({
      description:
        'Position of the last notification. Of an open stream of another node, as of its opening: 0.',
    }),
    disconnectedAt: instantOrNull,
    closeReason: z.string().nullable().meta({
      description: 'As in `stream-close`; `gone`: the client left; `lost`: its node died.',
    }),
    address: z.string().nullable(),
    userAgent: z.string().nullable(),
  })
  .meta({ id: 'Session' });

export const sessionPage = z
  .object({ sessions: list(session), next: z.string().nullable() })
  .meta({ id: 'SessionPage' });

/** Answer to a stream that may go on with a new token. */
export const refreshed = z
  .object({ streamId: z.string(), expiresAt: z.iso.datetime() })
  .meta({ id: 'Refreshed' });

export type Session = Wire<typeof session>;
/** `next`: cursor of the next page; null at the end. */
export type SessionPage = Wire<typeof sessionPage>;
