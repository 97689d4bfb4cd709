import type { PointerEvent } from 'react';
import { formatShort, NONE } from '../shared/numbers.ts';
import { type Drawn, type Measure, type Series, STEPS, scaleFor } from './measures.ts';

const HEIGHT = 100;

export interface PlotProps {
  readonly measure: Measure;
  readonly drawn: Drawn;
  /** Step under the pointer, on any plot; undefined: none. */
  readonly pointed: number | undefined;
  readonly onPoint: (step: number | undefined) => void;
}

/** Plot of a measure: all nodes together, and each one where there are several. */
export function Plot({ measure, drawn: { total, below, nodes }, pointed, onPoint }: PlotProps) {
  const known = [...total, ...(below ?? [])].filter((value) => value !== undefined);
  const scale = scaleFor(Math.max(0, ...known), measure.minScale);
  const at = (line: Series) =>
    pointed === undefined ? line.findLast((v) => v !== undefined) : line[pointed];
  const { format = formatShort } = measure;
  const shown = (value: number | undefined) => (value === undefined ? NONE : format(value));
  const value = shown(at(total));

  function point({ currentTarget, clientX }: PointerEvent): void {
    const { left, width } = currentTarget.getBoundingClientRect();
    onPoint(Math.min(STEPS, Math.max(0, Math.round(((clientX - left) / width) * STEPS))));
  }

  return (
    <figure className="plot" data-measure={measure.name}>
      <figcaption>
        <span>{measure.title}</span>
        <b>
          {value}
          {value !== NONE && measure.unit !== '' && <small> {measure.unit}</small>}
        </b>
        {below && measure.below && (
          <span className="plot-below">
            {measure.below.title} {shown(at(below))}
          </span>
        )}
        <span className="plot-scale">{scale.toLocaleString('en')}</span>
      </figcaption>
      <div className="plot-field" onPointerMove={point} onPointerLeave={() => onPoint(undefined)}>
        <svg
          viewBox={`0 0 ${STEPS} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={summary(measure, total)}
        >
          <path className="plot-grid" d={`M0 0H${STEPS}M0 ${HEIGHT / 2}H${STEPS}`} />
          <path className="plot-area" d={area(total, scale)} />
          {nodes.map(([id, line], place) => (
            <path key={id} className="plot-node" data-node={place % 4} d={path(line, scale)} />
          ))}
          {below && <path className="plot-under" d={path(below, scale)} />}
          <path className="plot-total" d={path(total, scale)} />
          {pointed !== undefined && <path className="plot-cross" d={`M${pointed} 0V${HEIGHT}`} />}
        </svg>
      </div>
    </figure>
  );
}

/** SVG path of a series, with gaps for missing values. */
function path(line: Series, scale: number): string {
  let text = '';
  let drawing = false;
  for (const [step, value] of line.entries()) {
    if (value !== undefined) text += `${drawing ? 'L' : 'M'}${step} ${y(value, scale)}`;
    drawing = value !== undefined;
  }
  return text;
}

/** SVG path of the area below a series. */
function area(line: Series, scale: number): string {
  let text = '';
  for (const [step, value] of line.entries()) {
    const next = line[step + 1];
    if (value === undefined || next === undefined) continue;
    text += `M${step} ${HEIGHT}V${y(value, scale)}L${step + 1} ${y(next, scale)}V${HEIGHT}Z`;
  }
  return text;
}

function y(value: number, scale: number): number {
  return Math.round((1 - value / scale) * HEIGHT * 10) / 10;
}

function summary({ title, unit, format = formatShort }: Measure, line: Series): string {
  const known = line.filter((value) => value !== undefined);
  if (known.length === 0) return `${title}: nothing is known yet`;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return `${title}: ${format(known.at(-1) ?? 0)} ${unit} now, ${format(low)} to ${format(high)} in the last five minutes`;
}
