import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { startService, type TestService } from '../support/service.ts';

const WAIT = { timeout: 30_000, interval: 50 };
/** About 15 MB of messages: far more than the kernel takes for a reader that takes nothing. */
const MESSAGES = 2_500;
const MESSAGE = '語'.repeat(2_000);

describe('A reader that takes nothing', { timeout: 120_000 }, () => {
  let live: TestService;
  let player: PlayerIds;
  let token: string;
  beforeAll(async () => {
    // Only time can close it: what waits for one reader never passes the bound of bytes. No heartbeat adds to it.
    live = await startService({
      STREAM_MAX_STALL_MS: '300',
      STREAM_MAX_UNSENT_BYTES: '1073741824',
      HEARTBEAT_INTERVAL: '60000',
      HEARTBEAT_TIMEOUT: '120000',
      RING_BYTES: '1000000',
    });
    player = await createPlayer(live.test.database);
    token = await live.token(player.userId);
  }, 60_000);
  afterAll(() => live.close());

  async function publishMany(): Promise<void> {
    const event = {
      type: 'ANNOUNCEMENT',
      data: { title: 'long', message: MESSAGE, playerId: player.playerId },
    };
    for (let sent = 0; sent < MESSAGES; sent += 250)
      expect((await live.publish(Array(250).fill(event))).status).toBe(201);
  }

  /** Opens a stream and reads its head alone. */
  async function openAndStall(path: string): Promise<Socket> {
    const { hostname, port } = new URL(live.url);
    const socket = connect({ port: Number(port), host: hostname });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await once(socket, 'readable');
    socket.pause();
    return socket;
  }

  const closings = async () =>
    (
      await live.test.database.query<{ reason: string | null }>(
        'SELECT close_reason AS reason FROM stream_session ORDER BY connected_at',
      )
    ).map(({ reason }) => reason);
  const open = async () =>
    ((await (await fetch(`${live.url}/health`)).json()) as { streams: number }).streams;

  /** What still comes once it reads again: what the kernel held, and no more. */
  async function readRest(socket: Socket): Promise<number> {
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.resume();
    await once(socket, 'close');
    return bytes;
  }

  it('is closed as slow while it is live', async () => {
    const stalled = await openAndStall('/streams/players/me');
    await vi.waitFor(async () => expect(await open()).toBe(1), WAIT);
    await publishMany();
    await vi.waitFor(async () => expect(await closings()).toEqual(['slow']), WAIT);
    await readRest(stalled);
  });

  it('is closed as slow in the midst of its replay, and gets no more of it', async () => {
    const stalled = await Promise.all(
      Array.from({ length: 5 }, () => openAndStall('/streams/players/me?lastEventId=earliest')),
    );
    await vi.waitFor(async () => expect(await closings()).toEqual(Array(6).fill('slow')), WAIT);
    expect(await open()).toBe(0);
    const whole = MESSAGES * Buffer.byteLength(MESSAGE);
    for (const socket of stalled) expect(await readRest(socket)).toBeLessThan(whole);
  });
});
