import { useState } from 'react';
import { LiveProvider } from '../../react/index.ts';
import { serviceBase } from '../shared/service.ts';
import { storeAdminToken, storedAdminToken } from './admin-token.ts';
import { Dashboard } from './dashboard.tsx';
import { OperatorEntrance } from './entrance.tsx';

/** Root of the operator's page: the entrance, or the dashboard with one connection to the scope `ops`. */
export function Operator() {
  const [token, setToken] = useState(storedAdminToken);
  function become(next: string | undefined): void {
    storeAdminToken(next);
    setToken(next);
  }
  if (token === undefined) return <OperatorEntrance onEnter={become} />;
  return (
    <LiveProvider
      key={token}
      url={serviceBase()}
      scopes={['ops']}
      types={['NODE_STATUS']}
      // The samples that are still in the log fill the plots.
      from="earliest"
      getToken={() => token}
    >
      <Dashboard onLeave={() => become(undefined)} />
    </LiveProvider>
  );
}
