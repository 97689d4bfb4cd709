import { setTimeout as sleep } from 'node:timers/promises';
import { explainNetwork } from '../failure.ts';
import { adviceOn, describeRefusal } from '../refusal.ts';
import { type Finding, good, note, wrong } from './finding.ts';

export interface StreamProbe {
  readonly url: URL;
  readonly token: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  /** Max time until the first event, ms; default 5000. */
  readonly timeoutMs?: number;
}

const OPEN = /^event: ?stream-open$/m;
const CLOSE = /^event: ?stream-close$/m;
/** Max characters read in search of the first event. */
const MAX_TEXT = 65_536;

const LET_THROUGH =
  'Let it pass on what it gets at once: in nginx `proxy_buffering off`, in Apache `flushpackets=on`, elsewhere the setting for streaming or server-sent events.';

/** Opens a stream for a moment, and checks what proxies on the way do to it. */
export async function checkStream(probe: StreamProbe): Promise<Finding[]> {
  const { timeoutMs = 5000 } = probe;
  const ending = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: ending.signal }).catch(() => {});
  const signal = AbortSignal.any([probe.signal, ending.signal]);
  try {
    return await judge(probe, signal, late, timeoutMs);
  } catch (error) {
    return [wrong(`The test stream failed: ${explainNetwork(error)}.`)];
  } finally {
    ending.abort();
  }
}

async function judge(
  { url, token, fetch }: StreamProbe,
  signal: AbortSignal,
  late: Promise<void>,
  timeoutMs: number,
): Promise<Finding[]> {
  const startedAt = performance.now();
  const asked = fetch(new URL('streams?scope=global', url), {
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      'accept-encoding': 'gzip, deflate, br',
    },
    signal,
  });
  const response = await Promise.race([asked, late]);
  if (!response) {
    asked.catch(() => {});
    return [heldBack('The test stream did not open', timeoutMs)];
  }
  const headersAfter = performance.now() - startedAt;
  if (response.status !== 200 || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
    const refusal = await describeRefusal(response);
    const advice = adviceOn(refusal);
    return [wrong(`The test stream was refused: ${refusal.sentence}.${advice ? ` ${advice}` : ''}`)];
  }
  const onTheWay = judgeHeaders(response.headers);
  const first = await readUntilEvent(response, late);
  if (first === 'late') return [heldBack('The test stream opened but sent nothing', timeoutMs), ...onTheWay];
  if (first === 'ended') return [wrong('The test stream ended before it sent anything.'), ...onTheWay];
  if (first === 'closed')
    return [wrong('The service closed the test stream at once: it is at its limit, or shutting down.')];
  const [openedMs, firstEventMs] = [headersAfter, performance.now() - startedAt].map(Math.round);
  return [
    good(`A test stream opened after ${openedMs} ms and sent its first event after ${firstEventMs} ms.`),
    ...onTheWay,
  ];
}

const heldBack = (what: string, ms: number) =>
  wrong(`${what} within ${ms / 1000} s: a proxy on the way holds it back. ${LET_THROUGH}`);

function judgeHeaders(headers: Headers): Finding[] {
  const findings: Finding[] = [];
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity')
    findings.push(
      wrong(
        `A proxy compresses the stream (${encoding}): events wait in its buffer. Leave text/event-stream out of compression.`,
      ),
    );
  const cache = headers.get('cache-control') ?? '';
  if (!cache.includes('no-store'))
    findings.push(
      wrong(
        `A proxy changed cache-control to "${cache}": a stream must not be cached (no-store, no-transform).`,
      ),
    );
  else if (!cache.includes('no-transform'))
    findings.push(note('A proxy took no-transform out of cache-control: others on the way may compress.'));
  if (headers.get('x-accel-buffering') !== 'no')
    findings.push(
      note(
        'X-Accel-Buffering does not arrive here: nginx keeps it to itself, and another proxy hides it from nginx.',
      ),
    );
  return findings;
}

async function readUntilEvent(
  { body }: Response,
  late: Promise<void>,
): Promise<'opened' | 'closed' | 'ended' | 'late'> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (reader !== undefined && text.length < MAX_TEXT) {
    const chunk = reader.read();
    const read = await Promise.race([chunk, late]);
    if (!read) {
      chunk.catch(() => {});
      return 'late';
    }
    if (read.done) return 'ended';
    text += decoder.decode(read.value, { stream: true });
    if (!text.includes('\n\n')) continue;
    if (OPEN.test(text)) return 'opened';
    if (CLOSE.test(text)) return 'closed';
  }
  return 'ended';
}
