import { readProblem } from '../../protocol/problem-document.ts';

/** Where the service is: the page's own folder, wherever it is mounted. */
export function serviceUrl(): URL {
  return new URL('.', document.baseURI);
}

/** Asks the service for something before there is a connection. @throws Error with a sentence that can be shown */
export async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(new URL(path, serviceUrl()), init);
  } catch {
    throw new Error('The service cannot be reached. Is there network?');
  }
  const text = await response.text().catch(() => '');
  if (response.ok) {
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new Error('What answers there is not the service.');
    }
  }
  const problem = readProblem(response.headers, text);
  if (problem) throw new RefusedError(problem.title, problem.code);
  throw new Error(`Something answered ${response.status}, and it was not the service.`);
}

/** The service itself said no. `code` is that of its problem. */
export class RefusedError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}
