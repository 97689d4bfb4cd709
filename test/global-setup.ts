import type { TestProject } from 'vitest/node';
import { startTestServer } from './support/database/database-server.ts';

/** One MariaDB for the whole run; a test file makes its own database in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer();
  project.provide('databaseUrl', server.url);
  project.provide('databaseKind', server.kind);
  return server.stop;
}
