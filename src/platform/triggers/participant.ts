import { bodyOf, only } from './body.ts';
import { FREEZE_NO, FREEZES, holdScore, STORES_SCORE } from './freeze.ts';
import {
  CONTEST_TITLE,
  contestTitle,
  NAME_OF_PLAYER,
  PLAYER_NAME,
  playerName,
  TITLE_OF_CONTEST,
} from './lookup.ts';
import { markDirty, object, publishEvent } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { sqlInt, sqlText } from './value.ts';

const KEYS = ['contest_id', 'player_id'];
/** Columns that a leaderboard shows. */
const SHOWN = ['final_rating', 'last_solved_at', 'problems_solved', 'penalty_mins', 'mode'];

const newContest = sqlInt('NEW.contest_id');
const newPlayer = sqlInt('NEW.player_id');
const oldContest = sqlInt('OLD.contest_id');
const oldPlayer = sqlInt('OLD.player_id');

/**
 * A player joined. The number of participants is left out: the platform updates its count in a later statement, and counting
 * in each trigger would cost a rush of joins the square of its size.
 */
export const participantJoined: Trigger = {
  piece: 'participant_joined',
  table: 'contest_participant',
  event: 'INSERT',
  writes: ['CONTEST_JOINED', 'STANDINGS_TOUCHED'],
  stores: STORES_SCORE,
  reads: { contest_participant: [...KEYS, ...SHOWN], ...NAME_OF_PLAYER, ...TITLE_OF_CONTEST, ...FREEZES },
  body: bodyOf(
    { variables: [PLAYER_NAME, CONTEST_TITLE, FREEZE_NO] },
    holdScore('NEW'),
    playerName('NEW.player_id'),
    contestTitle('NEW.contest_id'),
    publishEvent(
      'CONTEST_JOINED',
      {
        contestId: newContest,
        contestTitle: sqlText(200, CONTEST_TITLE),
        players: `JSON_ARRAY(${object({ playerId: newPlayer, playerName: sqlText(100, PLAYER_NAME) })})`,
      },
      ['contest-joined', newContest, newPlayer],
    ),
    markDirty(newContest, newPlayer),
  ),
};

/** A participant's shown result changed. Other columns are ignored, such as `final_rank`, which is written row by row. */
export const participantScored: Trigger = {
  piece: 'participant_scored',
  table: 'contest_participant',
  event: 'UPDATE',
  writes: ['STANDINGS_TOUCHED'],
  stores: STORES_SCORE,
  reads: { contest_participant: [...KEYS, ...SHOWN], ...FREEZES },
  body: bodyOf(
    { when: changed([...SHOWN, ...KEYS]), variables: [FREEZE_NO] },
    holdScore('OLD'),
    only(changed(KEYS), markDirty(oldContest, oldPlayer)),
    markDirty(newContest, newPlayer),
  ),
};

/** A player left. Rows that a foreign key deletes run no trigger, on any server. */
export const participantLeft: Trigger = {
  piece: 'participant_left',
  table: 'contest_participant',
  event: 'DELETE',
  writes: ['STANDINGS_TOUCHED'],
  reads: { contest_participant: KEYS },
  body: bodyOf({}, markDirty(oldContest, oldPlayer)),
};

function changed(columns: readonly string[]): string {
  return `NOT (${columns.map((column) => `NEW.${column} <=> OLD.${column}`).join(' AND ')})`;
}
