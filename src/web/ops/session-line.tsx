import { useEffect, useRef, useState } from 'react';
import type { Session } from '../../protocol/api/session.ts';
import { formatAge } from '../../react/format.ts';
import { isolated, withoutBidiControls } from '../../react/text/bidi.ts';
import { UserText } from '../../react/text/user-text.tsx';
import { NONE } from '../shared/numbers.ts';
import { nameOf, shortAgent } from './session.ts';

export interface SessionLineProps {
  readonly session: Session;
  /** Whether the stream is this page's own. */
  readonly own: boolean;
  /** By the service's clock, ms since 1970. */
  readonly now: number;
  readonly onDisconnect: (session: Session) => Promise<void>;
}

/** Max scopes shown in a row. */
const MAX_SCOPES = 4;

/** Row of a stream. */
export function SessionLine({ session, own, now, onDisconnect }: SessionLineProps) {
  const { playerId, userId, scopes, address, userAgent, connectedAt, lastDeliveredId, nodeId } = session;
  const { disconnectedAt, closeReason } = session;
  const rest = scopes.length - MAX_SCOPES;
  return (
    <tr data-own={own}>
      <th scope="row">
        <UserText text={nameOf(session)} />
        <small>{playerId === null ? `user ${userId ?? NONE}` : `player ${playerId}`}</small>
      </th>
      <td className="session-scopes" title={scopes.join('\n')}>
        {scopes.slice(0, MAX_SCOPES).map((scope) => (
          <code key={scope}>{scope}</code>
        ))}
        {rest > 0 && <span>and {rest} more</span>}
      </td>
      <td className="session-from" title={userAgent === null ? undefined : withoutBidiControls(userAgent)}>
        <UserText text={userAgent === null ? NONE : shortAgent(userAgent)} />
        <small>{address}</small>
      </td>
      <td className="session-since" data-label="since">
        <time dateTime={connectedAt} title={new Date(connectedAt).toLocaleString('en-GB')}>
          {formatAge(connectedAt, now)}
        </time>
      </td>
      <td className="session-delivered" data-label="last id">
        {lastDeliveredId === 0 ? NONE : lastDeliveredId}
      </td>
      <td className="session-node" title={nodeId}>
        <code>{nodeId.slice(0, 8)}</code>
      </td>
      <td className="session-end">
        {disconnectedAt !== null ? (
          <>
            {closeReason}
            <small>{formatAge(disconnectedAt, now)}</small>
          </>
        ) : own ? (
          <span className="session-own">this page</span>
        ) : (
          <Disconnect name={nameOf(session)} onSure={() => onDisconnect(session)} />
        )}
      </td>
    </tr>
  );
}

interface DisconnectProps {
  readonly name: string;
  readonly onSure: () => Promise<void>;
}

/** Button with a confirmation in its place. */
function Disconnect({ name, onSure }: DisconnectProps) {
  const [stage, setStage] = useState<'quiet' | 'asking' | 'closing'>('quiet');
  const button = useRef<HTMLButtonElement>(null);
  const acted = useRef(false);
  useEffect(() => {
    if (acted.current) button.current?.focus();
    acted.current = stage !== 'quiet';
  }, [stage]);

  if (stage === 'quiet')
    return (
      <button
        ref={button}
        type="button"
        className="quiet-button"
        aria-label={`Disconnect ${isolated(name)}`}
        onClick={() => setStage('asking')}
      >
        Disconnect
      </button>
    );
  return (
    <span className="sure">
      <button
        ref={button}
        type="button"
        className="quiet-button danger"
        disabled={stage === 'closing'}
        onClick={() => {
          setStage('closing');
          void onSure();
        }}
      >
        {stage === 'closing' ? 'Closing…' : 'Close it'}
      </button>
      <button type="button" className="quiet-button" onClick={() => setStage('quiet')}>
        Keep
      </button>
    </span>
  );
}
