import { readProblem } from '../../protocol/problem-document.ts';

/** Base URL of the service: the page's own folder, wherever it is mounted. */
export function serviceBase(): URL {
  return new URL('.', document.baseURI);
}

/**
 * Requests JSON from the service, where there is no client yet.
 * @throws ProblemError for a problem of the service; Error, with a message to show, for anything else
 */
export async function requestJson<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(new URL(path, serviceBase()), init);
  } catch {
    throw new Error('The service cannot be reached. Is there network?');
  }
  const text = await response.text().catch(() => '');
  if (response.ok) {
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new Error('Something other than the service answered.');
    }
  }
  const problem = readProblem(response.headers, text);
  if (problem) throw new ProblemError(problem.title, problem.code);
  throw new Error(`Something other than the service answered ${response.status}.`);
}

/** Problem that the service answered, with its stable `code`. */
export class ProblemError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}
