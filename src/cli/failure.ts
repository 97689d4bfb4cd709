import { ConfigError } from '../config/error.ts';
import {
  ConnectionLimitError,
  EmbeddedDatabaseError,
  errnoOf,
  isDenied,
  isStorageError,
  isUnavailable,
  MigrationError,
  ServerVersionError,
  serverMessageOf,
  tlsFailureOf,
} from '../db/errors.ts';
import { TriggerError } from '../platform/triggers/trigger-error.ts';
import { Problem } from '../protocol/problem.ts';
import { ListenError } from '../service/listen-error.ts';
import { WorkerError } from './start/supervisor.ts';

/** Exit codes of the commands. */
export const EXIT = {
  fine: 0,
  /** The command failed, or found something wrong. */
  failed: 1,
  /** The command was not understood. */
  usage: 2,
  /** The service refuses the token, or its rights do not suffice. */
  refused: 3,
  /** The database account lacks the right to see what the command asks for. */
  hidden: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Failure of a command, with a message for its user. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed, options: ErrorOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Describes any error for the command's user, without SQL or passwords. */
export function explain(error: unknown): string {
  return explainKnown(error) ?? (error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}

/** Describes a known error; undefined for others. */
export function explainKnown(error: unknown): string | undefined {
  if (error instanceof CliFailure || error instanceof ConfigError) return error.message;
  if (error instanceof EmbeddedDatabaseError || error instanceof MigrationError) return error.message;
  if (error instanceof ConnectionLimitError || error instanceof ServerVersionError) return error.message;
  if (error instanceof TriggerError || error instanceof ListenError) return error.message;
  if (error instanceof WorkerError) return error.message;
  return explainDatabase(error);
}

/** Sentences for errors of MySQL and MariaDB, by number. */
const REFUSALS: Readonly<Record<number, string>> = {
  1045: 'The database does not accept the user and password.',
  1049: 'The database server has no database of that name: create it first.',
  1665: 'The database server writes its binary log by statement, which takes none of our writes: set binlog_format to MIXED or ROW.',
  1698: 'The database does not let this user in with a password.',
};

const MISSING_TABLE = 1146;

/** Describes an error of the database; undefined for others. */
function explainDatabase(error: unknown): string | undefined {
  const errno = errnoOf(error);
  const known = REFUSALS[errno ?? 0];
  if (known !== undefined) return known;
  if (errno === MISSING_TABLE)
    return `${serverMessageOf(error)}: run \`codecraft-live migrate\`, and where that finds nothing to do, restore the table.`;
  if (isDenied(error)) return `The database user lacks a right: ${serverMessageOf(error)}.`;
  if (isStorageError(error))
    return `The database cannot store or read this: ${serverMessageOf(error) ?? `error ${errno}`}.`;
  const tls = tlsFailureOf(error);
  if (tls !== undefined)
    return `The database cannot be reached: TLS failed, ${tls.trim().replace(/\.*$/, '.')}`;
  if (isUnavailable(error)) {
    const code = networkCode(error);
    return `The database cannot be reached${code === undefined ? '' : `: ${reasonOf(code)}`}.`;
  }
  if (errno !== undefined) return `The database answered with error ${errno}.`;
  return error instanceof Problem ? error.message : undefined;
}

/** Phrases for errors of the network and of TLS, by code of Node and undici. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOENT: 'its socket does not exist',
  ENOTFOUND: 'the host is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  ETIMEDOUT: 'no answer in time',
  PROTOCOL_CONNECTION_LOST: 'the connection was cut',
  PROTOCOL_SEQUENCE_TIMEOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  TimeoutError: 'no answer in time',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate cannot be verified',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak https there',
  HPE_INVALID_CONSTANT: 'what answers does not speak HTTP',
};

/** Describes an error of the network by a phrase, such as `nothing listens there`. */
export function explainNetwork(error: unknown): string {
  const code = networkCode(error);
  if (code !== undefined) return reasonOf(code);
  // An error of `fetch` has its reason in `cause`.
  const root = error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  return root instanceof Error ? root.message : String(root);
}

const reasonOf = (code: string) => REASONS[code] ?? code;

/** Finds the first error code, through `cause` and the parts of an AggregateError. */
function networkCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    if (at.name === 'TimeoutError') return at.name;
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
    if (at instanceof AggregateError) {
      const inner = at.errors.map(networkCode).find((found) => found !== undefined);
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}
