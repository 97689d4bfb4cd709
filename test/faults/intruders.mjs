import { setTimeout as sleep } from 'node:timers/promises';
import { platformToken } from './tokens.mjs';

const READ_MS = 300;
const PAUSE_MS = 300;

/**
 * Players who ask for scopes that are not theirs: alone, beside their own, and with a cursor. Each must be refused; a stream that
 * opens nevertheless is read for a moment.
 * @returns `leaks`: what was answered that must not be; `tried`: count
 */
export function startIntruders({ nodes, platform, random, count }) {
  const outcome = { tried: 0, refused: 0, leaks: [] };
  let over = false;

  async function intrude() {
    const player = random.pick(platform.players);
    const scope = random.pick(platform.scopes.filter((one) => !platform.mayRead(player, one)));
    const [kind, id] = scope.split(':');
    const cursor = random.below(2) === 0 ? '&lastEventId=earliest' : '';
    const path = random.pick([
      `/streams?scope=${scope}${cursor}`,
      `/streams?scope=global&scope=${scope}${cursor}`,
      `/streams/${kind}s/${id}?${cursor}`,
      kind === 'contest' ? `/contests/${id}/leaderboard` : `/sessions?player=${id}`,
    ]);
    const ended = new AbortController();
    const response = await fetch(`${random.pick(nodes).url}${path}`, {
      headers: { authorization: `Bearer ${platformToken(player.userId)}` },
      signal: AbortSignal.any([ended.signal, AbortSignal.timeout(5_000)]),
    });
    outcome.tried++;
    if (response.status === 403 || response.status === 404) outcome.refused++;
    else if (response.status === 200) {
      const text = await firstBytes(response);
      // Overload is answered to an EventSource with a 200 that ends at once, without any data.
      if (/^data:/m.test(text) || text.startsWith('{'))
        outcome.leaks.push({ player: player.id, path, text: text.slice(0, 200) });
    }
    ended.abort();
  }

  const finished = Promise.all(
    Array.from({ length: count }, async () => {
      while (!over) {
        await intrude().catch(() => {});
        await sleep(PAUSE_MS);
      }
    }),
  );
  return {
    ...{ outcome },
    async stop() {
      over = true;
      await finished;
    },
  };
}

async function firstBytes(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (const limit = Date.now() + READ_MS; Date.now() < limit; ) {
    const part = await Promise.race([reader.read(), sleep(READ_MS).then(() => undefined)]);
    if (!part?.value) break;
    text += decoder.decode(part.value, { stream: true });
  }
  return text;
}
