// Publishing in process by 1,000 publishers at once.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROGRAM = join(import.meta.dirname, '../in-process-publishers.mjs');

export const inProcess = {
  name: 'in-process',
  async run(bench, record) {
    const { warmUpS, publishS } = bench.durations;
    const given = ['1000', String(warmUpS), String(publishS)];
    const env = {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      PORT: '0',
      ...bench.service.env,
    };
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...given], { env });
    record('publish in process, 1,000 publishers', 'service', JSON.parse(stdout));
  },
};
