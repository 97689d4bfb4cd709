import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Reads one stream byte by byte by the rules of the standard, and reconnects with the last id that it saw.
 * `rows` holds each row as it came; `steps` also holds, in its place, each opening that said `recovered: false`.
 */
export function openReader({ url, token, scopes }) {
  const reader = {
    scopes,
    rows: [],
    titles: new Set(),
    steps: [],
    refusals: 0,
    openings: 0,
    frames: 0,
    start: undefined,
    unnamed: 0,
  };
  const path = `/streams?${scopes.map((scope) => `scope=${scope}`).join('&')}`;
  let lastId;
  let current;
  let over = false;

  function dispatch({ event, id, data }) {
    reader.frames++;
    if (id === undefined) reader.unnamed++;
    else lastId = id;
    const value = JSON.parse(data);
    if (event === 'stream-open') {
      reader.openings++;
      if (id !== undefined) reader.start ??= Number(id.split('-')[0]);
      if (value.recovered === false)
        reader.steps.push({ lost: value.lost, position: Number(id?.split('-')[0]), at: Date.now() });
    } else if (typeof value.id === 'number' && typeof value.scope === 'string') {
      const row = { id: value.id, scope: value.scope, title: value.title, cursor: id };
      reader.rows.push(row);
      reader.steps.push(row);
      reader.titles.add(row.title);
    }
  }

  const open = () =>
    new Promise((done) => {
      const headers = { authorization: `Bearer ${token}`, connection: 'close' };
      if (lastId !== undefined) headers['last-event-id'] = lastId;
      const base = new URL(url);
      current = request({ host: base.hostname, port: base.port, path, headers, agent: false }, (response) => {
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
          for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            const frame = parse(text.slice(0, end));
            text = text.slice(end + 2);
            if (frame.data !== undefined) dispatch(frame);
          }
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
  reader.close = () => {
    over = true;
    current?.destroy();
    return reader.finished;
  };
  return reader;
}

function parse(block) {
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
