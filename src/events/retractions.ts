import type { Queries } from '../db/database.ts';
import type { EventData } from '../protocol/event.ts';
import { scopes } from '../protocol/scope.ts';
import type { EventDraft, EventUnit } from './draft.ts';
import { limitedTo, prepare } from './prepare.ts';

/** Finds the `eventId` of a player's last PROBLEM_SOLVED of a problem, in a contest or in practice. */
export type FindSolve = (about: SolvedProblem) => Promise<number | undefined>;

type SolvedProblem = Pick<EventData<'SOLVE_RETRACTED'>, 'playerId' | 'problemId' | 'contestId'>;

/** Reads the inbox of the player backwards, up to the solve. */
export function createSolveFinder(database: Pick<Queries, 'query'>): FindSolve {
  return async ({ playerId, problemId, contestId }) => {
    const [row] = await database.query<{ eventId: number }>(
      `SELECT n.event_id AS eventId FROM notification n FORCE INDEX (notification_inbox)
        WHERE n.scope = ? AND n.inbox = 1 AND n.type = 'PROBLEM_SOLVED' AND n.player_id = ?
          AND JSON_EXTRACT(n.data, '$.problemId') = ? AND COALESCE(JSON_EXTRACT(n.data, '$.contestId') + 0, 0) = ?
        ORDER BY n.id DESC LIMIT 1`,
      [scopes.player(playerId), playerId, problemId, contestId ?? 0],
    );
    return row?.eventId;
  };
}

/** Names in each SOLVE_RETRACTED the event that it takes back, unless its publisher did or it is not known. */
export async function linkRetractions(
  units: readonly EventUnit[],
  find: FindSolve,
): Promise<readonly EventUnit[]> {
  const linked: EventUnit[] = [];
  for (const unit of units) {
    const drafts: EventUnit['drafts'][number][] = [];
    for (const draft of unit.drafts) {
      const { event } = draft;
      const supersedes =
        event.type === 'SOLVE_RETRACTED' && event.data.supersedes === undefined
          ? await find(event.data)
          : undefined;
      drafts.push(supersedes === undefined ? draft : withLink(draft, supersedes));
    }
    linked.push({ ...unit, drafts });
  }
  return linked;
}

/** A draft that goes to some of its scopes alone still does, and one that no restriction applies to stays so. */
function withLink(draft: EventDraft, supersedes: number): EventDraft {
  const linked = prepare(draft.type, { ...draft.event.data, supersedes });
  if (draft.redactable === undefined) return { ...draft, event: linked.event, data: linked.data };
  const isWhole = linked.rows.length === draft.rows.length;
  return isWhole ? linked : (limitedTo(linked, new Set(draft.rows.map(({ scope }) => scope))) ?? draft);
}
