import { setTimeout as sleep } from 'node:timers/promises';

const CALL_LIMIT_MS = 10_000;
/** First and longest backoff, on top of what the answer asks for. */
const BACKOFF_MS = { first: 50, longest: 10_000 };

/**
 * Publishes events in one request, and repeats it with their keys until they are acknowledged, with a backoff as the
 * publishing library has it.
 *
 * @param pickUrl gives the node of each attempt
 * @param onRefused is given answers that a valid publication must not get
 * @returns ids of the events' first rows; undefined where the request was refused for good
 */
export async function publish({ pickUrl, token, events, onRefused }) {
  const body = JSON.stringify(
    events.map(({ title, data }) => ({ type: 'ANNOUNCEMENT', data, idempotencyKey: title })),
  );
  for (let failures = 0; ; failures++) {
    const answer = await post(pickUrl(), token, body).catch(() => ({}));
    if (answer.published) return answer.published.map(({ notifications }) => notifications[0].id);
    const { status, reason, retryAfterS = 0 } = answer;
    const isFinal = status >= 400 && status < 500 && status !== 429;
    if (status === 500 || isFinal) onRefused({ status, reason, titles: events.map(({ title }) => title) });
    if (isFinal) return undefined;
    const backoffMs = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** failures);
    await sleep(retryAfterS * 1_000 + Math.random() * backoffMs);
  }
}

async function post(url, token, body) {
  const response = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(CALL_LIMIT_MS),
  });
  if (response.ok) return { published: (await response.json()).events };
  const retryAfter = response.headers.get('retry-after');
  return {
    status: response.status,
    reason: await response.text(),
    ...(retryAfter === null ? {} : { retryAfterS: Number(retryAfter) }),
  };
}
