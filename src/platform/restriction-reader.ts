import type { Queries } from '../db/database.ts';
import { type RestrictionQuery, type Restrictions, readRestrictions } from './restrictions.ts';

/** Max ids per read; a single call with more is read alone. */
const MAX_IDS = 2_000;

interface Waiting {
  readonly about: RestrictionQuery;
  readonly resolve: (restrictions: Restrictions) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reader of restrictions that shares queries: one read is under way at a time, and the calls that arrive meanwhile share the
 * next one, which begins after each of them. An answer may also name contests and players of other calls.
 *
 * @param holdDays as of `readRestrictions`
 */
export function createRestrictionReader(
  database: Pick<Queries, 'query'>,
  holdDays?: number,
): (about: RestrictionQuery) => Promise<Restrictions> {
  const waiting: Waiting[] = [];
  let reading = false;

  async function readWaiting(): Promise<void> {
    reading = true;
    while (waiting.length > 0) {
      const calls = takeCalls(waiting);
      const contests = union(calls.map(({ about }) => about.contests));
      const players = union(calls.map(({ about }) => about.players));
      try {
        const restrictions = await readRestrictions(database, { contests, players }, holdDays);
        for (const { resolve } of calls) resolve(restrictions);
      } catch (error) {
        for (const { reject } of calls) reject(error);
      }
    }
    reading = false;
  }

  return (about) =>
    new Promise((resolve, reject) => {
      waiting.push({ about, resolve, reject });
      if (!reading) void readWaiting();
    });
}

/** Removes the first calls whose ids fit into one read. */
function takeCalls(waiting: Waiting[]): Waiting[] {
  let ids = 0;
  const end = waiting.findIndex(({ about }, index) => {
    ids += about.contests.length + about.players.length;
    return index > 0 && ids > MAX_IDS;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}

function union(lists: readonly (readonly number[])[]): readonly number[] {
  const [only] = lists;
  return lists.length === 1 && only ? only : [...new Set(lists.flat())];
}
