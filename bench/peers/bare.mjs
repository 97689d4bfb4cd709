// `node:http` and nothing else: POST /events parses the JSON and answers; GET opens a stream with one frame.
import { createServer } from 'node:http';
import { listen } from './peer.mjs';

const FRAME =
  'retry: 2417\nid: 1040-k7f2\nevent: stream-open\ndata: {"streamId":"0","scopes":["contest:1"],"recovered":true}\n\n';

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    response.write(FRAME);
    return;
  }
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const given = JSON.parse(Buffer.concat(chunks).toString());
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ events: Array.isArray(given) ? given.length : 1 }));
  });
});

listen(server);
