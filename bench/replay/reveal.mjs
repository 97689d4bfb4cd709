import { Resolver } from './resolver.mjs';

/** Extents of the steps, in turn. */
const EXTENTS = ['cell', 'row', 'cell'];

/**
 * Reveals the frozen standings of a contest that is over, step by step, and compares each step with the own order.
 *
 * @param request makes a POST as an admin: path below the contest's reveal, body; resolves to the answer
 * @param play runs one change and compares everything after it: name, the change, whether everybody sees at most one change of it
 * @param compare records a difference: where, expected, found
 */
export async function playReveal({ scoreboard, players, problems, viewers, request, play, compare }) {
  const resolver = new Resolver(scoreboard, players, problems);
  const { next, pending, finished } = resolver;
  await play('the opening of the reveal', async () => {
    const at = performance.now();
    const { state, step, last } = await request('');
    compare('the opening', { step: 0, pending, next }, { step, pending: last.pending, next: last.next });
    compare('the state of the reveal', 'open', state);
    return at;
  });
  // Where nothing is hidden, one step ends it.
  for (let step = 1, over = false; !over; step++) {
    const extent = finished ? 'all' : EXTENTS[step % EXTENTS.length];
    const name = `reveal ${step}: ${extent}`;
    let expected;
    let answer;
    const change = async () => {
      const at = performance.now();
      answer = await request('/steps', { step, extent });
      if (!finished) expected = resolver.step(extent);
      over = expected?.finished ?? true;
      if (over) scoreboard.thaw();
      return at;
    };
    await play(name, change, () => !over);
    if (expected) compare(`${name}: the answer`, expected, summaryOf(answer));
    const { duplicate: _, ...data } = answer;
    for (const [audience, viewer] of Object.entries(viewers))
      compare(`${name}: the stream of ${audience}`, data, viewer.steps.at(-1));
    if (over) return step;
    const shown = { step, rows: scoreboard.rows('shown'), cells: scoreboard.cells('shown') };
    for (const [audience, viewer] of Object.entries(viewers))
      compare(`${name}: the reveal as ${audience} reads it`, shown, await viewer.reveal());
  }
}

function summaryOf({ step, extent, playerId, cells, settled, oldRank, row, pending, next, finished }) {
  return {
    step,
    extent,
    playerId,
    problems: cells.map(({ problemId }) => problemId),
    settled,
    oldRank,
    rank: row?.rank,
    finalRating: row?.finalRating,
    pending,
    next,
    finished,
  };
}
