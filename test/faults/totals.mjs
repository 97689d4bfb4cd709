/**
 * `node test/faults/totals.mjs FILE…`: sums the outcomes that runs recorded, by database, and prints the latencies and what a
 * node costs at rest as they were measured last.
 */
import { readFileSync } from 'node:fs';
import { figuresTable, listOf, recoveryTable } from './report.mjs';

const outcomes = process.argv.slice(2).flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line)),
);
for (const database of new Set(outcomes.map((one) => one.database))) {
  const own = outcomes.filter((one) => one.database === database);
  const of = own.filter(({ recoveries }) => recoveries);
  const figures = own.findLast(({ latencies }) => latencies);
  const recoveries = {};
  for (const one of of)
    for (const [name, times] of Object.entries(one.recoveries))
      recoveries[name] = [...(recoveries[name] ?? []), ...times];
  console.log(`${database}: ${of.length} runs, seeds ${of.map(({ seed }) => seed).join(', ')}\n`);
  console.log(recoveryTable(recoveries));
  const { seed, ...numbers } = summed(of);
  console.log(`\n${listOf(numbers)}`);
  console.log(`noted: ${listOf(summed(of.map(({ noted }) => noted)))}`);
  console.log(`found: ${listOf(summed(of.map(({ found }) => found)))}\n`);
  if (figures) console.log(`${figuresTable(figures)}\n`);
}

/** Sums every number of these records. */
function summed(records) {
  const sums = {};
  for (const record of records)
    for (const [name, value] of Object.entries(record))
      if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
  return sums;
}
