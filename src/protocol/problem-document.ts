import type { ProblemBody } from './problem.ts';
import { declaresProblem, PROBLEM_TYPE } from './problem-type.ts';

/**
 * Reads the service's own problem document from a response that is no success; `undefined` for a response of anything else: a
 * proxy, a gateway, a captive portal. Only the service's own answer is final.
 */
export function readProblem(headers: Headers, text: string): ProblemBody | undefined {
  if (!declaresProblem(headers)) return undefined;
  try {
    const body = JSON.parse(text) as Partial<ProblemBody> | null;
    return typeof body?.code === 'string' && body.type === `${PROBLEM_TYPE}${body.code}`
      ? (body as ProblemBody)
      : undefined;
  } catch {
    return undefined;
  }
}
