import { z } from 'zod';
import { TIERS } from '../enums.ts';
import { id } from '../fields.ts';
import { list, type Wire } from './wire.ts';

/** Demo player that any visitor may act as while the demo is on. */
export const demoPlayer = z.object({
  playerId: z.int(),
  playerName: z.string(),
  level: z.int(),
  tier: z.enum(TIERS),
  subRank: z.string(),
});

export const demoPlayers = z.object({ players: list(demoPlayer) }).meta({ id: 'DemoPlayers' });

export const demoTokenRequest = z
  .strictObject({ playerId: id })
  .meta({ id: 'DemoTokenRequest', example: { playerId: 7 } });

export const demoToken = z
  .object({ token: z.string(), playerId: z.int(), expiresAt: z.iso.datetime() })
  .meta({ id: 'DemoToken' });

export type DemoPlayer = Wire<typeof demoPlayer>;
export type DemoPlayers = Wire<typeof demoPlayers>;
export type DemoToken = Wire<typeof demoToken>;
