import { serviceBase } from '../shared/service.ts';

interface Published {
  readonly events: readonly {
    readonly eventId: number;
    readonly notifications: readonly { readonly id: number; readonly scope: string }[];
  }[];
}
interface Refusal {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/**
 * Publishes one event as a service.
 * @param text the event's data as JSON
 * @returns the event's id and its positions, one per line
 * @throws Error with a message to show, line by line
 */
export async function publishTestEvent(
  token: string,
  type: string,
  text: string,
): Promise<readonly string[]> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new Error(`The data is not JSON: ${(error as Error).message}`);
  }
  const response = await fetch(new URL('events', serviceBase()), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token.trim().replace(/^Bearer\s+/i, '')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ type, data }),
  }).catch(() => {
    throw new Error('The service cannot be reached. Is there network?');
  });
  if (!response.ok) throw new Error(refusalOf(response.status, await response.json().catch(() => ({}))));
  const { events } = (await response.json()) as Published;
  return events.flatMap(({ eventId, notifications }) => [
    `Published as event ${eventId}:`,
    ...notifications.map(({ id, scope }) => `${id} to ${scope}`),
  ]);
}

function refusalOf(status: number, { title, detail, errors = [] }: Refusal): string {
  // With field errors, `detail` repeats the first of them.
  const first = `${status} ${title ?? ''}${detail && errors.length === 0 ? `: ${detail}` : ''}`;
  return [first, ...errors.map(({ pointer, detail }) => `${pointer} ${detail}`)].join('\n');
}
