import { bodyOf, only } from './body.ts';
import {
  CONTEST_TITLE,
  contestFrozen,
  contestTitle,
  FROZEN,
  NAME_OF_PLAYER,
  PLAYER_NAME,
  playerName,
  TITLE_OF_CONTEST,
} from './lookup.ts';
import { publishEvent } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { sqlInt, sqlText } from './value.ts';

const SOURCE = 'v_source';
const ledgerId = sqlInt('NEW.id');

/** XP of a player. What of it a frozen contest withholds is decided where it is published. */
export const xpGained: Trigger = {
  piece: 'xp_gained',
  table: 'xp_ledger',
  event: 'INSERT',
  writes: ['XP_GAINED'],
  reads: {
    xp_ledger: ['id', 'player_id', 'contest_id', 'source', 'final_xp'],
    ...NAME_OF_PLAYER,
    ...TITLE_OF_CONTEST,
  },
  body: bodyOf(
    {
      when: 'NEW.final_xp <> 0 AND NEW.source IS NOT NULL',
      variables: [PLAYER_NAME, CONTEST_TITLE, SOURCE, FROZEN],
    },
    playerName('NEW.player_id'),
    `SET ${SOURCE} = NEW.source;`,
    only('NEW.contest_id IS NOT NULL', contestTitle('NEW.contest_id'), contestFrozen('NEW.contest_id')),
    publishEvent(
      'XP_GAINED',
      {
        playerId: sqlInt('NEW.player_id'),
        playerName: sqlText(100, PLAYER_NAME),
        xp: sqlInt('NEW.final_xp'),
        source: sqlText(50, SOURCE),
        ledgerId,
        contestId: sqlInt('NEW.contest_id'),
        contestTitle: sqlText(200, CONTEST_TITLE),
      },
      ['xp-gained', ledgerId],
      FROZEN,
    ),
  ),
};
