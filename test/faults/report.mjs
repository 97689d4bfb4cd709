/** Outcome of a run as plain data: counts alone of what was found. */
export function recordOf({ values, recoveries, readers, log, publishers, found, noted, ...counts }) {
  const sum = (of) => readers.reduce((total, reader) => total + of(reader), 0);
  const { divergences, ...rest } = counts;
  return {
    seed: Number(values.seed),
    database: values.mysql ? 'mysql' : 'mariadb',
    set: values.only ?? values.set,
    recoveries: Object.fromEntries(recoveries),
    streams: readers.length,
    frames: sum((one) => one.frames),
    openings: sum((one) => one.openings),
    rows: log.length,
    accepted: publishers.accepted.size,
    rolledBack: publishers.rolledBack.size,
    historyLosses: divergences.length,
    ...rest,
    noted,
    found: Object.fromEntries(Object.entries(found).map(([kind, list]) => [kind, list.length])),
  };
}

/** Prints a table of the recoveries, the counts, and examples of what was found. */
export function printReport({ recoveries, noted, found: counts, set, ...numbers }, found) {
  console.log(recoveryTable(recoveries));
  console.log(`\n${listOf(numbers)}`);
  console.log(listOf(noted));
  for (const [kind, count] of Object.entries(counts)) {
    console.log(`${kind}: ${count}`);
    for (const one of found[kind].slice(0, 5)) console.log(`  ${JSON.stringify(one)}`);
  }
}

/** Table of the recoveries of each fault, ms. */
export function recoveryTable(recoveries) {
  const lines = ['| fault | count | recovery, median ms | worst ms |', '|---|---|---|---|'];
  for (const [name, times] of Object.entries(recoveries)) {
    lines.push(`| ${name} | ${times.length} | ${medianOf(times)} | ${Math.max(...times)} |`);
  }
  return lines.join('\n');
}

function medianOf(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return Math.round((sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2);
}

/** Tables of the latencies, ms, and of what a node costs at rest, as `bench/across-nodes.mjs` measures them. */
export function figuresTable({ latencies, idle }) {
  const lines = ['| latency | count | p50, ms | p99, ms |', '|---|---|---|---|'];
  for (const [name, { count, p50, p99 }] of Object.entries(latencies))
    lines.push(`| ${name} | ${count} | ${p50} | ${p99} |`);
  lines.push(
    '',
    '| node at rest | queries/s | CPU of the leader, % of a core | of another node |',
    '|---|---|---|---|',
  );
  for (const [mode, { queries, leaderCpu, cpu }] of Object.entries(idle))
    lines.push(`| ${mode} | ${queries} | ${leaderCpu} | ${cpu} |`);
  return lines.join('\n');
}

export const listOf = (numbers) =>
  Object.entries(numbers)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');
