import type { DatabaseConfig } from '../config.ts';
import { parseDatabaseUrl } from '../db/url.ts';
import { CliFailure, EXIT } from './failure.ts';

/** The database that a command was given by its URL. */
export function databaseAt(url: string): DatabaseConfig {
  try {
    parseDatabaseUrl(url);
  } catch (error) {
    throw new CliFailure((error as Error).message, EXIT.usage);
  }
  return { kind: 'url', url, poolSize: 2 };
}
