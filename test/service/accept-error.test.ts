import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../src/service/http-server.ts';

test('A connection that cannot be accepted does not end the process: others are answered', async () => {
  let server: Server | undefined;
  const onRequest = (message: unknown) => {
    server = (message as { readonly server: Server }).server;
  };
  subscribe('http.server.request.start', onRequest);
  onTestFinished(() => void unsubscribe('http.server.request.start', onRequest));
  const app = { fetch: () => new Response('answer') };
  const { port, close } = await listen(app, { host: '127.0.0.1', port: 0 });
  onTestFinished(close);
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
  expect(await ask()).toBe('answer');
  const error = Object.assign(new Error('accept ENFILE'), { code: 'ENFILE', syscall: 'accept' });
  expect(server?.emit('error', error)).toBe(true);
  expect(await ask()).toBe('answer');
});
