/**
 * Bounds the wait for an answer that comes through a socket. What has arrived by then and was not read yet still counts:
 * timers run before sockets are read, and a process that was busy or frozen must not take its own delay for the peer's.
 * The wait alone does not keep the process from exiting: of a socket that was closed, no answer comes.
 * @throws with code `ETIMEDOUT` when `work` takes longer than `ms`
 */
export async function answeredWithin<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const end = () => reject(Object.assign(new Error(`no answer within ${ms} ms`), { code: 'ETIMEDOUT' }));
    timer = setTimeout(() => setImmediate(end), ms).unref();
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // If the deadline was first, a later failure is of no interest.
    work.catch(() => {});
  }
}
