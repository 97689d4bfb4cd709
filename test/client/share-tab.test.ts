import { beforeEach, describe, expect, it } from 'vitest';
import type { LiveError } from '../../src/client/live-error.ts';
import type { LeaderMessage, TabMessage } from '../../src/client/share/messages.ts';
import { Tab } from '../../src/client/share/tab.ts';
import type { Scope } from '../../src/protocol/scope.ts';

describe('A tab that follows a leader', () => {
  let sent: TabMessage[];
  let begun: (readonly Scope[])[];
  let refusals: LiveError[];
  let tab: Tab;
  beforeEach(() => {
    sent = [];
    begun = [];
    refusals = [];
    tab = new Tab({
      id: 'here',
      scopes: ['player:me'],
      cursor: () => '5-test',
      listener: {
        begin: ({ scopes }) => begun.push(scopes),
        frame: () => {},
        comment: () => {},
        status: () => {},
        problem: () => {},
      },
      send: (message) => sent.push(message),
      role: () => 'follower',
      onRefused: (error) => refusals.push(error),
    });
  });

  function begin(
    term: number,
    me: Scope,
    scopes: readonly Scope[],
    answers: readonly number[],
  ): LeaderMessage {
    const open = {
      streamId: 's',
      scopes,
      requested: null,
      recovered: true,
      heartbeatMs: 1_000,
      expiresAt: '2100-01-01T00:00:00.000Z',
      serverTime: '2100-01-01T00:00:00.000Z',
    };
    const frame = { event: 'stream-open', id: '5-test', data: JSON.stringify(open) };
    return {
      kind: 'begin',
      term,
      seq: 1,
      open,
      frame,
      me,
      answers: answers.map((ask) => ({ tab: 'here', ask })),
    };
  }
  const asks = () => sent.filter(({ kind }) => kind === 'hello').length;

  it('takes only its own of what the stream brings', () => {
    tab.receive({ kind: 'lead', term: 1 });
    tab.receive(begin(1, 'player:7', ['player:7', 'contest:3'], [asks()]));
    expect(begun).toEqual([['player:7']]);
    expect(['player:7', 'contest:3', 'player:8'].map((scope) => tab.accepts(scope as Scope))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('gives up what is refused to it, and does not ask for the same again and again', async () => {
    const refuse = (term: number) => {
      const error = { code: 'not-found', message: 'no', status: 404 } as const;
      tab.receive({ kind: 'refused', term, to: 'here', ask: asks(), error });
    };
    tab.receive({ kind: 'lead', term: 1 });
    // Other scopes, asked for before it had anything: back to those it was made with.
    const changed = tab.renew(['contest:9']);
    refuse(1);
    await expect(changed).rejects.toMatchObject({ code: 'not-found' });
    expect(sent.at(-1)).toMatchObject({ kind: 'hello', scopes: ['player:me'] });
    tab.receive(begin(1, 'player:7', ['player:7'], [asks()]));
    // Refused while the present stream goes on.
    const more = tab.renew(['contest:9']);
    refuse(1);
    await expect(more).rejects.toMatchObject({ code: 'not-found' });
    expect(refusals).toEqual([]);
    // The next leader is refused what the last one had.
    tab.receive({ kind: 'lead', term: 2 });
    const asked = asks();
    refuse(2);
    expect(asks()).toBe(asked);
    expect(refusals.map(({ code }) => code)).toEqual(['not-found']);
  });

  it('receives nothing of the next leader’s stream when that is another player’s', () => {
    tab.receive({ kind: 'lead', term: 1 });
    tab.receive(begin(1, 'player:7', ['player:7'], [asks()]));
    tab.receive({ kind: 'lead', term: 2 });
    tab.receive(begin(2, 'player:8', ['player:8'], [asks()]));
    expect(begun).toHaveLength(1);
    expect(refusals.map(({ code }) => code)).toEqual(['identity-changed']);
    expect(tab.accepts('player:8')).toBe(false);
  });
});
