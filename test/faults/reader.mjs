import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One copy of each text, since every stream gets the same. */
const texts = new Map();
function shared(text) {
  const known = texts.get(text);
  if (known !== undefined) return known;
  texts.set(text, text);
  return text;
}

/**
 * Reads one stream byte by byte by the rules of the standard, and reconnects with the last id that it saw.
 * `steps` holds each row as it came, and in its place each opening that said `recovered: false`.
 *
 * @param onFrame is given the name and the data of every frame
 */
export function openReader({ url, token, scopes, onFrame }) {
  const reader = {
    scopes,
    steps: [],
    /** Cursors of frames that are no rows. */
    positions: new Set(),
    /** Titles of the probes that came. */
    probes: new Set(),
    lastRow: 0,
    refusals: 0,
    openings: 0,
    frames: 0,
    startedAt: Date.now(),
    start: undefined,
    /** Up to here an opening said that nothing is known of what was missed. */
    unknownThrough: 0,
    unnamed: 0,
    /** The status of the last answer, and when the last byte came: for the report of a run that hangs. */
    status: undefined,
    lastByteAt: undefined,
  };
  const path = `/streams?${scopes.map((scope) => `scope=${scope}`).join('&')}`;
  let lastId;
  /** When the cursor came that the stream resumes from. */
  let cursorAt;
  let current;
  let over = false;

  function dispatch({ event, id, data }) {
    reader.frames++;
    const value = JSON.parse(data);
    onFrame?.(event, value);
    if (event === 'stream-open') {
      reader.openings++;
      if (id !== undefined) reader.positions.add(shared(id));
      if (id !== undefined) reader.start ??= positionOf(id);
      if (value.recovered === false) {
        reader.steps.push({
          lost: value.lost,
          position: positionOf(id),
          at: Date.now(),
          cursor: lastId,
          cursorId: positionOf(lastId),
          cursorAt,
        });
        if (value.lost.after === null)
          reader.unknownThrough = Math.max(reader.unknownThrough, value.lost.through);
      }
    } else if (typeof value.id === 'number' && typeof value.scope === 'string') {
      const scope = scopes.find((one) => one === value.scope) ?? value.scope;
      const title = shared(value.title);
      const term = id === undefined ? undefined : shared(id.slice(id.indexOf('-') + 1));
      const named = id === undefined || positionOf(id) === value.id;
      reader.steps.push({ id: value.id, scope, title, term: named ? term : id });
      reader.lastRow = value.id;
      if (title.startsWith('probe-')) reader.probes.add(title);
    } else if (id !== undefined) reader.positions.add(shared(id));
    if (id === undefined) reader.unnamed++;
    else [lastId, cursorAt] = [id, Date.now()];
  }

  const open = () =>
    new Promise((done) => {
      const headers = { authorization: `Bearer ${token}`, connection: 'close' };
      if (lastId !== undefined) headers['last-event-id'] = lastId;
      const base = new URL(url);
      current = request({ host: base.hostname, port: base.port, path, headers, agent: false }, (response) => {
        reader.status = response.statusCode;
        if (response.statusCode !== 200) {
          reader.refusals++;
          response.resume();
          response.on('close', done);
          return;
        }
        response.setEncoding('utf8');
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
          reader.lastByteAt = Date.now();
          let from = 0;
          for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n', from)) {
            const frame = parse(text.slice(from, end));
            from = end + 2;
            if (frame.data !== undefined) dispatch(frame);
          }
          text = text.slice(from);
        });
        response.on('error', () => {});
        response.on('close', done);
      });
      current.on('error', done);
      current.end();
    });

  reader.finished = (async () => {
    while (!over) {
      await open();
      await sleep(50);
    }
  })();
  /** Ends the stream that is open; another one is opened. */
  reader.reopen = () => current?.destroy();
  reader.close = () => {
    over = true;
    current?.destroy();
    return reader.finished;
  };
  return reader;
}

const positionOf = (id) => Number(id?.split('-')[0]);

export function parse(block) {
  const frame = { event: 'message', id: undefined, data: undefined };
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') frame.data = frame.data === undefined ? value : `${frame.data}\n${value}`;
    else if (name === 'event' || name === 'id') frame[name] = value;
  }
  return frame;
}
