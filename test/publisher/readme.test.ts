import { createPublisher } from 'codecraft-live/publisher';
import { expect, it } from 'vitest';
import { wholeLog } from '../support/log.ts';
import { readmeSnippet, runSnippet } from '../support/readme.ts';
import { startService } from '../support/service.ts';

it('The lines on publishing in the README do what they say', async () => {
  const live = await startService();
  const snippet = await readmeSnippet('ts', 'createPublisher');
  await runSnippet(snippet, { createPublisher, url: live.url, token: live.serviceToken });
  const types = (await wholeLog(live.test.database)).map(({ type }) => type);
  expect([...new Set(types)]).toEqual(['PROBLEM_SOLVED', 'ANNOUNCEMENT']);
  await live.close();
});
