import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createPlayer, createUser } from '../support/database/platform.ts';
import { note, startService, type TestService } from '../support/service.ts';
import { startCuttingProxy } from '../support/wire/cutting-proxy.ts';
import { type Command, type CommandOptions, run, startCommand } from './command.ts';
import { serve, startFront } from './front.ts';

describe('tail', () => {
  let live: TestService;
  beforeAll(async () => {
    live = await startService();
  });
  afterAll(() => live.close());

  async function listener() {
    const { userId, playerId } = await createPlayer(live.test.database, { name: 'Ada' });
    return { userId, playerId, token: await live.token(userId) };
  }

  function start(args: readonly string[], options?: CommandOptions): Command {
    const command = startCommand(['tail', '--url', live.url, ...args], options);
    onTestFinished(async () => void (await command.stop()));
    return command;
  }

  const linesOf = ({ out }: Command) => out.split('\n').slice(0, -1);

  it('shows what happens as lines to read, and how the connection fares beside them', async () => {
    const { playerId, token } = await listener();
    const tail = start(['player:me', 'global', '--token', token]);
    await tail.said(`● listening to player:${playerId}, global, players from `);
    await live.publish({
      type: 'LEVEL_UP',
      data: { playerId, oldLevel: 11, newLevel: 12, subRank: 'Silver I' },
    });
    await tail.said('global      Player');
    expect(linesOf(tail).find((line) => line.includes('player:'))).toMatch(
      new RegExp(
        `^\\d\\d:\\d\\d:\\d\\d  level-up +player:${playerId} +You reached level 12, Silver I  #\\d+$`,
      ),
    );
    expect(await tail.stop()).toBe(0);
    expect(tail.err.split('\n')).toHaveLength(2);
  });

  it('takes the token from LIVE_TOKEN and the address from LIVE_URL', async () => {
    const { token } = await listener();
    const tail = startCommand(['tail', 'global'], { env: { LIVE_URL: live.url, LIVE_TOKEN: `${token}\n` } });
    await tail.said('listening');
    expect(await tail.stop()).toBe(0);
  });

  it('shows nothing that a terminal would obey', async () => {
    const { playerId, token } = await listener();
    const tail = start(['player:me', '--token', token]);
    await tail.said('listening');
    await live.publish(note(playerId, 'a\u001b[2J\u009b31m\u202eb\nc'));
    await tail.said('#');
    expect(linesOf(tail)).toHaveLength(1);
    expect(tail.out).toMatch(/a.\[2J.31m.b c: m/u);
  });

  it('shows only the types that were asked for, those from before first', async () => {
    const { playerId, token } = await listener();
    const solved = { type: 'PROBLEM_SOLVED', data: { playerId, problemId: 5 } };
    await live.publish([note(playerId, 'one'), solved, note(playerId, 'two')]);
    const tail = start([
      'player:me',
      '--types',
      'announcement,LEVEL_UP',
      '--since',
      'earliest',
      '--token',
      token,
    ]);
    await tail.said('2 messages replayed; live from here on');
    await live.publish([solved, note(playerId, 'three')]);
    await tail.said('three: m');
    expect(linesOf(tail).map((line) => /(\w+): m/.exec(line)?.[1])).toEqual(['one', 'two', 'three']);
  });

  it('prints JSON, a line for each event, from which it can go on', async () => {
    const { playerId, token } = await listener();
    const first = start(['player:me', '--json', '--token', token]);
    await first.said('caught-up');
    await live.publish(note(playerId, 'one'));
    await first.said('"one"');
    await first.stop();
    const events = linesOf(first).map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual(['stream-open', 'caught-up', 'announcement']);
    expect(events[2].data).toMatchObject({ type: 'ANNOUNCEMENT', scope: `player:${playerId}`, title: 'one' });

    await live.publish(note(playerId, 'two'));
    const second = start(['player:me', '--json', '--since', events[2].cursor, '--token', token]);
    await second.said('caught-up');
    expect(second.out).toContain('"two"');
    expect(second.out).not.toContain('"one"');
  });

  it('reports when history is lost', async () => {
    const { token } = await listener();
    const tail = start(['player:me', '--since', '3-zzzz', '--token', token]);
    await tail.said('▲ not recovered: messages after 3-zzzz up to #');
  });

  it('comes back after every loss with nothing lost or repeated, and reports it', async () => {
    const { playerId, token } = await listener();
    const cuts = Array.from({ length: 15 }, (_, index) => 400 + 137 * index);
    const proxy = await startCuttingProxy(live.url, () => cuts.shift());
    onTestFinished(proxy.close);
    const tail = start(['player:me', '--token', token, '--url', proxy.url]);
    await tail.said('listening');
    const titles = Array.from({ length: 40 }, (_, index) => `n${index}`);
    for (const title of titles) await live.publish(note(playerId, title));
    await tail.said('n39: m');
    expect(linesOf(tail).map((line) => /(n\d+): m/.exec(line)?.[1])).toEqual(titles);
    expect(proxy.cuts()).toBeGreaterThan(3);
    expect(tail.err).toContain('the connection is lost');
    expect(tail.err).toContain('● listening again from ');
  });

  it('retries while nothing answers, or only a proxy does, and reports it once', async () => {
    const { token } = await listener();
    let refusals = 3;
    const flaky = await serve((incoming, outgoing) => {
      if (refusals-- > 0) {
        outgoing.writeHead(502).end('bad gateway');
        return;
      }
      const { pathname, search } = new URL(incoming.url ?? '/', live.url);
      outgoing.writeHead(307, { location: `${live.url}${pathname}${search}` }).end();
    });
    vi.useFakeTimers({ toFake: ['setTimeout'], shouldAdvanceTime: true, advanceTimeDelta: 100 });
    onTestFinished(() => void vi.useRealTimers());
    const tail = start(['global', '--token', token, '--url', flaky]);
    await vi.waitUntil(() => {
      vi.advanceTimersByTime(3000);
      return refusals < 0;
    });
    expect(tail.err.match(/cannot be reached: the service answers 502/g)).toHaveLength(1);
  });

  it('ends with a sentence and code 3 when its token has expired', async () => {
    const { userId } = await listener();
    const tail = start(['global', '--token', await live.token(userId, -60)]);
    expect(await tail.ended).toBe(3);
    expect(tail.err).toContain('The token has expired. Get a new token');
  });

  it('ends when an operator closes its stream', async () => {
    const { token } = await listener();
    const admin = await live.token(await createUser(live.test.database, { role: 'ADMIN' }));
    const tail = start(['global', '--json', '--token', token]);
    await tail.said('caught-up');
    const { streamId } = JSON.parse(linesOf(tail)[0] as string).data;
    await fetch(`${live.url}/sessions/${streamId}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${admin}` },
    });
    expect(await tail.ended).toBe(3);
    expect(tail.err).toContain('The service closed the stream: an operator ended it.');
  });

  it.each([
    [['contest:999999'], {}, 1, 'There is nothing here for you. Either it does not exist'],
    [['global'], { token: 'nonsense' }, 3, 'The token is not valid. It was signed with another secret'],
    [['global'], { token: '' }, 2, 'That is not a token'],
    [['global'], { token: 'a b' }, 2, 'That is not a token'],
    [['player'], {}, 2, '"player" is not a scope. Scopes are player:me'],
    [['global', '--types', 'NEWS'], {}, 2, '"NEWS" is not a type of event. Types are LEVEL_UP'],
    [['global', '--since', 'yesterday'], {}, 2, '"yesterday" is not a cursor'],
  ])('refuses %j with %j', async (args, { token }: { token?: string }, code, why) => {
    const usable = token ?? (await listener()).token;
    const command = await run(['tail', '--url', live.url, '--token', usable, ...args]);
    expect(command).toMatchObject({ code, out: '' });
    expect(command.err).toContain(why);
  });

  it('needs a token where none can be made up', async () => {
    const command = await run(['tail', 'global'], {
      env: { LIVE_URL: 'https://live.example', LIVE_TOKEN: '' },
    });
    expect(command).toMatchObject({ code: 3, err: expect.stringContaining('A token is needed') });
  });

  it('reports when something else answers', async () => {
    const { token } = await listener();
    const url = await serve((_, outgoing) => outgoing.setHeader('content-type', 'text/html').end('<p>hello'));
    const command = await run(['tail', 'global', '--token', token, '--url', url]);
    expect(command.code).toBe(1);
    expect(command.err).toContain('what answers there is not this service (status 200, text/html)');
  });
});

describe('tail, on a line that goes dead', () => {
  it('notices the missing keepalives and connects anew', async () => {
    const live = await startService({ HEARTBEAT_INTERVAL: '50', HEARTBEAT_TIMEOUT: '1000' });
    onTestFinished(live.close);
    const { userId, playerId } = await createPlayer(live.test.database);
    let streams = 0;
    const url = await startFront(live.url, {
      // The first stream is cut off behind our back: nothing comes, nothing ends.
      body: (from, to) => {
        const isDead = ++streams === 1;
        from.once('data', (first) => {
          to.write(first);
          if (!isDead) from.pipe(to);
        });
      },
    });
    const tail = startCommand(['tail', 'player:me', '--url', url, '--token', await live.token(userId)]);
    onTestFinished(async () => void (await tail.stop()));
    await tail.said('listening to');
    await live.publish(note(playerId, 'meanwhile'));
    await tail.said('meanwhile: m');
    expect(tail.err).toMatch(/the connection is lost: no data for \d+ s/);
    expect(tail.err).toContain('listening again');
  });
});
