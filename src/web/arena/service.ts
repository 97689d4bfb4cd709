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
  if (response.ok) return (await response.json()) as T;
  const problem = (await response.json().catch(() => ({}))) as { title?: string; code?: string };
  throw new RefusedError(problem.title ?? `The service answered ${response.status}.`, problem.code ?? '');
}

/** The service said no. `code` is that of its problem, empty where it gave none. */
export class RefusedError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}
