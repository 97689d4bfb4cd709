import type { Transaction } from '../db/database.ts';
import type { NewEvent } from '../protocol/event.ts';
import { lockPlayers, pick, type World } from './world.ts';

const ACHIEVEMENTS = [
  ['night-owl', 'Night Owl', 'solved a problem after midnight'],
  ['early-bird', 'Early Bird', 'solved a problem before six'],
  ['clean-sheet', 'Clean Sheet', 'five accepted submissions in a row'],
  ['comeback', 'Comeback', 'climbed five places in one contest'],
  ['polyglot', 'Polyglot', 'accepted in three languages'],
  ['marathon', 'Marathon', 'three hours in one contest'],
  ['speed-runner', 'Speed Runner', 'solved a problem within three minutes'],
  ['giant-slayer', 'Giant Slayer', 'passed a player a tier above'],
  ['one-liner', 'One-Liner', 'accepted with a single line'],
  ['stubborn', 'Stubborn', 'accepted at the tenth attempt'],
] as const;

/** Max past achievements that are read to find one that a player has not earned yet. */
const MAX_HISTORY = 500;

/** Step: a player earns an achievement, one that is new for that player if possible. */
export async function achievement(tx: Transaction, { random }: World): Promise<NewEvent[]> {
  const players = await lockPlayers(tx);
  const earned = await readEarned(tx);
  const chances = players.flatMap((player) => ACHIEVEMENTS.map((entry) => ({ player, entry })));
  const fresh = chances.filter(({ player, entry }) => !earned.has(`${player.playerId}/${entry[0]}`));
  const chance = pick(fresh.length > 0 ? fresh : chances, random);
  if (!chance) return [];
  const [code, name, description] = chance.entry;
  const { playerId, playerName } = chance.player;
  return [{ type: 'ACHIEVEMENT', data: { playerId, playerName, achievement: code, name, description } }];
}

async function readEarned(tx: Transaction): Promise<Set<string>> {
  const rows = await tx.query<{ playerId: number; value: string | null }>(
    `SELECT player_id AS playerId, new_value AS value FROM activity_log
     WHERE action_type = 'ACHIEVEMENT_EARNED' ORDER BY id DESC LIMIT ${MAX_HISTORY}`,
  );
  return new Set(
    rows.map(({ playerId, value }) => {
      const { achievement } = JSON.parse(value ?? '{}') as { achievement?: string };
      return `${playerId}/${achievement}`;
    }),
  );
}
