import { explainNetwork } from '../failure.ts';
import { describeRefusal } from '../refusal.ts';
import { safeText } from '../safe-text.ts';
import { shownUrl } from '../service-url.ts';
import { type Finding, good, note, wrong } from './finding.ts';

export interface ServiceProbe {
  readonly url: URL;
  /** Whether the address was given explicitly: then it is wrong if nothing answers. */
  readonly explicit: boolean;
  readonly version: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

/** Difference of clocks that is reported, ms; the Date header counts whole seconds. */
const CLOCK_MS = 5000;

/** Checks that the service answers, is ready, has this version, and that its clock agrees with this machine's. */
export async function checkService(
  probe: ServiceProbe,
): Promise<{ reachable: boolean; findings: Finding[] }> {
  const { url, explicit } = probe;
  let ready: Response;
  const before = Date.now();
  try {
    ready = await get(probe, 'ready');
  } catch (error) {
    const why = `${shownUrl(url)} does not answer: ${explainNetwork(error)}.`;
    const findings = explicit
      ? [wrong(why)]
      : [note(`${why} Start the service, or give its address with --url to check it, too.`)];
    return { reachable: false, findings };
  }
  const clock = judgeClock(ready.headers.get('date'), before, Date.now());
  const readiness = await judgeReadiness(ready, url);
  if (readiness === undefined) {
    const { sentence } = await describeRefusal(ready);
    return { reachable: false, findings: [wrong(`${shownUrl(url)}: ${sentence}.`)] };
  }
  return { reachable: true, findings: [...readiness, ...clock, ...(await checkVersion(probe))] };
}

async function get({ url, fetch, signal, timeoutMs = 5000 }: ServiceProbe, path: string): Promise<Response> {
  return fetch(new URL(path, url), { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
}

/** Judges the answer of `/ready`; undefined when another server gave it. */
async function judgeReadiness(response: Response, url: URL): Promise<Finding[] | undefined> {
  const body = (await response
    .clone()
    .json()
    .catch(() => undefined)) as { ready?: unknown; checks?: Record<string, unknown> } | undefined;
  if (typeof body?.ready !== 'boolean') return undefined;
  if (body.ready) return [good(`${shownUrl(url)} is ready.`)];
  const failing = Object.entries(body.checks ?? {}).filter(([, state]) => state !== 'ok');
  return failing.map(([name, state]) =>
    wrong(`${shownUrl(url)} is not ready: ${safeText(`${name} ${String(state)}`)}.`),
  );
}

function judgeClock(header: string | null, before: number, after: number): Finding[] {
  const there = Date.parse(header ?? '');
  if (Number.isNaN(there)) return [];
  const apart = Math.max(before - there - 1000, there - after, 0);
  return apart <= CLOCK_MS
    ? []
    : [
        wrong(
          `The service's clock and this machine's are ${Math.round(apart / 1000)} s apart: set both by NTP, or tokens end at the wrong moment.`,
        ),
      ];
}

async function checkVersion(probe: ServiceProbe): Promise<Finding[]> {
  const health = (await get(probe, 'health')
    .then((response) => response.json())
    .catch(() => undefined)) as { version?: unknown } | undefined;
  const { version } = health ?? {};
  if (typeof version !== 'string') return [note('Its /health does not state a version.')];
  return version === probe.version
    ? []
    : [note(`The service is version ${safeText(version)}, this is ${probe.version}.`)];
}
