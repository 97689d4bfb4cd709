import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import type { LiveClient, ScopeInput } from '../../src/client/types.ts';
import { createLocks, createTab, type TestTab } from '../support/browser/tabs.ts';
import { open, type Received, record } from '../support/client/recording.ts';
import { createContest, createPlayer } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';

interface Opened {
  readonly tab: TestTab;
  readonly client: LiveClient;
  readonly received: Received;
  /** For each scope, the ids between which it was certainly listened to; open-ended while it still is. */
  readonly due: { readonly scope: ScopeInput; readonly after: number; through: number }[];
  frozen: boolean;
}

const STEP = fc.record({
  what: fc.constantFrom('open', 'close', 'freeze', 'thaw', 'forget', 'change', 'change'),
  which: fc.nat(9),
  extra: fc.subarray([0, 1, 2]),
  /** So much is published before the next step. */
  rows: fc.nat(8),
});

describe('Tabs that share a connection, come, go, freeze and change their scopes', {
  timeout: 120_000,
}, () => {
  const live = prepareService();

  it('each receive what they listen to, once and in order', async () => {
    const contests = await Promise.all([0, 1, 2].map(() => createContest(live.test.database)));
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 15, maxLength: 30 }), async (steps) => {
        const player = await createPlayer(live.test.database);
        const token = await live.token(player.userId);
        const locks = createLocks();
        const published: { id: number; scope: string }[] = [];
        const head = () => published.at(-1)?.id ?? 0;
        const named = (scope: ScopeInput) => (scope === 'player:me' ? `player:${player.playerId}` : scope);
        const wanted = (extra: readonly number[]): ScopeInput[] => [
          'player:me',
          ...extra.map((index): ScopeInput => `contest:${contests[index] as number}`),
        ];
        let over = false;
        const publishing = (async () => {
          while (!over) {
            const about = contests.map((contestId) => ({
              type: 'ANNOUNCEMENT',
              data: { title: 't', message: 'm', contestId },
            }));
            const answer = await live.publish([note(player.playerId, 'own'), ...about]);
            const { events } = (await answer.json()) as { events: { notifications: typeof published }[] };
            for (const { notifications } of events) published.push(...notifications);
          }
        })();
        const tabs: Opened[] = [];
        const closed: Opened[] = [];

        async function begin(scopes: readonly ScopeInput[]): Promise<void> {
          const tab = createTab(locks, { pingMs: 20 });
          const client = connect({
            url: live.url,
            scopes,
            getToken: () => token,
            backoff: { firstMs: 5, mostMs: 20 },
            share: tab.share,
            clock: tab.clock,
          });
          const opened: Opened = { tab, client, received: record(client), due: [], frozen: false };
          tabs.push(opened);
          await open(client);
          for (const scope of scopes)
            opened.due.push({ scope, after: head(), through: Number.POSITIVE_INFINITY });
        }
        async function change({ client, due }: Opened, scopes: readonly ScopeInput[]): Promise<void> {
          const had = client.scopes;
          // What is removed may be so at once, wherever the tab is.
          for (const one of due)
            if (!scopes.includes(one.scope))
              one.through = Math.min(one.through, Number.parseInt(client.cursor ?? '0', 10));
          await client.setScopes(scopes);
          for (const scope of scopes)
            if (!had.includes(scope)) due.push({ scope, after: head(), through: Number.POSITIVE_INFINITY });
        }
        function thaw(opened: Opened, forgetful = false): void {
          if (forgetful) opened.tab.forget();
          opened.frozen = false;
          opened.tab.thaw();
        }

        await begin(wanted([0]));
        for (const { what, which, extra, rows } of steps) {
          const opened = tabs[which % tabs.length] as Opened;
          const awake = tabs.filter(({ frozen }) => !frozen).length;
          if (what === 'open' || tabs.length < 2) await begin(wanted(extra));
          else if (what === 'close') {
            thaw(opened);
            opened.client.close();
            closed.push(...tabs.splice(tabs.indexOf(opened), 1));
          } else if (what === 'freeze' && awake > 1 && !opened.frozen) {
            opened.frozen = true;
            opened.tab.freeze();
          } else if (what === 'thaw' || what === 'forget') thaw(opened, what === 'forget' && opened.frozen);
          else if (what === 'change' && !opened.frozen) await change(opened, wanted(extra));
          const from = head();
          await vi.waitFor(() => expect(head()).toBeGreaterThanOrEqual(from + rows), {
            interval: 1,
          });
        }
        over = true;
        await publishing;
        for (const opened of tabs) if (opened.frozen) thaw(opened);

        for (const { received, due } of tabs)
          await vi.waitFor(() => {
            const ids = new Set(received.notifications.map(({ id }) => id));
            const missed = due.flatMap(({ scope, after, through }) =>
              published.filter(
                (row) =>
                  row.scope === named(scope) && row.id > after && row.id <= through && !ids.has(row.id),
              ),
            );
            expect(missed).toEqual([]);
          });
        for (const { received, client } of [...tabs, ...closed]) {
          for (const scope of new Set(received.notifications.map((one) => one.scope))) {
            const ids = received.notifications.filter((one) => one.scope === scope).map(({ id }) => id);
            expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
          }
          expect(received.resets).toEqual([]);
          client.close();
        }
      }),
      { numRuns: 6, interruptAfterTimeLimit: 90_000 },
    );
  });
});
