import { setTimeout as sleep } from 'node:timers/promises';
import { serviceToken } from './tokens.mjs';

const CALL_LIMIT_MS = 10_000;
const GLOBAL = { scope: 'global', data: {} };

/**
 * Publishers over REST and SQL. `accepted` maps titles to scopes; `rolledBack` must never appear; `refusals` are answers
 * that a valid publication must not get.
 *
 * @param batch max events of a request
 * @param pauseMs pause of a publisher after each request
 * @param globalPercent share of events that go to everybody
 */
export function startPublishers({
  nodes,
  database,
  targets,
  random,
  rest,
  sql,
  batch,
  pauseMs,
  globalPercent,
}) {
  const token = serviceToken();
  const accepted = new Map();
  const acceptedAt = new Map();
  const acknowledgedIds = new Map();
  const acknowledge = ({ title, scope }) => {
    accepted.set(title, scope);
    acceptedAt.set(title, Date.now());
  };
  const rolledBack = new Set();
  const refusals = [];
  let over = false;
  let serial = 0;

  const nextEvent = (prefix) => {
    const { scope, data } = random.below(100) < globalPercent ? GLOBAL : random.pick(targets);
    const title = `${prefix}-${serial++}`;
    return { title, scope, data: { ...data, title, message: 'm' } };
  };

  /** Publishes events in one request and repeats it with their keys until they are acknowledged. */
  async function publish(events) {
    const body = JSON.stringify(
      events.map(({ title, data }) => ({ type: 'ANNOUNCEMENT', data, idempotencyKey: title })),
    );
    for (;;) {
      const node = random.pick(nodes);
      const answer = await fetch(`${node.url}/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(CALL_LIMIT_MS),
      })
        .then(async (response) =>
          response.ok
            ? { published: (await response.json()).events }
            : { status: response.status, reason: await response.text() },
        )
        .catch(() => ({}));
      if (answer.published) {
        for (const [index, event] of events.entries()) {
          acknowledge(event);
          acknowledgedIds.set(event.title, answer.published[index].notifications[0].id);
        }
        return;
      }
      const { status, reason } = answer;
      if (status === 500 || (status >= 400 && status < 500 && status !== 429))
        refusals.push({ status, reason, titles: events.map(({ title }) => title) });
      if (status >= 400 && status < 500 && status !== 429) return;
      await sleep(50);
    }
  }

  async function publishOverSql() {
    let connection;
    while (!over) {
      const event = nextEvent('sql');
      const rollBack = random.below(4) === 0;
      if (rollBack) rolledBack.add(event.title);
      for (;;) {
        try {
          connection ??= await database.connect();
          await connection.query('START TRANSACTION');
          await connection.query('CALL live_publish(?, ?, ?)', [
            'ANNOUNCEMENT',
            JSON.stringify(event.data),
            event.title,
          ]);
          await connection.query(rollBack ? 'ROLLBACK' : 'COMMIT');
          if (!rollBack) acknowledge(event);
          break;
        } catch {
          connection?.destroy();
          connection = undefined;
          if (rollBack) break;
          await sleep(50);
        }
      }
      await sleep(20 + pauseMs);
    }
    await connection?.end();
  }

  const running = [
    ...Array.from({ length: rest }, async () => {
      while (!over) {
        await publish(Array.from({ length: 1 + random.below(batch) }, () => nextEvent('rest')));
        await sleep(pauseMs);
      }
    }),
    ...Array.from({ length: sql }, publishOverSql),
  ];
  const finished = Promise.all(running);
  finished.catch(() => {});
  return {
    accepted,
    acceptedAt,
    acknowledgedIds,
    rolledBack,
    refusals,
    /** Publishes `count` events at once, each in a request of its own. */
    rush: (count) => Promise.all(Array.from({ length: count }, () => publish([nextEvent('rush')]))),
    /** Publishes to everybody, and gives the title and the position. */
    async probe() {
      const title = `probe-${serial++}`;
      await publish([{ title, scope: 'global', data: { title, message: 'm' } }]);
      return { title, id: acknowledgedIds.get(title) };
    },
    async stop() {
      over = true;
      await finished;
    },
  };
}
