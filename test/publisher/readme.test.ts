import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createPublisher } from 'codecraft-live/publisher';
import { expect, it } from 'vitest';
import { wholeLog } from '../support/log.ts';
import { startService } from '../support/service.ts';

const README = resolve(import.meta.dirname, '../../README.md');

it('The lines on publishing in the README do what they say', async () => {
  const live = await startService();
  const snippets = (await readFile(README, 'utf8')).matchAll(/^```ts\n(.*?)^```/gms);
  const [lines] = [...snippets].map(([, text]) => text).filter((text) => text?.includes('createPublisher'));
  const program = lines?.replace(/^import .*$/m, '') ?? '';
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  await new AsyncFunction('createPublisher', 'url', 'token', program)(
    createPublisher,
    live.url,
    live.serviceToken,
  );
  const types = (await wholeLog(live.test.database)).map(({ type }) => type);
  expect([...new Set(types)]).toEqual(['PROBLEM_SOLVED', 'ANNOUNCEMENT']);
  await live.close();
});
