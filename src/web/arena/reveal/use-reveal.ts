import { useCallback, useEffect, useRef, useState } from 'react';
import type { Contest } from '../../../client/api-types.ts';
import { LiveError } from '../../../client/live-error.ts';
import { type ReconnectBounds, reconnectDelay } from '../../../client/reconnect-delay.ts';
import { createReveal, type Reveal, type RevealExtent } from '../../../client/reveal.ts';
import type { LiveClient } from '../../../client/types.ts';
import { scopes } from '../../../protocol/scope.ts';
import { useEvents, useLive } from '../../../react/index.ts';
import { afterStep, type RevealStepData, type RevealView, revealViewOf } from './reveal-view.ts';

/** Step of a reveal, by its number. */
type ReportedStep = Pick<RevealStepData, 'freezeNo' | 'step'>;

export interface RevealControls {
  /** Undefined where no reveal is shown. */
  readonly view: RevealView | undefined;
  /** Whether the viewer may open a reveal of this contest now. */
  readonly canOpen: boolean;
  /** Whether the viewer may take steps. */
  readonly canStep: boolean;
  readonly busy: boolean;
  /** What went wrong last; empty: nothing. */
  readonly mistake: string;
  open(): void;
  step(extent: RevealExtent): void;
  /** Shows the standings instead, once everything is revealed. */
  dismiss(): void;
}

/** Window over which the reads of all pages are spread when the contest ends and when a reveal is opened, in ms. */
const SPREAD_MS = 1_000;
/** Delays before a failed read is repeated. */
const BACKOFF: ReconnectBounds = { firstMs: 1_000, mostMs: 30_000 };

/** The reveal of a contest's frozen standings: read once, and then moved by the steps of the stream. */
export function useReveal({ id, status, frozen }: Contest): RevealControls {
  const live = useLive();
  const [reveal, setReveal] = useState<Pick<Reveal, 'state' | 'canStep'>>();
  const [view, setView] = useState<RevealView>();
  const [outdated, setOutdated] = useState(true);
  const [busy, setBusy] = useState(false);
  const [mistake, setMistake] = useState('');
  const [failures, setFailures] = useState(0);
  /** Steps that arrive while the view is read. */
  const missed = useRef<RevealStepData[]>([]);
  /** The last step that the stream reported; step 0: the opening. */
  const reported = useRef<ReportedStep | undefined>(undefined);
  const revealable = status === 'ENDED' && frozen;
  /** Whether the page was opened with a contest that can be revealed: then other pages do not read it at the same moment. */
  const atOnce = useRef(revealable);

  useEffect(() => {
    if (!revealable || !outdated || live === undefined) return;
    let current = true;
    const isAlone = reveal === undefined ? atOnce.current : reveal.canStep;
    const spread = isAlone ? 0 : Math.random() * SPREAD_MS;
    const backoff = { failures, reason: undefined, askedMs: undefined };
    const delay = failures === 0 ? spread : reconnectDelay(backoff, BACKOFF, Math.random);
    const timer = setTimeout(async () => {
      missed.current = [];
      const known = reported.current;
      try {
        const found = await readReveal(live, id, reveal, known);
        if (!current) return;
        const next = missed.current.reduce<RevealView | undefined>(
          (shown, step) => shown && (afterStep(shown, step) ?? shown),
          found.view,
        );
        setReveal(found.reveal);
        setView(next);
        setFailures(0);
        // What was read may be from before a reveal that the stream has reported meanwhile.
        setOutdated(next === undefined && reported.current !== known);
      } catch {
        if (current) setFailures((count) => count + 1);
      }
    }, delay);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [live, id, revealable, outdated, reveal, failures]);

  useEvents(
    'contest-reveal',
    ({ data }) => {
      if (data.contestId !== id) return;
      reported.current = { freezeNo: data.freezeNo, step: 0 };
      setOutdated(true);
    },
    scopes.leaderboard(id),
  );
  useEvents('contest-reveal-step', ({ data }) => {
    if (data.contestId !== id) return;
    reported.current = data;
    missed.current.push(data);
    const next = view && afterStep(view, data);
    if (next) setView(next);
    else setOutdated(true);
  });
  useEvents('reset', () => setOutdated(true));

  const act = useCallback((work: () => Promise<void>) => {
    setBusy(true);
    setMistake('');
    work()
      .catch((error: unknown) => {
        setMistake(messageOf(error));
        setOutdated(true);
      })
      .finally(() => setBusy(false));
  }, []);

  return {
    view,
    canOpen: revealable && view === undefined && reveal?.canStep === true,
    canStep: reveal?.canStep === true,
    busy,
    mistake,
    open() {
      if (live === undefined || busy) return;
      act(async () => {
        const { freezeNo = 0 } = await createReveal(live.api, id).open();
        if ((reported.current?.freezeNo ?? -1) < freezeNo) reported.current = { freezeNo, step: 0 };
        setOutdated(true);
      });
    },
    step(extent) {
      if (live === undefined || busy || view === undefined || view.finished) return;
      const request = { step: view.step + 1, extent };
      act(async () => {
        const taken = await createReveal(live.api, id).take(request);
        // The stream has it, too: whichever is first.
        setView((known) => known && (afterStep(known, taken) ?? known));
      });
    },
    dismiss: () => setView(undefined),
  };
}

/**
 * Reads the reveal and what is shown of it.
 * @param known the reveal as it was read before
 * @param reported the last step that the stream reported: it says that the reveal is open
 */
async function readReveal(
  live: LiveClient,
  id: number,
  known: Pick<Reveal, 'state' | 'canStep'> | undefined,
  reported: ReportedStep | undefined,
): Promise<{ readonly reveal: Pick<Reveal, 'state' | 'canStep'>; readonly view: RevealView | undefined }> {
  const requests = createReveal(live.api, id);
  const reveal = known && reported ? { ...known, state: 'open' as const } : await requests.read();
  if (reveal.state !== 'open') return { reveal, view: undefined };
  const { freezeNo: freeze, step } = reported ?? { freezeNo: 0, step: 0 };
  try {
    const shown = await requests.standings({ freeze, step });
    return { reveal, view: revealViewOf(shown, shown.rows, shown.problems) };
  } catch (error) {
    if (!(error instanceof LiveError && error.code === 'reveal-not-open')) throw error;
    return { reveal: { ...reveal, state: 'finished' }, view: undefined };
  }
}

function messageOf(error: unknown): string {
  return error instanceof LiveError ? error.message : String(error);
}
