// `docs/bench.md`: what a full run printed, with its curves.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DELIVERIES, deliveryRows, machineLine, targetRows } from './summary.mjs';
import { formatMarkdown } from './table.mjs';

const DOCS = join(import.meta.dirname, '../../docs');

const HEAD = `# Measured beside its peers

\`npm run bench\` writes this page. It builds the service and a load client in C, and runs the service as shipped (its own embedded MariaDB, synced at
every commit, default settings) and each peer in turn, in rounds, with the same bytes and the same client. Ratios are taken within each round; their
median is printed. Each process publishes for six seconds, or opens and closes 2,000 streams, before it is measured: until then it mostly compiles. \`npm run bench -- --quick\` takes two minutes and prints its ratios beside these.
`;

const NOTES = `The service checks the token and the rights of each of 10,000 different users, validates each event, and has it on disk before a stream receives it. The
peers check no rights and store nothing on disk; \`bare\` is \`node:http\` that parses the JSON and answers, or opens a stream with one frame; nchan is the
module of nginx with one worker. CPU is that of the process that serves the streams. Latency counts from the instant at which an event was due.
The C \`send()\` loop is the limit of a server that writes each event to each stream.
`;

/** The page of a full run. `charts`: file names of its charts, and their titles. */
export function reportOf(results, charts) {
  const tables = DELIVERIES.map(([saturated, paced]) => deliveryRows(results, saturated, paced)).filter(
    (rows) => rows.length > 1,
  );
  return [
    HEAD,
    `${machineLine(results)}\n`,
    '## Targets\n',
    formatMarkdown(targetRows(results)),
    '## All contenders\n',
    NOTES,
    ...tables.map(formatMarkdown),
    '## Curves\n',
    ...charts.map(([file, title]) => `![${title}](${file})\n`),
  ].join('\n');
}

export function writeReport(results, charts) {
  writeFileSync(join(DOCS, 'bench.md'), reportOf(results, charts));
}
