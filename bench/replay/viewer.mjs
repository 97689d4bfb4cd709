import { createParser } from 'eventsource-parser';

/** One audience's views of a contest: the stream with cells, REST, and the event feed of the Contest API. */
export class Viewer {
  #url;
  #headers;
  #contestId;
  #controller = new AbortController();
  #board;
  #cells;
  #judgements = new Map();
  #state = {};
  /** Called with the type of everything that arrives. */
  onArrival = () => {};
  /** Called after each change of what the stream shows. */
  onChange = () => {};
  faults = [];
  /** Steps of the reveal, as the stream has them. */
  steps = [];

  constructor({ url, token, contestId }) {
    this.#url = url;
    this.#contestId = contestId;
    this.#headers = { authorization: `Bearer ${token}` };
  }

  /** Opens the stream and the feed. */
  async open() {
    const scopes = `scope=contest:${this.#contestId}&scope=contest:${this.#contestId}:leaderboard&cells=1`;
    const parser = createParser({ onEvent: (event) => this.#receive(event.event, JSON.parse(event.data)) });
    await this.#read(`/streams?${scopes}`, (text) => parser.feed(text));
    let rest = '';
    await this.#read(`/clics/contests/${this.#contestId}/event-feed`, (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) if (line !== '') this.#apply(JSON.parse(line));
    });
  }

  close() {
    this.#controller.abort();
  }

  get ready() {
    return this.#board !== undefined && this.#cells !== undefined;
  }

  /** Rows and cells as the stream has them. */
  get streamed() {
    return {
      rows: rowsOf(this.#board?.rows.values() ?? []),
      cells: cellsOf(this.#cells?.rows.entries() ?? []),
    };
  }

  /** Verdicts and state as the feed has them. */
  get feed() {
    return { verdicts: Object.fromEntries(this.#judgements), state: this.#state };
  }

  /** Rows and cells over REST. */
  async fetched() {
    const rows = [];
    for (let offset = 0; ; offset += 200) {
      const path = `/contests/${this.#contestId}/leaderboard?cells=1&limit=200&offset=${offset}`;
      const page = await this.#get(path);
      rows.push(...page.rows);
      if (rows.length >= page.total || page.rows.length === 0) break;
    }
    return { rows: rowsOf(rows), cells: cellsOf(rows.map(({ playerId, cells }) => [playerId, cells])) };
  }

  /** Ranks, totals and problems of the scoreboard of the Contest API, by team. */
  async scoreboard() {
    const { rows } = await this.#get(`/clics/contests/${this.#contestId}/scoreboard`);
    const ranks = rows.map(({ rank }) => rank);
    if (ranks.some((rank, place) => rank < ranks[place - 1]))
      this.faults.push('the scoreboard is not sorted');
    return Object.fromEntries(
      rows.map(({ rank, team_id, score, problems }) => [
        team_id,
        {
          rank,
          solved: score.num_solved,
          penalty: score.total_time,
          problems: Object.fromEntries(
            problems.map((one) => [
              one.problem_id,
              [one.num_judged, one.num_pending, one.solved ? one.time : null],
            ]),
          ),
        },
      ]),
    );
  }

  /** The last step and what everybody is shown of an open reveal. */
  async reveal() {
    const { step, rows } = await this.#get(`/contests/${this.#contestId}/reveal/standings`);
    return { step, rows: rowsOf(rows), cells: cellsOf(rows.map(({ playerId, cells }) => [playerId, cells])) };
  }

  async #get(path) {
    const response = await fetch(this.#url + path, { headers: this.#headers });
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async #read(path, onText) {
    const response = await fetch(this.#url + path, {
      headers: this.#headers,
      signal: this.#controller.signal,
    });
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    const read = async () => {
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) onText(text);
      this.faults.push(`${path} has ended`);
    };
    read().catch((error) => {
      if (!this.#controller.signal.aborted) this.faults.push(`${path}: ${error.message}`);
    });
  }

  #receive(event, payload) {
    const { data } = payload;
    switch (event) {
      case 'leaderboard-snapshot':
        this.#board = {
          version: payload.version,
          rows: new Map(payload.rows.map((row) => [row.playerId, row])),
        };
        break;
      case 'cells-snapshot':
        this.#cells = {
          version: payload.version,
          rows: new Map(payload.rows.map(({ playerId, cells }) => [playerId, cells])),
        };
        break;
      case 'leaderboard-update':
        this.#applyRows(data);
        break;
      case 'cells-update':
        this.#applyCells(data);
        break;
      case 'contest-reveal-step':
        this.steps.push(data);
        break;
      default:
    }
    if (payload.type === undefined) return;
    this.onArrival(payload.type);
    if (event === 'leaderboard-update' || event === 'cells-update') this.onChange();
  }

  #applyRows(delta) {
    const board = this.#board;
    if (delta.version <= board.version) return;
    if (delta.previous !== board.version && !(delta.previous < board.version && delta.shifts.length === 0))
      this.faults.push(
        `the leaderboard goes from ${board.version} to ${delta.version} after ${delta.previous}`,
      );
    for (const playerId of delta.removed) board.rows.delete(playerId);
    const changed = new Set(delta.changed.map(({ playerId }) => playerId));
    for (const [playerId, row] of board.rows) {
      const shift = delta.shifts.find(({ from, to }) => row.rank >= from && row.rank <= to);
      if (shift && !changed.has(playerId)) board.rows.set(playerId, { ...row, rank: row.rank + shift.by });
    }
    for (const row of delta.changed) board.rows.set(row.playerId, row);
    board.version = delta.version;
  }

  #applyCells(delta) {
    const known = this.#cells;
    if (delta.version <= known.version) return;
    if (delta.previous !== known.version)
      this.faults.push(`the cells go from ${known.version} to ${delta.version} after ${delta.previous}`);
    for (const playerId of delta.removed) known.rows.delete(playerId);
    for (const { playerId, cells } of delta.changed) known.rows.set(playerId, cells);
    known.version = delta.version;
  }

  #apply({ type, id, data }) {
    this.onArrival(`feed: ${type}`);
    if (type === 'state') this.#state = data;
    if (type !== 'judgements') return;
    for (const judgement of Array.isArray(data) ? data : [data])
      if (judgement === null) this.#judgements.delete(id);
      else this.#judgements.set(judgement.submission_id, judgement.judgement_type_id);
  }
}

const FIELDS = ['rank', 'finalRating', 'problemsSolved', 'penaltyMins', 'lastSolvedAt'];

function rowsOf(rows) {
  return Object.fromEntries(
    [...rows].map((row) => [
      row.playerId,
      Object.fromEntries(FIELDS.map((field) => [field, row[field] ?? null])),
    ]),
  );
}

function cellsOf(entries) {
  return Object.fromEntries([...entries].filter(([, cells]) => cells.length > 0));
}
