/**
 * Compares what was acknowledged and what each stream got with the log.
 *
 * @param log rows `{ id, scope, title }` in order of their ids
 * @param end the position that every reader had reached when it was closed
 * @returns violations, by kind
 */
export function check({ log, readers, end, accepted, acknowledgedIds, rolledBack, allowed }) {
  const found = {
    lost: [],
    doubled: [],
    reordered: [],
    leaked: [],
    foreign: [],
    unsaid: [],
    rolledBack: [],
    gaps: [],
    unnamed: [],
  };
  const byId = new Map(log.map((row) => [row.id, row]));
  const times = new Map();
  for (const row of log)
    times.set(`${row.scope} ${row.title}`, (times.get(`${row.scope} ${row.title}`) ?? 0) + 1);
  for (let i = 1; i < log.length; i++) if (log[i].id !== log[i - 1].id + 1) found.gaps.push(log[i].id);
  for (const [title, scope] of accepted) {
    const count = times.get(`${scope} ${title}`) ?? 0;
    if (count === 0) found.lost.push(`${title} was acknowledged and is not in the log`);
    if (count > 1) found.doubled.push(`${title} is ${count} times in the log`);
  }
  for (const [title, id] of acknowledgedIds)
    if (byId.get(Number(id))?.title !== title)
      found.lost.push(`${title} was acknowledged with id ${id}, which is another`);
  for (const { title } of log) if (rolledBack.has(title)) found.rolledBack.push(title);

  for (const reader of readers) {
    if (reader.unnamed > 0) found.unnamed.push(reader.scopes);
    const seen = new Set();
    let last = reader.start ?? 0;
    for (const row of reader.rows) {
      if (!reader.scopes.includes(row.scope) || !allowed(reader, row.scope)) found.leaked.push(row);
      if (seen.has(row.id)) found.doubled.push(row);
      else if (row.id <= last) found.reordered.push(row);
      const stored = byId.get(row.id);
      if (stored?.scope !== row.scope || stored.title !== row.title) found.foreign.push(row);
      seen.add(row.id);
      last = Math.max(last, row.id);
    }
    // No fault of this schedule takes history away, so that whatever is missing was lost without a reason.
    for (const row of log)
      if (
        row.id > (reader.start ?? 0) &&
        row.id <= end &&
        reader.scopes.includes(row.scope) &&
        !seen.has(row.id)
      )
        found.unsaid.push({ ...row, reader: reader.scopes });
    for (const loss of reader.losses) found.lost.push({ needless: loss });
  }
  return found;
}
