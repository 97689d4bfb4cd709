import { createPublisher } from 'codecraft-live/publisher';
import { Hono } from 'hono';
import { expect, it, vi } from 'vitest';
import { wholeLog } from '../support/database/log.ts';
import { startService } from '../support/service.ts';
import { runSnippet, snippetOf } from '../support/snippets.ts';

it('The lines on publishing in README and docs do what they say', async () => {
  const live = await startService();
  const snippet = await snippetOf('README.md', 'ts', 'createPublisher');
  expect(await snippetOf('docs/publishing.md', 'ts', 'createPublisher')).toBe(snippet);
  await runSnippet(snippet, { createPublisher, url: live.url, token: live.serviceToken });
  const types = (await wholeLog(live.test.database)).map(({ type }) => type);
  expect([...new Set(types)]).toEqual(['PROBLEM_SOLVED', 'ANNOUNCEMENT']);
  await live.close();
});

it('The lines on publishing in process in the docs do what they say', async () => {
  const live = await startService();
  const app = new Hono();
  const close = vi.fn(async () => {});
  await runSnippet(await snippetOf('docs/publishing.md', 'ts', 'createService'), {
    app,
    logger: undefined,
    loadConfig: () => ({}),
    createService: async () => ({ ...live.service, close }),
  });
  expect((await app.request('/live/health')).status).toBe(200);
  expect((await wholeLog(live.test.database)).map(({ type }) => type)).toContain('LEVEL_UP');
  expect(close).toHaveBeenCalledOnce();
  await live.close();
});
