import type { Flavour } from './database.ts';
import { ServerVersionError } from './errors.ts';

/** The versions tested with, and the oldest that work: JSON_TABLE exists from MariaDB 10.6 and MySQL 8.0.4, which was released as 8.0.11. */
const VERSIONS = {
  mariadb: { name: 'MariaDB', tested: [10, 11, 0], oldest: [10, 6, 0], least: '10.6' },
  mysql: { name: 'MySQL', tested: [8, 0, 11], oldest: [8, 0, 11], least: '8.0.11' },
} as const;

/** `MariaDB 10.11.19`. */
export function serverName({ kind, version }: Flavour): string {
  return `${VERSIONS[kind].name} ${version}`;
}

/** Whether the version is one that this is tested with, an older one that works, or one that does not. */
export function judgeVersion({ kind, version }: Flavour): 'tested' | 'untested' | 'unsupported' {
  const { tested, oldest } = VERSIONS[kind];
  if (isBelow(version, oldest)) return 'unsupported';
  return isBelow(version, tested) ? 'untested' : 'tested';
}

/** Sentence of a server that is too old. */
export function tooOld(flavour: Flavour): string {
  return `${serverName(flavour)} is too old: the service needs ${VERSIONS.mariadb.name} ${VERSIONS.mariadb.least} or ${VERSIONS.mysql.name} ${VERSIONS.mysql.least}, or later (JSON_TABLE).`;
}

/** @throws ServerVersionError where the server lacks what the statements use */
export function requireVersion(flavour: Flavour): void {
  if (judgeVersion(flavour) === 'unsupported') throw new ServerVersionError(tooOld(flavour));
}

function isBelow(version: string, least: readonly number[]): boolean {
  const actual = version.split('.').map(Number);
  for (const [index, number] of least.entries())
    if ((actual[index] ?? 0) !== number) return (actual[index] ?? 0) < number;
  return false;
}
