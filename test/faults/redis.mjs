import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { freePort } from './node.mjs';

/** A Redis without persistence that can be killed and frozen, and that can be made to lie. */
export async function startRedis() {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child;

  async function start() {
    const options = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    child = spawn('redis-server', options.map(String), { stdio: 'ignore' });
    for (;;) {
      const client = await connect().catch(() => undefined);
      if (client) return client.destroy();
      await sleep(50);
    }
  }

  async function connect() {
    const client = createClient({ url, socket: { reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  async function kill() {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  process.once('exit', () => child?.kill('SIGKILL'));
  await start();
  return {
    url,
    start,
    kill,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    /** For a while, repeats and reorders what the nodes said to each other, changes bytes of it, and adds what none said. */
    async lie(random, ms) {
      const [listener, speaker] = [await connect(), await connect()];
      const said = [];
      await listener.pSubscribe('*', (message, channel) => {
        if (said.length < 1_000) said.push({ message, channel });
      });
      for (const end = Date.now() + ms; Date.now() < end; await sleep(5)) {
        if (said.length === 0) continue;
        const { message, channel } = random.pick(said);
        const at = random.below(message.length);
        const other = String.fromCharCode(33 + random.below(90));
        const lies = [message, message.slice(0, at) + other + message.slice(at + 1), '{}', other.repeat(200)];
        await speaker.publish(channel, random.pick(lies));
      }
      listener.destroy();
      speaker.destroy();
    },
  };
}
