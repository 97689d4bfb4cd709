import { setTimeout as sleep } from 'node:timers/promises';
import { publish } from './publish.mjs';
import { rush } from './rush.mjs';
import { serviceToken } from './tokens.mjs';

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
  const acknowledge = ({ title, scope }, at = Date.now()) => {
    accepted.set(title, scope);
    acceptedAt.set(title, at);
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

  const onRefused = (refused) => refusals.push(refused);

  async function publishOverRest(events) {
    const ids = await publish({ pickUrl: () => random.pick(nodes).url, token, events, onRefused });
    for (const [index, id] of ids?.entries() ?? []) {
      acknowledge(events[index]);
      acknowledgedIds.set(events[index].title, id);
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
        await publishOverRest(Array.from({ length: 1 + random.below(batch) }, () => nextEvent('rest')));
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
    rush: (count) =>
      rush({
        urls: nodes.map(({ url }) => url),
        token,
        events: Array.from({ length: count }, () => nextEvent('rush')),
        onAccepted(event, id, at) {
          acknowledge(event, at);
          acknowledgedIds.set(event.title, id);
        },
        onRefused,
      }),
    /** Publishes to everybody, and gives the title and the position. */
    async probe() {
      const title = `probe-${serial++}`;
      await publishOverRest([{ title, scope: 'global', data: { title, message: 'm' } }]);
      return { title, id: acknowledgedIds.get(title) };
    },
    async stop() {
      over = true;
      await finished;
    },
  };
}
