import type { CliContext } from './context.ts';
import { CliFailure, EXIT } from './failure.ts';

const USUAL_PORT = 4400;

/** Returns the service's address with a final slash: the given one, else `LIVE_URL`, else that of this machine. */
export function serviceUrl(given: string | undefined, env: CliContext['env']): URL {
  const text = given ?? (env.LIVE_URL || configuredUrl(env));
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new CliFailure(
      `"${text}" is not the address of a service, such as http://127.0.0.1:4400`,
      EXIT.usage,
    );
  if (url.username !== '' || url.password !== '')
    throw new CliFailure(
      'The address holds a user or password: give a token with --token instead.',
      EXIT.usage,
    );
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** Whether an address is on this machine. */
export function isLocal(url: URL): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}

/** Formats an address without its final slash. */
export function shownUrl(url: URL): string {
  return url.href.replace(/\/$/, '');
}

/** Returns the address at which this machine reaches a service that listens at `host`. */
export function localUrl(host: string, port: number): string {
  const everywhere = host === '' || host === '0.0.0.0' || host === '::';
  const shown = host.includes(':') ? `[${host}]` : host;
  return `http://${everywhere ? '127.0.0.1' : shown}:${port}`;
}

function configuredUrl(env: CliContext['env']): string {
  const port = /^[1-9][0-9]{0,4}$/.test(env.PORT?.trim() ?? '') ? Number(env.PORT) : USUAL_PORT;
  return localUrl(env.HOST?.trim() ?? '', port);
}
