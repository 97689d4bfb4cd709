import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/error.ts';

const FORMER = {
  ENABLE_WEBSOCKET_DEMO: 'false',
  WEBSOCKET_HEARTBEAT_INTERVAL: '30000',
  WEBSOCKET_HEARTBEAT_TIMEOUT: '90000',
};

describe('loadConfig', () => {
  it('takes the variables of the Socket.IO layer where the present ones are not set, and names both', () => {
    expect(loadConfig({}).notices).toEqual([]);
    const { stream, demo, notices } = loadConfig(FORMER);
    expect(stream).toMatchObject({ heartbeatMs: 30_000, heartbeatTimeoutMs: 90_000 });
    expect(demo.enabled).toBe(false);
    expect(notices).toEqual([
      'variables of the Socket.IO layer: ENABLE_WEBSOCKET_DEMO is DEMO now; WEBSOCKET_HEARTBEAT_INTERVAL is HEARTBEAT_INTERVAL now; WEBSOCKET_HEARTBEAT_TIMEOUT is HEARTBEAT_TIMEOUT now',
    ]);
  });

  it('prefers the present ones', () => {
    const { stream, demo, notices } = loadConfig({ ...FORMER, HEARTBEAT_INTERVAL: '10000', DEMO: 'on' });
    expect(stream).toMatchObject({ heartbeatMs: 10_000, heartbeatTimeoutMs: 90_000 });
    expect(demo.enabled).toBe(true);
    expect(notices[0]).toContain(
      'WEBSOCKET_HEARTBEAT_INTERVAL is HEARTBEAT_INTERVAL now, and not used here;',
    );
  });

  it('runs no demo for the old variable but in the embedded database of a developer', () => {
    const on = { ENABLE_WEBSOCKET_DEMO: 'true' };
    const secret = {
      JWT_SECRET: 'q7Jx2mV9rT4wZ8bN5cK1yH6dF3sG0pL5',
      DATABASE_URL: 'mysql://live:pw@db/codecraft',
    };
    expect(loadConfig(on).demo.enabled).toBe(true);
    expect(loadConfig({ ...on, ...secret }).demo.enabled).toBe(false);
    expect(loadConfig({ ...on, ...secret, NODE_ENV: 'production' }).demo.enabled).toBe(false);
  });

  it('names the variable that was set where its value is wrong', () => {
    const mistakes = () => {
      try {
        loadConfig({ WEBSOCKET_HEARTBEAT_INTERVAL: 'often' });
      } catch (error) {
        return error instanceof ConfigError ? error.mistakes.map(({ variable }) => variable) : error;
      }
    };
    expect(mistakes()).toEqual(['WEBSOCKET_HEARTBEAT_INTERVAL']);
  });
});
