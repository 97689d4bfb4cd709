import { problemResponse } from '../http/problem-response.ts';
import type { Router } from '../http/router.ts';
import { Problem } from '../protocol/problem.ts';

/** Paths that report the state of one process: through a port that several share, a random one of them answers. */
const PATHS: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

/** The part of an app that operators read of one process. */
export function operatorApp(app: Router): Pick<Router, 'fetch'> {
  return {
    fetch: (request, ...rest) =>
      PATHS.has(new URL(request.url).pathname)
        ? app.fetch(request, ...rest)
        : problemResponse(new Problem('not-found')),
  };
}
