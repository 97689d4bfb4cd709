import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { startPrivateServer } from '../support/database/database-server.ts';
import { expectGapless, follow, openAppender, unitOf, wholeLog } from '../support/database/log.ts';
import { until } from '../support/until.ts';

test.skipIf(inject('databaseKind') !== 'mariadb')(
  'the database killed and started again under load: nothing that was answered is lost, nothing is doubled, and all goes on',
  async () => {
    const server = await startPrivateServer({ supervise: false });
    onTestFinished(server.remove);
    const database = openDatabase({ url: server.url });
    onTestFinished(() => database.close());
    await migrate(database);
    const own = await follow(database);
    const other = await follow(database);
    const appender = openAppender(database, {
      onCommitted: (rows, proof) => own.follower.offer(rows, proof),
      patienceMs: 30_000,
    });
    onTestFinished(() =>
      Promise.all([own.follower.close(), other.follower.close(), appender.close()]).then(() => {}),
    );

    const texts: string[] = [];
    const calls: Promise<unknown>[] = [];
    let publishing = true;
    const load = (async () => {
      while (publishing) {
        const text = `call ${texts.length}`;
        texts.push(text);
        calls.push(appender.append([unitOf(text, text)]));
        await sleep(1);
      }
    })();
    for (let crash = 0; crash < 2; crash++) {
      const position = other.follower.position;
      await until(() => other.follower.position > position + 50);
      await server.kill();
      await until(() => !own.follower.connected && !other.follower.connected);
      await server.restart();
    }
    const position = other.follower.position;
    await until(() => other.follower.position > position + 50);
    publishing = false;
    await load;
    await Promise.all(calls);

    await expectGapless(database);
    const log = await wholeLog(database);
    expect(log.map((row) => row.message).toSorted()).toEqual(texts.toSorted());
    for (const { follower, rows, faults } of [own, other]) {
      await until(() => follower.position === texts.length);
      expect(rows).toEqual(log);
      expect(faults).toEqual([]);
    }
  },
);
