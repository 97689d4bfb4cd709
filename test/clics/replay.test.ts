import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { SECRET, startService } from '../support/service.ts';
import { FAST } from '../support/wire/leaderboard-http.ts';

const BENCH = resolve(import.meta.dirname, '../../bench');
const FEED = resolve(BENCH, 'feeds/small.ndjson');
const run = promisify(execFile);

it('the feed in the repository is what its program makes of its numbers', async () => {
  const { stdout } = await run(process.execPath, [resolve(BENCH, 'contest-feed.mjs'), '12']);
  expect(stdout).toBe(await readFile(FEED, 'utf8'));
});

it('a replayed contest is the same on the stream, over REST, in the feed and by the rules, after every step', {
  timeout: 480_000,
}, async () => {
  const live = await startService(FAST);
  onTestFinished(() => live.close());
  await installTriggers(live.test.database);
  const env = { LIVE_URL: live.url, DATABASE_URL: live.test.url, JWT_SECRET: SECRET, PATH: process.env.PATH };
  const { stdout } = await run(process.execPath, [resolve(BENCH, 'replay-contest.mjs'), FEED], { env }).catch(
    (error) => error,
  );
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ differences: [], faults: [] });
  expect(result.steps).toBeGreaterThan(50);
  expect(result.revealSteps).toBeGreaterThan(3);
  expect(Object.keys(result.latencies)).toEqual(
    expect.arrayContaining([
      'SUBMISSION_REJUDGED (real)',
      'CELLS_UPDATE (shown)',
      'CONTEST_REVEAL_STEP (shown)',
      'feed: judgements (shown)',
    ]),
  );
});

it('a replay starts a service and a database of its own where none is named', {
  timeout: 480_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replay-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const feed = join(folder, 'feed.ndjson');
  const numbers = ['3', '3', '2', '5'];
  const made = await run(process.execPath, [resolve(BENCH, 'contest-feed.mjs'), ...numbers]);
  await writeFile(feed, made.stdout);
  const program = [resolve(BENCH, 'replay-contest.mjs'), feed, '0', 'thaw'];
  const { stdout, stderr } = await run(process.execPath, program, { env: { PATH: process.env.PATH } }).catch(
    (error) => error,
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({ differences: [], faults: [], revealSteps: 0 });
});
