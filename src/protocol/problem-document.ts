import type { ProblemBody } from './problem.ts';
import { PROBLEM_TYPE, saysProblem } from './problem-type.ts';

/**
 * The service's own problem document in an answer that is no success; `undefined` for whatever else answered: a proxy, a
 * gateway, a captive portal. Only the service's own word is final.
 */
export function readProblem(headers: Headers, text: string): ProblemBody | undefined {
  if (!saysProblem(headers)) return undefined;
  try {
    const body = JSON.parse(text) as Partial<ProblemBody> | null;
    return typeof body?.code === 'string' && body.type === `${PROBLEM_TYPE}${body.code}`
      ? (body as ProblemBody)
      : undefined;
  } catch {
    return undefined;
  }
}
