import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureProgram } from '../database/apt.ts';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Authority {
  readonly caFile: string;
  /** @param names subject alternative names: `DNS:localhost`, `IP:127.0.0.1` */
  issue(names: string): Promise<Certificate>;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-sha256'];

/** A certificate authority whose files lie in a directory. */
export async function createAuthority(directory: string): Promise<Authority> {
  const program = await ensureProgram('openssl');
  const openssl = (...args: string[]) => promisify(execFile)(program, args, { cwd: directory });
  const inside = (name: string) => join(directory, name);
  await openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-days',
    '2',
    '-subj',
    '/CN=Tests',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  let issued = 0;
  return {
    caFile: inside('ca.pem'),
    async issue(names) {
      const name = `server-${++issued}`;
      await openssl(
        'req',
        ...NEW_KEY,
        '-subj',
        '/CN=server',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
      );
      await writeFile(inside(`${name}.ext`), `subjectAltName=${names}\n`);
      const files = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`];
      await openssl(
        'x509',
        '-req',
        '-days',
        '2',
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        ...files,
      );
      return { certFile: inside(`${name}.pem`), keyFile: inside(`${name}.key`) };
    },
  };
}
