import { z } from 'zod';
import { list } from './wire.ts';

export const ticketRequest = z
  .strictObject({
    scopes: z
      .array(z.string())
      .min(1)
      .meta({ example: ['player:me', 'contest:3'] }),
  })
  .meta({ id: 'TicketRequest' });

/** Ticket that opens streams of these scopes. */
export const ticket = z
  .object({ ticket: z.string(), scopes: list(z.string()), expiresAt: z.iso.datetime() })
  .meta({ id: 'Ticket' });
