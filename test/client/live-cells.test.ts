import { beforeAll, expect, test } from 'vitest';
import { createBoard } from '../../src/client/leaderboard.ts';
import { scopes } from '../../src/protocol/scope.ts';
import {
  createContest,
  createProblem,
  createSubmission,
  createUser,
  joinContest,
  setFrozen,
} from '../support/database/platform.ts';
import { until } from '../support/until.ts';
import { FAST } from '../support/wire/leaderboard-http.ts';
import { prepareClients } from './fixture.ts';

const clients = prepareClients(FAST);
let adminToken: string;
beforeAll(async () => {
  adminToken = await clients.live.token(await createUser(clients.live.test.database, { role: 'ADMIN' }));
});

test('The cells of a leaderboard reach players, and admins as they really are, by their updates', async () => {
  const { database } = clients.live.test;
  const { playerId } = clients.player;
  const problemId = await createProblem(database);
  const contestId = await createContest(database, { problems: [problemId] });
  await joinContest(database, { contestId, playerId });
  const wanted = { scopes: [scopes.leaderboard(contestId), scopes.cells(contestId)] };
  const boards = [clients.start(wanted), clients.start({ ...wanted, getToken: () => adminToken })].map(
    (client) => createBoard(client, contestId, { cells: true }),
  );
  const cells = () => boards.map(({ view }) => view?.rows[0]?.cells);
  await until(() => boards.every(({ view }) => view?.problems?.[0] === problemId));
  expect(cells()).toEqual([[], []]);
  const submit = (verdict: string) => createSubmission(database, { contestId, playerId, problemId, verdict });
  await submit('WRONG_ANSWER');
  await until(() => cells().every((row) => row?.[0]?.attempts === 1));

  await setFrozen(database, contestId, true);
  await until(() => boards.every(({ view }) => view?.frozen));
  await submit('ACCEPTED');
  await until(() => cells()[0]?.[0]?.pending !== undefined && cells()[1]?.[0]?.solvedAt !== undefined);
  expect(cells()[0]?.[0]).not.toHaveProperty('solvedAt');
  expect(boards.map(({ view }) => view?.stale)).toEqual([false, false]);
  const page = await clients.start({ scopes: [] }).api.leaderboard(contestId, { cells: 1 });
  expect(page.rows[0]?.cells).toEqual(cells()[0]);
});
