/** Max duration of a connection attempt and of an answer, ms. */
export const ANSWER_MS = 1_000;

/**
 * Client that is used once: it neither reconnects nor keeps commands for later. Speaks RESP2. The package is loaded with the
 * first client, since it takes a third of the time that the service needs to load, and most services have no Redis.
 */
export async function createRedisClient(url: string) {
  const { createClient } = await import('redis');
  return createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    socket: { connectTimeout: ANSWER_MS, reconnectStrategy: false },
  });
}

export type RedisClient = Awaited<ReturnType<typeof createRedisClient>>;
