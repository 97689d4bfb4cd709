// What was measured: by title and contender, a value a round.

export class Measurements {
  /** title → contender → metric → values by round; null where a round has none. */
  #values = {};
  #points = [];

  /** Adds the metrics of a contender in a round; those that are undefined are left out. */
  add(title, contender, round, metrics) {
    const of = (from, key, otherwise) => {
      from[key] ??= otherwise;
      return from[key];
    };
    const values = of(of(this.#values, title, {}), contender, {});
    for (const [metric, value] of Object.entries(metrics))
      if (value !== undefined) of(values, metric, [])[round - 1] = value;
  }

  /** Adds a point of a curve. */
  addPoint(curve, contender, x, y) {
    this.#points.push({ curve, contender, x, y });
  }

  toJSON() {
    return { values: this.#values, curves: this.#points };
  }
}

/** Median of the values that there are; undefined of none. */
export function median(values) {
  const sorted = values.filter((value) => typeof value === 'number').sort((one, other) => one - other);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return undefined;
  return Number.isInteger(middle) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[Math.floor(middle)];
}

/** Median of the quotients within each round; undefined where no round has both. */
export function ratio(values, others) {
  return median(
    values.map((value, round) => {
      const other = others[round];
      return typeof value === 'number' && typeof other === 'number' && other !== 0
        ? value / other
        : undefined;
    }),
  );
}
