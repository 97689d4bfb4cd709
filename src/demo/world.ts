import type { Transaction } from '../db/database.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { emailOf, PLAYERS } from './cast.ts';
import { DEMO_EMAILS } from './find.ts';
import type { DemoLevel } from './levels.ts';

/** Context of a demo step. */
export interface World {
  readonly contestId: number;
  readonly contestTitle: string;
  readonly levels: readonly DemoLevel[];
  readonly clock: PlatformClock;
  /** 0 … 1, as `Math.random`. */
  readonly random: () => number;
}

export interface DemoPlayerRow {
  readonly playerId: number;
  readonly playerName: string;
  readonly xp: number;
  readonly level: number;
  readonly tier: DemoLevel['tier'];
  /** Index in the cast. */
  readonly index: number;
}

/** Reads the demo players, their rows locked until the transaction ends. */
export async function lockPlayers(tx: Transaction): Promise<DemoPlayerRow[]> {
  const rows = await tx.query<Omit<DemoPlayerRow, 'index'> & { email: string }>(
    `SELECT p.id AS playerId, u.name AS playerName, u.email, p.xp, p.level, p.tier
     FROM player p JOIN users u ON u.id = p.user_id WHERE u.email LIKE ? ORDER BY p.id FOR UPDATE`,
    [DEMO_EMAILS],
  );
  const order = PLAYERS.map(({ name }) => emailOf(name));
  return rows.flatMap(({ email, ...player }) => {
    const index = order.indexOf(email);
    return index < 0 ? [] : [{ ...player, index }];
  });
}

export function pick<T>(items: readonly T[], random: () => number): T | undefined {
  return items[Math.floor(random() * items.length)];
}
