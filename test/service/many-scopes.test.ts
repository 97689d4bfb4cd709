import { beforeAll, describe, expect, it } from 'vitest';
import { scopes } from '../../src/protocol/scope.ts';
import { createContest, createPlayer, createProblem, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';

describe('A stream on many scopes', { timeout: 60_000 }, () => {
  const live = prepareService({ MAX_SCOPES_PER_STREAM: '400' });
  let player: PlayerIds;
  let headers: Record<string, string>;
  let open: string[];
  let hidden: string;
  beforeAll(async () => {
    player = await createPlayer(live.test.database);
    headers = { authorization: `Bearer ${await live.token(player.userId)}` };
    open = [];
    while (open.length < 398) open.push(scopes.problem(await createProblem(live.test.database)));
    hidden = scopes.contest(await createContest(live.test.database, { isPublic: false }));
  }, 120_000);

  const ask = (query: string, more: Record<string, string> = {}) =>
    fetch(`${live.url}/streams?${query}`, { headers: { ...headers, ...more } });
  /** What a stream says until it has caught up. */
  async function begin(query: string, more: Record<string, string> = {}): Promise<string> {
    const response = await ask(query, more);
    expect(response.status).toBe(200);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (reader && !text.includes('event: caught-up')) text += (await reader.read()).value ?? '';
    await reader?.cancel();
    return text;
  }

  it('takes as many as are allowed, separated by commas, in a URL that proxies take', async () => {
    const query = `scope=player:me,global,${open.join()}`;
    expect(query.length).toBeLessThan(8_000);
    const text = await begin(query);
    expect(text).toContain(`"scopes":["player:${player.playerId}","global","players","${open[0]}"`);
    const [cursor] = /\d+-\w+/.exec(text) ?? [];
    await live.publish(note(player.playerId, 'meanwhile'));
    expect(await begin(query, { 'last-event-id': cursor ?? '' })).toContain('"title":"meanwhile"');
    // Several parameters may hold several each, and what is named twice counts once.
    expect(await begin(`scope=${open.join()}&scope=player:me,global&scope=global`)).toContain('caught-up');
  });

  it('is refused with the limit where there are more', async () => {
    const answer = await ask(`scope=player:me,global,${open.join()},problem:1000000`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'too-many-scopes', limit: 400 });
  });

  it('is refused with the names of exactly those that may not be received', async () => {
    const stranger = await createPlayer(live.test.database);
    const theirs = scopes.player(stranger.playerId);
    const answer = await ask(`scope=player:me,${hidden},global,${theirs},problem:99999999,${open[3]}`);
    expect(answer.status).toBe(404);
    const body = (await answer.json()) as { code: string; scopes: string[] };
    expect(body.code).toBe('not-found');
    expect(body.scopes.sort()).toEqual([hidden, theirs, 'problem:99999999'].sort());
    const malformed = await ask('scope=player:me,contest:07&scope=,global');
    expect(await malformed.json()).toMatchObject({ code: 'invalid-scope', scopes: ['contest:07', ''] });
  });

  it('and so is a ticket, which names the player’s own scope as it was asked for', async () => {
    const buy = (wanted: readonly string[]) =>
      fetch(`${live.url}/tickets`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ scopes: wanted }),
      });
    expect(await (await buy(['player:me', hidden])).json()).toMatchObject({
      code: 'not-found',
      scopes: [hidden],
    });
    expect(await (await buy([...open, 'a', 'b', 'c'])).json()).toMatchObject({ code: 'too-many-scopes' });
    const { ticket } = (await (await buy(['global'])).json()) as { ticket: string };
    const other = await fetch(`${live.url}/streams?scope=player:me,global&ticket=${ticket}`);
    expect(other.status).toBe(403);
    expect(await other.json()).toMatchObject({ code: 'forbidden', scopes: ['player:me'] });
  });
});
