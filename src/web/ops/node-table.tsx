import { formatCount, formatShort, megabytes, NONE } from '../shared/numbers.ts';
import { FRESH_MS, type Nodes } from './samples.ts';

export interface NodeTableProps {
  readonly nodes: Nodes;
  /** Time of the newest sample, by the service's clock. */
  readonly newest: number;
}

const COLUMNS = ['Streams', 'Events/s', 'Deliveries/s', 'p50 ms', 'p99 ms', 'Behind', 'MB'] as const;

/** Table of each node's latest sample. */
export function NodeTable({ nodes, newest }: NodeTableProps) {
  return (
    <section className="sheet nodes" aria-labelledby="nodes">
      <h2 id="nodes">Nodes</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
      <section className="sheet-scroll" aria-label="Nodes" tabIndex={0}>
        <table className="lines">
          <thead>
            <tr>
              <th scope="col">Node</th>
              {COLUMNS.map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...nodes].map(([id, samples], place) => {
              const last = samples.at(-1);
              if (last === undefined) return null;
              const silentS = Math.round((newest - last.at) / 1_000);
              const latency = (ms: number | undefined) => (ms === undefined ? NONE : formatShort(ms));
              const values = [
                formatCount(last.streams),
                formatShort(last.events),
                formatShort(last.deliveries),
                latency(last.p50),
                latency(last.p99),
                formatCount(last.lagRows),
                formatCount(megabytes(last.memoryBytes)),
              ];
              return (
                <tr key={id} data-silent={newest - last.at > FRESH_MS}>
                  <th scope="row" title={id}>
                    {nodes.size > 1 && <i className="node-key" data-node={place % 4} aria-hidden="true" />}
                    <code>{id.slice(0, 8)}</code>
                    {newest - last.at > FRESH_MS && <span> silent for {silentS} s</span>}
                  </th>
                  {values.map((value, column) => (
                    <td key={COLUMNS[column]}>{value}</td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </section>
  );
}
