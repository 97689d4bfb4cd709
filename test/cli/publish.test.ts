import { beforeAll, describe, expect, it } from 'vitest';
import { describeFields, parseJsonData, parsePairs } from '../../src/cli/publish/event-data.ts';
import { createPlayer } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';
import { run } from './command.ts';
import { serve } from './front.ts';

describe('key=value', () => {
  it('gives each field what it takes: numbers, text, lists', () => {
    expect(parsePairs('LEVEL_UP', ['playerId=7', 'oldLevel=1', 'newLevel=2', 'subRank=Silver I'])).toEqual({
      playerId: 7,
      oldLevel: 1,
      newLevel: 2,
      subRank: 'Silver I',
    });
    expect(parsePairs('ANNOUNCEMENT', ['title=2024', 'message=null', 'playerId=7'])).toEqual({
      title: '2024',
      message: 'null',
      playerId: 7,
    });
    expect(parsePairs('CONTEST_JOINED', ['contestId=3', 'players=[{"playerId":7}]'])).toEqual({
      contestId: 3,
      players: [{ playerId: 7 }],
    });
  });

  it('leaves to the service what does not fit', () => {
    expect(parsePairs('LEVEL_UP', ['playerId=seven', 'extra=x', '__proto__=1'])).toEqual({
      playerId: 'seven',
      extra: 'x',
      ['__proto__']: 1,
    });
  });

  it('splits at the first = and takes empty text', () => {
    expect(parsePairs('ANNOUNCEMENT', ['title=a=b', 'message='])).toEqual({ title: 'a=b', message: '' });
  });

  it.each([[['playerId']], [['=7']], [['a=1', 'a=2']]])('is not %j', (pairs) => {
    expect(() => parsePairs('LEVEL_UP', pairs)).toThrow(/neither JSON nor key=value|given twice/);
  });

  it('names the fields of a type', () => {
    expect(describeFields('PROBLEM_SOLVED')).toBe(
      'PROBLEM_SOLVED takes playerId, problemId and, if you like, playerName, problemTitle, contestId, contestTitle, points, difficulty, first.',
    );
    expect(describeFields('ANNOUNCEMENT')).toContain('ANNOUNCEMENT takes title, message and');
  });

  it('is JSON only as an object', () => {
    expect(parseJsonData('{"a":1}', 'That')).toEqual({ a: 1 });
    for (const text of ['[1]', 'null', '"a"', '{'])
      expect(() => parseJsonData(text, 'That')).toThrow(/^That is not/);
  });
});

describe('publish', () => {
  const live = prepareService();
  let playerId: number;
  beforeAll(async () => {
    ({ playerId } = await createPlayer(live.test.database));
  });

  const publish = (args: readonly string[], stdin = '') =>
    run(['publish', '--url', live.url, ...args], { stdin, env: { LIVE_TOKEN: live.serviceToken } });

  it('publishes and reports where the event went, and the cursor behind it', async () => {
    const { code, out, err } = await publish([
      'level-up',
      `playerId=${playerId}`,
      'oldLevel=1',
      'newLevel=2',
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [, first, last, epoch] =
      /^✓ LEVEL_UP is published: event (\d+), cursor (\d+)-(\w+)\n/.exec(out) ?? [];
    expect(Number(last)).toBe(Number(first) + 1);
    expect(epoch).toMatch(/^[a-z0-9]{4,8}$/);
    expect(out.split('\n').slice(1, 3)).toEqual([`  #${first}  player:${playerId}`, `  #${last}  global`]);
  });

  it('takes JSON as an argument and from the standard input', async () => {
    const json = JSON.stringify({ title: 'é 🏆', message: 'm' });
    expect((await publish(['ANNOUNCEMENT', json])).code).toBe(0);
    expect((await publish(['ANNOUNCEMENT', '-'], json)).code).toBe(0);
    const rows = await live.test.database.query("SELECT title FROM notification WHERE type = 'ANNOUNCEMENT'");
    expect(rows).toEqual([{ title: 'é 🏆' }, { title: 'é 🏆' }]);
  });

  it('publishes once with one key, and refuses it for something else', async () => {
    const event = ['ANNOUNCEMENT', 'title=once', 'message=m', '--key', 'a key'];
    const first = await publish([...event, '--json']);
    const second = await publish([...event, '--json']);
    const [{ duplicate, ...event1 }] = JSON.parse(first.out).events;
    expect(duplicate).toBe(false);
    expect(JSON.parse(second.out).events).toEqual([{ ...event1, duplicate: true }]);
    expect((await publish(event)).out).toContain('was published before, with the same key');
    const other = await publish(['ANNOUNCEMENT', 'title=twice', 'message=m', '--key', 'a key']);
    expect(other).toMatchObject({ code: 1, out: '' });
    expect(other.err).toContain('The idempotency key was used with another body');
  });

  it('names each field that is wrong', async () => {
    const { code, err } = await publish(['LEVEL_UP', 'playerId=0', 'oldLevel=1', 'colour=red']);
    expect(code).toBe(1);
    expect(err).toMatch(/^error: Not published: The event is not valid\.\n/);
    for (const pointer of ['/data/playerId', '/data/newLevel', '/data/colour'])
      expect(err).toMatch(new RegExp(`^ {2}${pointer} {2}\\S`, 'm'));
    expect(err).toContain('LEVEL_UP takes playerId, oldLevel, newLevel');
  });

  it.each([
    [['LEVEL_UP'], 'What happened?'],
    [['LEVEL_UP', '{"playerId":'], 'That is not JSON'],
    [['LEVEL_UP', '[1]'], 'That is not a JSON object'],
    [['LEVEL_UP', '-'], 'What was read is not JSON'],
    [['NEWS', 'a=b'], '"NEWS" is not a type of event that can be published'],
    [['RECEIPTS', 'a=b'], '"RECEIPTS" is not a type of event that can be published'],
  ])('does not understand %j', async (args, why) => {
    const command = await publish(args);
    expect(command).toMatchObject({ code: 2, out: '' });
    expect(command.err).toContain(why);
  });

  it('informs a player that only services publish', async () => {
    const { userId } = await createPlayer(live.test.database);
    const command = await publish([
      'ANNOUNCEMENT',
      'title=t',
      'message=m',
      '--token',
      await live.token(userId),
    ]);
    expect(command).toMatchObject({ code: 3, err: expect.stringContaining('Only services publish') });
  });

  it('publishes once when the answer was lost, or the service was busy', async () => {
    let requests = 0;
    const url = await serve(async (incoming, outgoing) => {
      const body = (await incoming.toArray()).join('');
      if (++requests === 1) {
        outgoing.writeHead(503, { 'retry-after': '0' }).end();
        return;
      }
      const answer = await live.publish(JSON.parse(body));
      if (requests === 2) {
        outgoing.destroy();
        return;
      }
      outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    });
    const command = await publish(['ANNOUNCEMENT', 'title=lost answer', 'message=m', '--url', url]);
    expect(command).toMatchObject({ code: 0, err: '' });
    expect(requests).toBe(3);
    const rows = await live.test.database.query("SELECT id FROM notification WHERE title = 'lost answer'");
    expect(rows).toHaveLength(1);
  });

  it('reports that nothing is there', async () => {
    const command = await publish(['ANNOUNCEMENT', 'title=t', 'message=m', '--url', 'http://127.0.0.1:9']);
    expect(command).toMatchObject({ code: 1, err: expect.stringContaining('cannot be reached: ') });
  });
});
