import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createPlayer } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../examples/curl.sh');
const run = promisify(execFile);

describe('The example for curl', { timeout: 60_000 }, () => {
  const live = prepareService();

  it('publishes once, resumes with a ticket where its first stream ended, and reads the inbox', async () => {
    const { userId, playerId } = await createPlayer(live.test.database);
    await live.publish(note(playerId, 'Before'));
    const { stdout } = await run('sh', [EXAMPLE], {
      env: {
        ...process.env,
        URL: live.url,
        TOKEN: await live.token(userId),
        SERVICE_TOKEN: live.serviceToken,
        no_proxy: '*',
      },
    });
    const [first, second] = stdout.split('\n201\n200\n') as [string, string];
    expect(first).toContain('{"unread":1,"unseen":1,"total":1}');
    expect(first).toContain('"title":"Before"');
    expect(second).toContain('"recovered":true');
    expect(second).toContain('"name":"Spoke to the service"');
    expect(second.match(/^event: achievement$/gm)).toHaveLength(1);
    expect(second).not.toMatch(/^event: announcement$/m);
    expect(second.trimEnd().split('\n').at(-1)).toBe(
      '{"changed":2,"counts":{"unread":0,"unseen":0,"total":2}}',
    );
  });
});
