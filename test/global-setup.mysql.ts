import type { TestProject } from 'vitest/node';
import { startMysqlServer } from './support/database/mysql-server.ts';

/** The same as the ordinary setup, on a real MySQL. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startMysqlServer();
  project.provide('databaseUrl', server.url);
  project.provide('databaseKind', server.kind);
  return server.stop;
}
