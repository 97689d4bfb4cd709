import { type Config, loadConfig } from '../../config/config.ts';
import { ConfigError } from '../../config/error.ts';
import type { CliContext } from '../context.ts';
import { type Finding, good, note, wrong } from './finding.ts';

const OLDEST_NODE = [20, 19] as const;

/** Loads the configuration, with all that is wrong with it. */
export function checkConfiguration(
  env: CliContext['env'],
  nodeVersion: string,
): { readonly config: Config | undefined; readonly findings: readonly Finding[] } {
  const node = checkNode(nodeVersion);
  try {
    const config = loadConfig(env);
    return { config, findings: [node, ...describeConfig(config)] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const mistakes = error.mistakes.map(({ variable, problem }) => wrong(`${variable}: ${problem}`));
    return { config: undefined, findings: [node, ...mistakes] };
  }
}

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  const isOld = major < oldest || (major === oldest && minor < oldestMinor);
  return isOld
    ? wrong(`This is Node ${version}: it must be ${OLDEST_NODE.join('.')} or later.`)
    : good(`Node ${version}.`);
}

function describeConfig({ mode, database, auth, notices }: Config): Finding[] {
  const where = database.kind === 'embedded' ? 'an embedded database' : 'a database server';
  const findings = [good(`The configuration is complete: ${mode}, with ${where}.`)];
  if (mode !== 'production' && database.kind === 'url')
    findings.push(note('NODE_ENV is not production: cookies are taken from every localhost origin.'));
  if (auth.secret !== undefined && auth.jwksUrl !== undefined)
    findings.push(note('Tokens are accepted from both JWT_SECRET and JWKS_URL.'));
  findings.push(...notices.map((line) => note(`${line}.`)));
  return findings;
}
