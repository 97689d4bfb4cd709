import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { Server, Socket } from 'node:net';

/** Forbids sockets and processes within a unit test: what reaches one belongs to the tests that have the whole machine. */
function forbid(what: string): () => never {
  return () => {
    throw new Error(`A unit test opens no ${what}. See OUTSIDE in test/unit/unit-tests.ts.`);
  };
}

Socket.prototype.connect = forbid('connection');
Server.prototype.listen = forbid('server');
for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'] as const) {
  Object.assign(childProcess, { [name]: forbid('process') });
}
syncBuiltinESMExports();
