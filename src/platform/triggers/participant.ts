import { bodyOf, only } from './body.ts';
import {
  CONTEST_TITLE,
  contestTitle,
  NAME_OF_PLAYER,
  PLAYER_NAME,
  playerName,
  TITLE_OF_CONTEST,
} from './lookup.ts';
import { object, tell, touchStandings } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { int, text } from './value.ts';

const KEYS = ['contest_id', 'player_id'];
/** What standings show of a participant. */
const SHOWN = ['final_rating', 'last_solved_at', 'problems_solved', 'penalty_mins', 'mode'];

const newContest = int('NEW.contest_id');
const newPlayer = int('NEW.player_id');
const oldContest = int('OLD.contest_id');
const oldPlayer = int('OLD.player_id');

/**
 * Somebody joined. How many take part is left out: the platform's own count is moved in a later statement, and counting
 * anew would make a rush of joins cost the square of the crowd.
 */
export const participantJoined: Trigger = {
  piece: 'participant_joined',
  table: 'contest_participant',
  event: 'INSERT',
  tells: ['CONTEST_JOINED', 'STANDINGS_TOUCHED'],
  reads: { contest_participant: KEYS, ...NAME_OF_PLAYER, ...TITLE_OF_CONTEST },
  body: bodyOf(
    { variables: [PLAYER_NAME, CONTEST_TITLE] },
    playerName('NEW.player_id'),
    contestTitle('NEW.contest_id'),
    tell(
      'CONTEST_JOINED',
      {
        contestId: newContest,
        contestTitle: text(200, CONTEST_TITLE),
        players: `JSON_ARRAY(${object({ playerId: newPlayer, playerName: text(100, PLAYER_NAME) })})`,
      },
      ['contest-joined', newContest, newPlayer],
    ),
    touchStandings(newContest, newPlayer),
  ),
};

/** A participant's result as standings show it; what else is written, as `final_rank` row by row, is passed over. */
export const participantScored: Trigger = {
  piece: 'participant_scored',
  table: 'contest_participant',
  event: 'UPDATE',
  tells: ['STANDINGS_TOUCHED'],
  reads: { contest_participant: [...KEYS, ...SHOWN] },
  body: bodyOf(
    { when: isOther([...SHOWN, ...KEYS]) },
    only(isOther(KEYS), touchStandings(oldContest, oldPlayer)),
    touchStandings(newContest, newPlayer),
  ),
};

/** Somebody left. A row that a foreign key takes along runs no trigger, on no server. */
export const participantLeft: Trigger = {
  piece: 'participant_left',
  table: 'contest_participant',
  event: 'DELETE',
  tells: ['STANDINGS_TOUCHED'],
  reads: { contest_participant: KEYS },
  body: bodyOf({}, touchStandings(oldContest, oldPlayer)),
};

function isOther(columns: readonly string[]): string {
  return `NOT (${columns.map((column) => `NEW.${column} <=> OLD.${column}`).join(' AND ')})`;
}
