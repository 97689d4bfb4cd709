/** Time after a loss in which nodes that have not noticed it may still name what is gone, in ms. */
const UNNOTICED_MS = 15_000;
/** Time after the end of the last older node in which its answers may still arrive, in ms. */
const CLOSING_MS = 500;

/**
 * Compares what was acknowledged and what each stream got with the log.
 *
 * @param log rows `{ id, scope, title, term }` in order of their ids
 * @param terms rows of `log_term`
 * @param end the position that every reader had reached when it was closed
 * @param divergences `{ from, at, until }`: the database lost rows above position `from`; what was acknowledged between
 *   the two instants may be among them
 * @param upgrade `{ at, until }`: between the two instants nodes of an earlier release run beside others; they take a
 *   term that begins for another log
 * @param pruned positions that retention deleted
 * @returns `found`: violations, by kind; `noted`: counts of what is no violation
 */
export function check({ log, terms, readers, end, divergences, upgrade, pruned, allowed, ...publishers }) {
  const { accepted, acceptedAt, acknowledgedIds, rolledBack } = publishers;
  const found = {
    lost: [],
    doubled: [],
    reordered: [],
    leaked: [],
    foreign: [],
    unsaid: [],
    needless: [],
    rolledBack: [],
    gaps: [],
    unnamed: [],
    misnamed: [],
  };
  const noted = { takenByDatabase: 0, announced: 0, announcedInDoubt: 0, announcedByOlder: 0, withdrawn: 0 };
  const byId = new Map(log.map((row) => [row.id, row]));
  const byScope = new Map();
  for (const row of log) {
    if (!byScope.has(row.scope)) byScope.set(row.scope, []);
    byScope.get(row.scope).push(row);
  }
  const times = new Map();
  for (const { title } of log) times.set(title, (times.get(title) ?? 0) + 1);
  if (divergences.length === 0)
    for (let i = 1; i < log.length; i++)
      for (let id = log[i - 1].id + 1; id < log[i].id; id++) if (!pruned.has(id)) found.gaps.push(id);
  const mayBeTaken = (title) => {
    const at = acceptedAt.get(title);
    return divergences.some((divergence) => at >= divergence.at && at <= divergence.until);
  };
  for (const { title, scope } of log)
    if (accepted.has(title) && accepted.get(title) !== scope) found.leaked.push({ title, scope });
  for (const title of accepted.keys()) {
    const count = times.get(title) ?? 0;
    if (count > 1) found.doubled.push(`${title} is ${count} times in the log`);
    if (count > 0) continue;
    if (mayBeTaken(title)) noted.takenByDatabase++;
    else found.lost.push(`${title} was acknowledged and is not in the log`);
  }
  for (const [title, id] of acknowledgedIds)
    if (byId.get(id)?.title !== title && !mayBeTaken(title))
      found.lost.push(`${title} was acknowledged with id ${id}, which is another`);
  for (const { title } of log) if (rolledBack.has(title)) found.rolledBack.push(title);
  for (const reader of readers) checkReader(reader);
  return { found, noted };

  /** Whether a loss that an opening reports, of a cursor that was given out at `cursorAt`, is one that the database had. */
  function isReal({ at, cursorId, cursorAt, lost }) {
    return divergences.some(
      (one) =>
        one.at <= at &&
        cursorAt <= one.until + UNNOTICED_MS &&
        (cursorId > one.from || lost.through > one.from),
    );
  }

  function checkReader(reader) {
    if (reader.unnamed > 0) found.unnamed.push(reader.scopes);
    if (divergences.length === 0)
      for (const cursor of reader.positions) if (!isCursorOfLog(cursor)) found.misnamed.push({ cursor });
    const start = reader.start ?? 0;
    /** What the reader holds: an announced loss takes back what came after it. */
    let held = new Map();
    let last = start;
    /** The part of the stream since nothing was known: from where, and when it began. */
    let part = { from: start, at: reader.startedAt };
    for (const step of reader.steps) {
      if (step.lost) {
        noted.announced++;
        const { after, through } = step.lost;
        if (after === null && step.at >= upgrade.at && step.at <= upgrade.until + CLOSING_MS)
          noted.announcedByOlder++;
        else if (!isReal(step))
          found.needless.push({ ...step, reader: reader.scopes, back: takenBack(held, after) });
        else if (!divergences.some(({ from }) => step.cursorId > from)) noted.announcedInDoubt++;
        if (after === null) {
          // What came before is forgotten; of it, what no later loss can have taken has to be whole.
          checkPart(reader, held, part, unchangedSince(part.at, last));
          noted.withdrawn += held.size;
          held = new Map();
          last = step.position;
          part = { from: Math.max(step.position, through), at: step.at };
          continue;
        }
        last = Math.min(last, after);
        for (const id of held.keys())
          if (id > after) {
            held.delete(id);
            noted.withdrawn++;
          }
        continue;
      }
      if (!reader.scopes.includes(step.scope) || !allowed(reader, step.scope)) found.leaked.push(step);
      if (held.has(step.id)) found.doubled.push(step);
      else if (step.id <= last) found.reordered.push({ ...step, last });
      held.set(step.id, step);
      last = Math.max(last, step.id);
    }
    checkPart(reader, held, part, end);
    for (const row of held.values()) {
      const stored = byId.get(row.id);
      if (!stored && pruned.has(row.id)) continue;
      if (stored?.scope !== row.scope || stored.title !== row.title) found.foreign.push({ row, stored });
      else if (!isTermOf(row.term, stored)) found.misnamed.push({ row, stored });
    }
  }

  /**
   * Whether a cursor may carry this term beside this row: the row's own, or one that overruled it there. Rows of earlier
   * releases have none; a term that overruled and was itself restored away is not known any more.
   */
  function isTermOf(term, stored) {
    if (term === undefined || stored.term === null || term === stored.term) return true;
    if (divergences.length === 0) return false;
    const [overruling, own] = [term, stored.term].map((word) => terms.find((one) => one.term === word));
    return !overruling || !own || (overruling.number > own.number && overruling.first_id <= stored.id);
  }

  /** Whether a cursor of a log that lost nothing is valid in it: no later term begins at or below its position. */
  function isCursorOfLog(cursor) {
    const [id, word] = cursor.split('-');
    const own = terms.find(({ term }) => term === word);
    return own !== undefined && !terms.some((one) => one.number > own.number && one.first_id <= Number(id));
  }

  /** Of the rows that an announced loss takes back: how many are in the log nevertheless, and one that is not. */
  function takenBack(held, after) {
    const rows = [...held.values()].filter(({ id }) => after === null || id > after);
    const gone = rows.filter(({ id, title }) => byId.get(id)?.title !== title);
    return {
      rows: rows.length,
      gone: gone.length,
      example: gone[0],
      stored: byId.get(gone[0]?.id),
      terms: terms.filter(({ first_id }) => Math.abs(first_id - after) < 50),
    };
  }

  /** The position up to which the log is as it was at this instant, at most `last`. */
  function unchangedSince(instant, last) {
    const later = divergences.filter(({ until }) => until + UNNOTICED_MS >= instant).map(({ from }) => from);
    return Math.min(last, ...later);
  }

  /** Every row of the reader's scopes in this part of its stream has to be held. */
  function checkPart(reader, held, { from }, through) {
    for (const scope of reader.scopes)
      for (const row of byScope.get(scope) ?? [])
        if (row.id > from && row.id <= through && !held.has(row.id))
          found.unsaid.push({ ...row, reader: reader.scopes });
  }
}
