import { useCallback, useEffect, useRef, useState } from 'react';
import type { Contest } from '../../../client/api-types.ts';
import { LiveError } from '../../../client/live-error.ts';
import { type ReconnectBounds, reconnectDelay } from '../../../client/reconnect-delay.ts';
import type { LiveClient } from '../../../client/types.ts';
import type { Reveal, RevealExtent, RevealedStep } from '../../../protocol/api/reveal.ts';
import { scopes } from '../../../protocol/scope.ts';
import { useEvents, useLive } from '../../../react/index.ts';
import {
  afterStep,
  type RevealRow,
  type RevealStepData,
  type RevealView,
  revealViewOf,
} from './reveal-view.ts';

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

const PAGE_SIZE = 200;
/** Window over which the reads of all pages are spread when a reveal is opened, in ms. */
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
  const revealable = status === 'ENDED' && frozen;

  useEffect(() => {
    if (!revealable || !outdated || live === undefined) return;
    let current = true;
    const spread = reveal === undefined || reveal.canStep ? 0 : Math.random() * SPREAD_MS;
    const backoff = { failures, reason: undefined, askedMs: undefined };
    const delay = failures === 0 ? spread : reconnectDelay(backoff, BACKOFF, Math.random);
    const timer = setTimeout(async () => {
      missed.current = [];
      try {
        const found = await readReveal(live, id);
        if (!current) return;
        const next = missed.current.reduce<RevealView | undefined>(
          (known, step) => known && (afterStep(known, step) ?? known),
          found.view,
        );
        setReveal(found.reveal);
        setView(next);
        setFailures(0);
        setOutdated(false);
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
      if (data.contestId === id) setOutdated(true);
    },
    scopes.leaderboard(id),
  );
  useEvents('contest-reveal-step', ({ data }) => {
    if (data.contestId !== id) return;
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
        await live.api.request(`/contests/${id}/reveal`, { method: 'POST' });
        setOutdated(true);
      });
    },
    step(extent) {
      if (live === undefined || busy || view === undefined || view.finished) return;
      const body = { step: view.step + 1, extent };
      act(async () => {
        const taken = await live.api.request<RevealedStep>(`/contests/${id}/reveal/steps`, {
          method: 'POST',
          body,
        });
        // The stream has it, too: whichever is first.
        setView((known) => known && (afterStep(known, taken) ?? known));
      });
    },
    dismiss: () => setView(undefined),
  };
}

async function readReveal(live: LiveClient, id: number) {
  const reveal = await live.api.request<Reveal>(`/contests/${id}/reveal`);
  if (reveal.state !== 'open') return { reveal, view: undefined };
  const rows: RevealRow[] = [];
  for (;;) {
    const page = await live.api.leaderboard(id, {
      cells: 1,
      shown: 1,
      limit: PAGE_SIZE,
      offset: rows.length,
    });
    rows.push(...page.rows.map((row) => ({ ...row, cells: row.cells ?? [] })));
    if (rows.length >= page.total || page.rows.length === 0)
      return { reveal, view: revealViewOf(reveal, rows, page.problems ?? []) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof LiveError ? error.message : String(error);
}
