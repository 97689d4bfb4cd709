import type { FieldError, ProblemBody } from '../protocol/problem.ts';
import { EXIT, type ExitCode } from './failure.ts';
import { safeText } from './safe-text.ts';

/** Refusal of a request, described. */
export interface DescribedRefusal {
  readonly status: number;
  /** Code of the problem; undefined where another server answered. */
  readonly code?: string;
  /** Without a full stop. */
  readonly sentence: string;
  readonly errors?: readonly FieldError[];
}

/** Max characters of an answer that are parsed. */
const MAX_TEXT = 100_000;

/** Reads a refusal from an answer: a problem (RFC 9457), or the answer of another server. */
export async function describeRefusal(response: Response): Promise<DescribedRefusal> {
  const { status, headers } = response;
  const type = headers.get('content-type') ?? 'nothing readable';
  const text = await response.text().catch(() => '');
  const problem = type.includes('json') ? parseProblem(text.slice(0, MAX_TEXT)) : undefined;
  if (problem === undefined)
    return {
      status,
      sentence: `what answers there is not this service (status ${status}, ${safeText(type)})`,
    };
  const { code, title, detail, errors } = problem;
  const sentence = safeText(detail === undefined ? title : `${title}: ${detail}`).replace(/\.$/, '');
  return { status, code, sentence, ...(errors === undefined ? {} : { errors }) };
}

/** Maps a refusal to an exit code. */
export function exitOf({ status }: DescribedRefusal): ExitCode {
  return status === 401 || status === 403 ? EXIT.refused : EXIT.failed;
}

/** Returns a remedy, where one is known. */
export function adviceOn({ code, status }: DescribedRefusal): string | undefined {
  switch (code) {
    case 'token-expired':
      return 'Get a new token, with `codecraft-live token` for instance, and start again.';
    case 'token-invalid':
      return 'It was signed with another secret than the service has, or was changed, or revoked.';
    case 'token-missing':
      return 'Give one with --token or LIVE_TOKEN; `codecraft-live token --help` says how to make one.';
    case 'no-player':
      return '`player:me` needs the token of a player: `codecraft-live token --player <id>`.';
    case 'not-found':
      return 'Either it does not exist, or this token may not subscribe to it.';
    default:
      return code === undefined && status === 404 ? 'Is the address right?' : undefined;
  }
}

function parseProblem(text: string): ProblemBody | undefined {
  try {
    const body = JSON.parse(text) as Partial<ProblemBody> | null;
    return typeof body?.title === 'string' && typeof body.code === 'string'
      ? (body as ProblemBody)
      : undefined;
  } catch {
    return undefined;
  }
}
