import type { Context } from 'hono';
import type { AppEnv } from './router.ts';

/**
 * The client's address. Of `X-Forwarded-For` only the entries count that trusted proxies added: with `trusted` of them
 * in front, the client is the entry that the outermost one wrote.
 */
export function addressOf(trusted: number) {
  return (c: Context<AppEnv>): string | undefined => {
    const direct = c.env?.incoming?.socket.remoteAddress;
    if (trusted === 0) return direct;
    const forwarded =
      c.req
        .header('x-forwarded-for')
        ?.split(',')
        .map((entry) => entry.trim()) ?? [];
    return forwarded.at(-trusted) || direct;
  };
}
