import { useState } from 'react';
import { ConnectionBadge } from '../../react/index.ts';
import { SessionContext } from '../../react/session/context.ts';
import { Panes } from '../shared/panes.tsx';
import { serviceBase } from '../shared/service.ts';
import { ToolBar } from '../shared/tool-bar.tsx';
import { storedViewer, tokenSourceOf, type Viewer } from '../shared/viewer.ts';
import { FrameList } from './frame-list.tsx';
import { Inspector } from './inspector.tsx';
import { MonitorHeader } from './monitor-header.tsx';
import { PublishForm } from './publish-form.tsx';
import type { RecordedEntry } from './recorded-entry.ts';
import { EMPTY_DRAFT, type RequestDraft } from './request-draft.ts';
import { RequestForm } from './request-form.tsx';
import { curlLine, type StreamQuery } from './stream-query.ts';
import { useMonitor } from './use-monitor.ts';
import { useViewerDetails } from './use-viewer-details.ts';

const PANES = [
  ['frames', 'Frames'],
  ['stream', 'Stream'],
  ['publish', 'Publish'],
] as const;
type Pane = (typeof PANES)[number][0];

/** Query of the open stream, and its viewer. */
interface Opened {
  readonly viewer: Viewer;
  readonly wanted: StreamQuery;
}

/** Root of the debugger: the request on the left, received frames on the right; one pane at a time on a narrow screen. */
export function Debugger() {
  const monitor = useMonitor();
  const [viewer, setViewer] = useState(storedViewer);
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [opened, setOpened] = useState<Opened>();
  const [chosen, setChosen] = useState<RecordedEntry>();
  const [pane, setPane] = useState<Pane>('stream');
  const details = useViewerDetails(viewer);
  const change = (part: Partial<RequestDraft>) => setDraft((known) => ({ ...known, ...part }));

  function open(next: Opened): void {
    setOpened(next);
    monitor.open(next.wanted, tokenSourceOf(next.viewer));
    setPane('frames');
  }

  /** The chosen entry, with its notification if that arrived since. */
  const shown =
    chosen && (monitor.recording.entries.find(({ number }) => number === chosen.number) ?? chosen);
  const about = {
    playerId: viewer?.kind === 'demo' ? viewer.playerId : 1,
    playerName: viewer?.kind === 'demo' ? viewer.name : 'A player',
    contestId: details.contests[0]?.id ?? 1,
  };
  return (
    <SessionContext value={monitor.session}>
      <div className="debugger" data-pane={pane}>
        <ToolBar here="Debug">{monitor.session && <ConnectionBadge className="bar-connection" />}</ToolBar>
        <aside className="debug-side" aria-label="Requests">
          <RequestForm
            viewer={viewer}
            details={details}
            draft={draft}
            connected={monitor.session !== undefined}
            onViewer={setViewer}
            onChange={change}
            onConnect={(wanted) => viewer && open({ viewer, wanted })}
            onDisconnect={monitor.close}
          />
          <PublishForm about={about} />
        </aside>
        <main className="debug-main">
          <MonitorHeader monitor={monitor} title={opened ? nameOf(opened.viewer) : 'No stream yet'} />
          {monitor.recording.entries.length === 0 ? (
            <p className="debug-empty">
              {monitor.session
                ? 'Nothing yet.'
                : 'Say as whom and to what you listen, and connect: every frame turns up here as it came, with what the client made of it beside it.'}
            </p>
          ) : (
            <FrameList entries={monitor.recording.entries} chosen={shown} onChoose={setChosen} />
          )}
          {shown && (
            <Inspector
              entry={shown}
              curlFrom={
                opened &&
                (async (id) => {
                  const token = await tokenSourceOf(opened.viewer)('request');
                  return curlLine(serviceBase(), { ...opened.wanted, from: id }, token ?? '');
                })
              }
              onReplay={(from) => {
                change({ start: 'after', after: from });
                if (opened) open({ ...opened, wanted: { ...opened.wanted, from } });
              }}
              onClose={() => setChosen(undefined)}
            />
          )}
        </main>
        <Panes panes={PANES} shown={pane} onShow={setPane} />
      </div>
    </SessionContext>
  );
}

function nameOf(viewer: Viewer): string {
  return viewer.kind === 'demo' ? viewer.name : 'The owner of the token';
}
