// A straight line through points, by least squares.

/**
 * Fits y = base + slope · x.
 * @returns undefined with fewer than two points
 */
export function fitLine(points) {
  const n = points.length;
  if (n < 2) return undefined;
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / n;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  const slope = mean(([at, value]) => (at - x) * (value - y)) / mean(([at]) => (at - x) ** 2);
  return { base: y - slope * x, slope, at: (value) => y + slope * (value - x) };
}
