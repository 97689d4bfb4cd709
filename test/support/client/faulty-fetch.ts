/** What happens to one request, instead of or after its being sent. */
export type Fault = (send: () => Promise<Response>) => Promise<Response>;

export interface FaultyFetch {
  readonly fetch: typeof fetch;
  /** The events of each request, as they were sent. */
  readonly requests: { readonly type: string; readonly idempotencyKey: string }[][];
  /** What happens to the next requests, one each. Without an entry a request goes through. */
  readonly faults: Fault[];
}

/** `fetch` as an application would hand it in, with faults between it and a real service. */
export function faultyFetch(): FaultyFetch {
  const requests: FaultyFetch['requests'] = [];
  const faults: Fault[] = [];
  return {
    requests,
    faults,
    fetch: (input, init) => {
      requests.push(JSON.parse(String(init?.body)));
      const send = () => fetch(input, init);
      return (faults.shift() ?? ((go) => go()))(send);
    },
  };
}

/** Nothing is sent. */
export const unreachable: Fault = async () => {
  throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
};

/** It is carried out, and its answer is lost. */
export const answerLost: Fault = async (send) => {
  await (await send()).text();
  throw new TypeError('fetch failed', { cause: new Error('other side closed') });
};

/** Nothing is sent, and this is answered. */
export function answers(status: number, body = '', headers: Record<string, string> = {}): Fault {
  return async () => new Response(body, { status, headers });
}
