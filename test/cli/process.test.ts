import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createPlayer } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/cli/main.js');

describe('The built command line, as a process', () => {
  const live = prepareService();
  let playerId: number;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    const player = await createPlayer(live.test.database);
    playerId = player.playerId;
    env = { PATH: process.env.PATH, LIVE_URL: live.url, LIVE_TOKEN: await live.token(player.userId) };
  });

  function start(...args: string[]): ChildProcessWithoutNullStreams {
    const child = spawn(process.execPath, [MAIN, ...args], { env });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  }

  async function listening(child: ChildProcessWithoutNullStreams): Promise<void> {
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    await vi.waitUntil(() => said.includes('listening'));
  }

  it('ends cleanly on Ctrl-C', async () => {
    const child = start('tail', 'player:me');
    await listening(child);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('ends cleanly when its output is closed, as after `| head`', async () => {
    const child = start('tail', 'player:me');
    await listening(child);
    child.stdout.destroy();
    const exited = once(child, 'exit');
    let over = false;
    void exited.then(() => {
      over = true;
    });
    while (!over) await live.publish(note(playerId, 'anybody?'));
    expect(await exited).toEqual([0, null]);
  });

  it('reports its outcome to scripts by its exit code', async () => {
    expect(await once(start('--version'), 'exit')).toEqual([0, null]);
    expect(await once(start('tail', 'nowhere'), 'exit')).toEqual([2, null]);
    expect(await once(start('tail', 'global', '--token', 'x'), 'exit')).toEqual([3, null]);
  });
});
