// Line charts as SVG: readable in light and dark, without anything outside of the file.

const WIDTH = 720;
const HEIGHT = 400;
const PLOT = { left: 76, right: 560, top: 56, bottom: 340 };
/** Min distance of the labels at the ends of two lines. */
const LABEL_DISTANCE = 17;
/** Light and dark colour of each line, in the order of the series. */
const COLOURS = [
  ['#0b62c4', '#6cb2ff'],
  ['#b3430e', '#ff9d66'],
  ['#187a3c', '#5fd48a'],
  ['#7a3ab3', '#c79bff'],
  ['#6b6b6b', '#b5b5b5'],
];
const DASHES = ['', '7 4', '2 4', '10 3 2 3', '1 3'];

/**
 * A chart with logarithmic axes.
 *
 * @param chart `title`, `description`, `x` and `y` (names of the axes, with units), and `series`: each a `name` and
 *   `points` of positive numbers `[x, y]`, sorted by x
 * @returns the SVG as text
 */
export function lineChart({ title, description, x, y, series }) {
  const drawn = series.filter(({ points }) => points.length > 0);
  const all = drawn.flatMap(({ points }) => points);
  if (all.length === 0) throw new RangeError(`The chart \`${title}\` has no points.`);
  const across = logarithmic(
    all.map(([value]) => value),
    PLOT.left,
    PLOT.right,
  );
  const up = logarithmic(
    all.map(([, value]) => value),
    PLOT.bottom,
    PLOT.top,
  );
  const parts = [
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(description)}</desc>`,
    `<style>${style(drawn.length)}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="title" x="${PLOT.left}" y="24">${escaped(title)}</text>`,
    `<text class="axis" x="${PLOT.left}" y="44">${escaped(y)}</text>`,
    `<text class="axis" x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 16}" text-anchor="middle">${escaped(x)}</text>`,
    ...up.ticks.flatMap((value) => [
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${up.place(value)}" y2="${up.place(value)}"/>`,
      `<text class="axis" x="${PLOT.left - 8}" y="${up.place(value) + 4}" text-anchor="end">${compact(value)}</text>`,
    ]),
    ...across.ticks.map(
      (value) =>
        `<text class="axis" x="${across.place(value)}" y="${PLOT.bottom + 20}" text-anchor="middle">${compact(value)}</text>`,
    ),
    ...drawn.flatMap(({ points }, index) => line(points, index, across, up)),
    ...labels(drawn, across, up),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function style(count) {
  const colours = (column) =>
    COLOURS.slice(0, count)
      .map((pair, index) => `.s${index}{stroke:${pair[column]}}.d${index}{fill:${pair[column]}}`)
      .join('');
  const ink = (ground, text, quiet, grid) =>
    `.ground{fill:${ground}}.title,.label{fill:${text}}.axis{fill:${quiet}}.grid{stroke:${grid}}`;
  return [
    'text{font:13px system-ui,sans-serif}.title{font-size:15px;font-weight:600}path{fill:none;stroke-width:2.5}',
    ink('#ffffff', '#1b1f24', '#57606a', '#d8dee4'),
    colours(0),
    `@media (prefers-color-scheme:dark){${ink('#0d1117', '#e6edf3', '#9aa4ae', '#30363d')}${colours(1)}}`,
  ].join('');
}

function line(points, index, across, up) {
  const at = ([x, y]) => `${across.place(x)} ${up.place(y)}`;
  const dash = DASHES[index % DASHES.length];
  return [
    `<path class="s${index}"${dash && ` stroke-dasharray="${dash}"`} d="M${points.map(at).join('L')}"/>`,
    ...points.map(
      ([x, y]) => `<circle class="d${index}" cx="${across.place(x)}" cy="${up.place(y)}" r="3.5"/>`,
    ),
  ];
}

/** The name of each line at its end; names that would overlap are moved apart. */
function labels(series, across, up) {
  const placed = series
    .map(({ name, points }) => ({ name, x: across.place(points.at(-1)[0]), y: up.place(points.at(-1)[1]) }))
    .sort((one, other) => one.y - other.y);
  for (let index = 1; index < placed.length; index++)
    placed[index].y = Math.max(placed[index].y, placed[index - 1].y + LABEL_DISTANCE);
  return placed.map(
    ({ name, x, y }) =>
      `<text class="label" x="${round(x + 10)}" y="${round(y + 4)}">${escaped(name)}</text>`,
  );
}

/** A logarithmic scale from `from` to `to`, and its ticks. */
function logarithmic(values, from, to) {
  const low = Math.log10(Math.min(...values));
  const high = Math.log10(Math.max(...values));
  const begin = Math.floor(low + 1e-9);
  const end = Math.max(begin + 1, Math.ceil(high - 1e-9));
  const place = (value) => round(from + ((Math.log10(value) - begin) / (end - begin)) * (to - from));
  const ticks = Array.from({ length: end - begin + 1 }, (_, index) => 10 ** (begin + index));
  return { place, ticks };
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function compact(value) {
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1e4) return `${value / 1e3}k`;
  return value >= 1 ? value.toLocaleString('en') : String(Number(value.toPrecision(1)));
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
