import { useEffect, useState } from 'react';
import type { Contest } from '../../client/api-types.ts';
import { sortContests } from '../shared/contest-order.ts';
import { requestJson } from '../shared/service.ts';
import { tokenSourceOf, type Viewer, viewerOfToken } from '../shared/viewer.ts';

/** What the debugger suggests to a viewer. */
export interface ViewerDetails {
  /** Whether the viewer is a player, so that `player:me` is a scope. */
  readonly plays: boolean;
  /** The first contests in display order. */
  readonly contests: readonly Contest[];
}

const UNKNOWN: ViewerDetails = { plays: true, contests: [] };
const MAX_CONTESTS = 2;

/** Reads the details of a viewer; the defaults until then, and for a token that is refused. */
export function useViewerDetails(viewer: Viewer | undefined): ViewerDetails {
  const [details, setDetails] = useState(UNKNOWN);
  useEffect(() => {
    let mounted = true;
    setDetails(UNKNOWN);
    if (viewer === undefined || (viewer.kind === 'token' && viewer.token === '')) return;
    lookUp(viewer).then(
      (found) => mounted && setDetails(found),
      () => {},
    );
    return () => {
      mounted = false;
    };
  }, [viewer]);
  return details;
}

async function lookUp(viewer: Viewer): Promise<ViewerDetails> {
  const known = viewer.kind === 'demo' ? viewer : await viewerOfToken(viewer.token);
  const token = await tokenSourceOf(known)('request');
  const headers = { authorization: `Bearer ${token}` };
  const { contests } = await requestJson<{ contests: Contest[] }>('contests', { headers });
  return {
    plays: known.kind === 'demo' || known.plays,
    contests: sortContests(contests).slice(0, MAX_CONTESTS),
  };
}
