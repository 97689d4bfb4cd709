import type { Transaction } from '../db/database.ts';
import { readInstalled } from '../platform/triggers/installed.ts';
import type { NewEvent } from '../protocol/event.ts';
import { PLAYERS } from './cast.ts';
import { levelAt } from './levels.ts';
import { type DemoPlayerRow, lockPlayers, pick, type World } from './world.ts';

/** Grants XP with its level, tier and sub-rank. @returns events of what was reached, unless triggers publish them */
export async function grantXp(
  tx: Transaction,
  { levels }: World,
  player: DemoPlayerRow,
  amount: number,
): Promise<NewEvent[]> {
  const { playerId, playerName } = player;
  const xp = player.xp + amount;
  const reached = levelAt(levels, xp);
  const { level, tier, subRank } = reached.level > player.level ? reached : levelAt(levels, player.xp);
  await tx.execute('UPDATE player SET xp = ?, level = ?, tier = ?, sub_rank = ? WHERE id = ?', [
    xp,
    level,
    tier,
    subRank,
    playerId,
  ]);
  if (level <= player.level || (await isPublishedByTriggers(tx))) return [];
  const events: NewEvent[] = [
    {
      type: 'LEVEL_UP',
      data: { playerId, playerName, oldLevel: player.level, newLevel: level, xp, tier, subRank },
    },
  ];
  if (tier !== player.tier)
    events.push({
      type: 'TIER_UPGRADE',
      data: { playerId, playerName, oldTier: player.tier, newTier: tier, subRank },
    });
  return events;
}

async function isPublishedByTriggers(tx: Transaction): Promise<boolean> {
  const { states } = await readInstalled(tx);
  return states.some(({ trigger, state }) => trigger.writes.includes('LEVEL_UP') && state !== 'missing');
}

/** Step: a player reaches the next level. When all are at the last one, a new season begins, and all start over. */
export async function levelUp(tx: Transaction, world: World): Promise<NewEvent[]> {
  const { levels, random } = world;
  const next = (player: DemoPlayerRow) => levels.find(({ level }) => level > player.level);
  let players = await lockPlayers(tx);
  const events: NewEvent[] = [];
  if (players.length > 0 && !players.some(next)) {
    players = await newSeason(tx, world);
    events.push({
      type: 'ANNOUNCEMENT',
      data: { title: 'A new season', message: 'Everybody starts over. Good luck!', severity: 'SUCCESS' },
    });
  }
  const player = pick(players.filter(next), random);
  const level = player && next(player);
  if (!player || !level) return events;
  const extra = Math.floor(random() * 50);
  return [...events, ...(await grantXp(tx, world, player, level.xpRequired + extra - player.xp))];
}

async function newSeason(tx: Transaction, { levels }: World): Promise<DemoPlayerRow[]> {
  for (const { playerId, index } of await lockPlayers(tx)) {
    const xp = PLAYERS[index]?.xp ?? 0;
    const { level, tier, subRank } = levelAt(levels, xp);
    await tx.execute('UPDATE player SET xp = ?, level = ?, tier = ?, sub_rank = ? WHERE id = ?', [
      xp,
      level,
      tier,
      subRank,
      playerId,
    ]);
  }
  return lockPlayers(tx);
}
