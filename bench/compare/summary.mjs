// The tables that a run ends with.
import { median, ratio } from './measurements.mjs';
import { formatTable, formatValue } from './table.mjs';
import { TARGETS } from './targets.mjs';

/**
 * Outcome of a target: the service's and the peer's medians, what is compared with the bound, and whether it is met.
 * Undefined where the service was not measured.
 */
export function outcomeOf(target, values) {
  const of = (contender) => values[target.title]?.[contender]?.[target.metric];
  const own = of('service');
  if (own === undefined) return undefined;
  const peer = of(target.by ?? target.less);
  let compared = median(own);
  if (target.by !== undefined) compared = peer && ratio(own, peer);
  if (target.less !== undefined) compared = peer && median(own) - median(peer);
  const met =
    compared === undefined || (target.atLeast === undefined && target.atMost === undefined)
      ? undefined
      : compared >= (target.atLeast ?? Number.NEGATIVE_INFINITY) &&
        compared <= (target.atMost ?? Number.POSITIVE_INFINITY);
  return { service: median(own), peer: peer && median(peer), compared, met };
}

const METRICS = { perSecond: '', p50: 'p50', p99: 'p99' };

/** Rows of the table of targets. `stored`: results of an earlier run, for a column of its ratios. */
export function targetRows(results, stored) {
  const rows = [['', 'service', 'peer', '', 'compared', 'target', '', ...(stored ? ['stored'] : [])]];
  for (const target of TARGETS) {
    const outcome = outcomeOf(target, results.values);
    if (outcome === undefined) continue;
    const before = stored && outcomeOf(target, stored.values);
    const label = [target.title, target.label ?? METRICS[target.metric]].filter(Boolean).join(': ');
    const unit = target.unit === '' ? '' : ` ${target.unit}`;
    const peer = target.by ?? target.less;
    const compared = comparedText(target, outcome.compared);
    rows.push([
      label,
      `${formatValue(outcome.service)}${unit}`,
      outcome.peer === undefined ? '' : formatValue(outcome.peer),
      peer ?? '',
      compared,
      boundText(target),
      outcome.met === undefined ? '' : outcome.met ? 'met' : 'missed',
      ...(stored ? [before ? comparedText(target, before.compared) : ''] : []),
    ]);
  }
  return rows;
}

function comparedText(target, value) {
  if (value === undefined) return '';
  const sign = target.by === undefined ? '' : ' ×';
  return `${target.less !== undefined && value > 0 ? '+' : ''}${formatValue(value)}${sign}`;
}

function boundText({ atLeast, atMost }) {
  if (atLeast !== undefined) return `≥ ${formatValue(atLeast)}`;
  return atMost === undefined ? '' : `≤ ${formatValue(atMost)}`;
}

/** Titles of the saturated and of the paced measurement, for each number of streams. */
export const DELIVERIES = [
  ['1,000 streams, saturated', '1,000 streams, 20 events/s'],
  ['10,000 streams, saturated', '10,000 streams, 5 events/s'],
];

/** Rows of the table of all contenders that deliver, for one number of streams. */
export function deliveryRows({ values }, saturatedTitle, pacedTitle) {
  const rows = [
    [
      saturatedTitle.replace(', saturated', ''),
      'deliveries/s',
      'service is',
      'CPU µs',
      `${pacedTitle.split(', ')[1]}: p50, p99 ms`,
      'CPU µs',
    ],
  ];
  const saturated = values[saturatedTitle] ?? {};
  const own = saturated.service?.perSecond;
  for (const [name, of] of Object.entries(saturated)) {
    const paced = values[pacedTitle]?.[name];
    const times = own && name !== 'service' ? ratio(own, of.perSecond) : undefined;
    rows.push([
      name,
      formatValue(median(of.perSecond)),
      times === undefined ? '' : `${formatValue(times)} ×`,
      formatValue(median(of.cpuUs)),
      paced ? `${formatValue(median(paced.p50))}, ${formatValue(median(paced.p99))}` : '',
      paced ? formatValue(median(paced.cpuUs)) : '',
    ]);
  }
  return rows;
}

/** What a run was made on. */
export function machineLine({ machine, rounds, merged, failures = [] }) {
  const beside = machine.quiet
    ? 'Nothing else kept the machine busy.'
    : `Other work kept ${machine.busyCores.toFixed(1)} cores busy when rounds began: compare ratios only.`;
  const many = rounds === 1 ? 'one round' : `medians of ${rounds} rounds`;
  const failed = failures.map((failure) => ` Failed: ${failure}.`).join('');
  const parts = merged ? ' Merged from runs of a part of the scenarios each.' : '';
  return `${machine.cores} cores, Node ${machine.node}, MariaDB ${machine.mariadb}, nginx ${machine.nginx ?? 'absent'}; ${many}. ${beside}${parts}${failed}`;
}

/** Prints all tables. */
export function printSummary(results, stored, seconds, print = console.log) {
  print(`\n${machineLine(results)} ${seconds.toFixed(0)} s in all.`);
  print(`\n${formatTable(targetRows(results, stored))}`);
  for (const [saturated, paced] of DELIVERIES) {
    const rows = deliveryRows(results, saturated, paced);
    if (rows.length > 1) print(`\n${formatTable(rows)}`);
  }
  const limit = results.values['load client']?.['its own limit']?.perSecond;
  if (limit) print(`\nThe load client reads ${formatValue(median(limit))} deliveries/s at most.`);
}
