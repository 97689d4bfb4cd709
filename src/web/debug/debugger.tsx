import { useState } from 'react';
import { ConnectionBadge } from '../../react/index.ts';
import { SessionContext } from '../../react/session/context.ts';
import { type Identity, rememberedIdentity, tokensOf } from '../arena/identity.ts';
import { serviceUrl } from '../arena/service.ts';
import { Panes } from '../tools/panes.tsx';
import { ToolBar } from '../tools/tool-bar.tsx';
import { type Draft, EMPTY_DRAFT } from './draft.ts';
import type { Entry } from './entry.ts';
import { FrameList } from './frame-list.tsx';
import { Head } from './head.tsx';
import { Inspector } from './inspector.tsx';
import { PublishForm } from './publish-form.tsx';
import { RequestForm } from './request-form.tsx';
import { usePersona } from './use-persona.ts';
import { useTap } from './use-tap.ts';
import { curlLine, type Wanted } from './wanted.ts';

const PANES = [
  ['frames', 'Frames'],
  ['stream', 'Stream'],
  ['publish', 'Publish'],
] as const;
type Pane = (typeof PANES)[number][0];

/** The stream that is open, and as whom. */
interface Opened {
  readonly identity: Identity;
  readonly wanted: Wanted;
}

/** The whole page: which stream on the left, what comes on it on the right. One pane at a time where it is narrow. */
export function Debugger() {
  const tap = useTap();
  const [identity, setIdentity] = useState(rememberedIdentity);
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [opened, setOpened] = useState<Opened>();
  const [chosen, setChosen] = useState<Entry>();
  const [pane, setPane] = useState<Pane>('stream');
  const persona = usePersona(identity);
  const change = (part: Partial<Draft>) => setDraft((known) => ({ ...known, ...part }));

  function open(next: Opened): void {
    setOpened(next);
    tap.open(next.wanted, tokensOf(next.identity));
    setPane('frames');
  }

  /** What was chosen may have become whole since. */
  const shown = chosen && (tap.recording.entries.find(({ number }) => number === chosen.number) ?? chosen);
  const about = {
    playerId: identity?.kind === 'demo' ? identity.playerId : 1,
    playerName: identity?.kind === 'demo' ? identity.name : 'Somebody',
    contestId: persona.contests[0]?.id ?? 1,
  };
  return (
    <SessionContext value={tap.session}>
      <div className="debugger" data-pane={pane}>
        <ToolBar here="Debug">{tap.session && <ConnectionBadge className="bar-connection" />}</ToolBar>
        <aside className="debug-side" aria-label="Requests">
          <RequestForm
            identity={identity}
            persona={persona}
            draft={draft}
            connected={tap.session !== undefined}
            onIdentity={setIdentity}
            onChange={change}
            onConnect={(wanted) => identity && open({ identity, wanted })}
            onDisconnect={tap.close}
          />
          <PublishForm about={about} />
        </aside>
        <main className="debug-main">
          <Head tap={tap} title={opened ? nameOf(opened.identity) : 'No stream yet'} />
          {tap.recording.entries.length === 0 ? (
            <p className="debug-empty">
              {tap.session
                ? 'Nothing yet.'
                : 'Say as whom and to what you listen, and connect: every frame turns up here as it came, with what the client made of it beside it.'}
            </p>
          ) : (
            <FrameList entries={tap.recording.entries} chosen={shown} onChoose={setChosen} />
          )}
          {shown && (
            <Inspector
              entry={shown}
              curlFrom={
                opened &&
                (async (id) => {
                  const token = await tokensOf(opened.identity)('request');
                  return curlLine(serviceUrl(), { ...opened.wanted, from: id }, token ?? '');
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

function nameOf(identity: Identity): string {
  return identity.kind === 'demo' ? identity.name : 'Whoever the token belongs to';
}
