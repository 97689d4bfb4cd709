import { setTimeout as sleep } from 'node:timers/promises';
import { serviceToken } from './tokens.mjs';

const CALL_LIMIT_MS = 10_000;

/** Publishers over REST and SQL. `accepted` maps titles to scopes; `rolledBack` must never appear. */
export function startPublishers({ nodes, database, targets, random, rest, sql }) {
  const token = serviceToken();
  const accepted = new Map();
  const acceptedAt = new Map();
  const acknowledgedIds = new Map();
  const acknowledge = ({ title, scope }) => {
    accepted.set(title, scope);
    acceptedAt.set(title, Date.now());
  };
  const rolledBack = new Set();
  let over = false;
  let serial = 0;

  const nextEvent = (prefix) => {
    const { scope, data } = random.pick(targets);
    const title = `${prefix}-${serial++}`;
    return { title, scope, data: { ...data, title, message: 'm' } };
  };

  /** Publishes one event over REST and repeats it with its key until it is acknowledged. */
  async function publish(event) {
    const body = JSON.stringify({ type: 'ANNOUNCEMENT', data: event.data, idempotencyKey: event.title });
    for (;;) {
      const node = random.pick(nodes);
      const answer = await fetch(`${node.url}/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(CALL_LIMIT_MS),
      })
        .then(async (response) =>
          response.ok ? { published: await response.json() } : { status: response.status },
        )
        .catch(() => ({}));
      if (answer.published) {
        acknowledge(event);
        acknowledgedIds.set(
          event.title,
          JSON.stringify(answer.published).match(/"notifications":\[\{"id":(\d+)/)?.[1],
        );
        return;
      }
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429)
        throw new Error(`a publication was refused with ${answer.status}`);
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
      await sleep(20);
    }
    await connection?.end();
  }

  const running = [
    ...Array.from({ length: rest }, async () => {
      while (!over) {
        await publish(nextEvent('rest'));
        await sleep(5);
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
    /** Publishes `count` events at once. */
    rush: (count) => Promise.all(Array.from({ length: count }, () => publish(nextEvent('rush')))),
    /** Publishes to everybody, and gives the title. */
    async probe() {
      const title = `probe-${serial++}`;
      await publish({ title, scope: 'global', data: { title, message: 'm' } });
      return title;
    },
    async stop() {
      over = true;
      await finished;
    },
  };
}
