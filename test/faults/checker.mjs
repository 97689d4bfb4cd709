/**
 * Compares what was acknowledged and what each stream got with the log.
 *
 * @param log rows `{ id, scope, title, term }` in order of their ids
 * @param end the position that every reader had reached when it was closed
 * @param divergences `{ from, at, until }`: the database lost rows above position `from`; what was acknowledged between
 *   the two instants may be among them
 * @param pruned positions that retention deleted
 * @returns `found`: violations, by kind; `noted`: counts of what is no violation
 */
export function check({ log, readers, end, divergences, pruned, allowed, ...publishers }) {
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
  const noted = { takenByDatabase: 0, announced: 0, withdrawn: 0 };
  const byId = new Map(log.map((row) => [row.id, row]));
  const times = new Map();
  for (const row of log)
    times.set(`${row.scope} ${row.title}`, (times.get(`${row.scope} ${row.title}`) ?? 0) + 1);
  if (divergences.length === 0)
    for (let i = 1; i < log.length; i++)
      for (let id = log[i - 1].id + 1; id < log[i].id; id++) if (!pruned.has(id)) found.gaps.push(id);
  const mayBeTaken = (title) => {
    const at = acceptedAt.get(title);
    return divergences.some((divergence) => at >= divergence.at && at <= divergence.until);
  };
  for (const [title, scope] of accepted) {
    const count = times.get(`${scope} ${title}`) ?? 0;
    if (count > 1) found.doubled.push(`${title} is ${count} times in the log`);
    if (count > 0) continue;
    if (mayBeTaken(title)) noted.takenByDatabase++;
    else found.lost.push(`${title} was acknowledged and is not in the log`);
  }
  for (const [title, id] of acknowledgedIds)
    if (byId.get(Number(id))?.title !== title && !mayBeTaken(title))
      found.lost.push(`${title} was acknowledged with id ${id}, which is another`);
  for (const { title } of log) if (rolledBack.has(title)) found.rolledBack.push(title);
  for (const reader of readers) checkReader(reader);
  return { found, noted };

  function checkReader(reader) {
    if (reader.unnamed > 0) found.unnamed.push(reader.scopes);
    const start = reader.start ?? 0;
    /** What the reader holds: an announced loss takes back what came after it. */
    const held = new Map();
    let last = start;
    /** Up to here the reader was told that nothing is known of what it missed. */
    let unknownThrough = start;
    for (const step of reader.steps) {
      if (step.lost) {
        noted.announced++;
        const { after, through } = step.lost;
        if (!divergences.some(({ from, at }) => at <= step.at && through > from))
          found.needless.push({ ...step.lost, reader: reader.scopes });
        if (after === null) unknownThrough = Math.max(unknownThrough, through);
        last = after === null ? step.position : Math.min(last, after);
        for (const id of held.keys())
          if (after === null || id > after) {
            held.delete(id);
            noted.withdrawn++;
          }
        continue;
      }
      if (!reader.scopes.includes(step.scope) || !allowed(reader, step.scope)) found.leaked.push(step);
      if (held.has(step.id)) found.doubled.push(step);
      else if (step.id <= last) found.reordered.push(step);
      held.set(step.id, step);
      last = Math.max(last, step.id);
    }
    for (const row of held.values()) {
      const stored = byId.get(row.id);
      if (!stored && pruned.has(row.id)) continue;
      if (stored?.scope !== row.scope || stored.title !== row.title) found.foreign.push(row);
      else if (row.cursor !== undefined && !isCursorOf(row.cursor, stored)) found.misnamed.push(row);
    }
    for (const row of log)
      if (row.id > unknownThrough && row.id <= end && reader.scopes.includes(row.scope) && !held.has(row.id))
        found.unsaid.push({ ...row, reader: reader.scopes });
  }
}

/** A cursor is `<id>-<term>`, of that very row; rows of earlier releases have no term. */
function isCursorOf(cursor, { id, term }) {
  return term === null ? cursor.startsWith(`${id}-`) : cursor === `${id}-${term}`;
}
