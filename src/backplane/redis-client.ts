import { createClient } from 'redis';

/** Max duration of a connection attempt and of an answer, ms. */
export const ANSWER_MS = 1_000;

/** Client that is used once: it neither reconnects nor keeps commands for later. Speaks RESP2. */
export function createRedisClient(url: string) {
  return createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    socket: { connectTimeout: ANSWER_MS, reconnectStrategy: false },
  });
}

export type RedisClient = ReturnType<typeof createRedisClient>;

/** Bounds the wait for an answer. @throws when `work` takes longer than `ms` */
export async function answeredWithin<T>(work: Promise<T>, ms = ANSWER_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // If the deadline was first, a later failure is of no interest.
    work.catch(() => {});
  }
}
