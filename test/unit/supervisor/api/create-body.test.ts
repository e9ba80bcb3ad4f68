import { describe, expect, it } from 'vitest';
import { readCreateBody } from '../../../../src/supervisor/api/create-body.js';
import { createWords } from '../../../../src/supervisor/client/create-words.js';
import type { SupervisedOptions } from '../../../../src/supervisor/types.js';

const FULL: SupervisedOptions = {
  command: ['nginx', '-g', 'daemon off;'],
  container: {
    name: 'web',
    labels: { job: '7' },
    env: { A: 'b' },
    umask: 0o027,
    memory: '1G',
    volumes: ['/srv:/srv:ro', { source: '/a', target: '/b', readOnly: true }],
    rootfs: '/images/nginx',
    seccomp: { defaultAction: 'SCMP_ACT_ALLOW' },
    terminal: { columns: 100, rows: 30 },
  },
  supervision: {
    restart: { name: 'on-failure', maxRetries: 3 },
    log: { driver: 'json', maxSize: 10_000_000, maxFiles: 3 },
    health: {
      command: ['curl', 'localhost'],
      interval: 5000,
      timeout: 1000,
      retries: 2,
      startPeriod: 0,
      onFailure: 'restart',
    },
    timeout: 60_000,
    stopSignal: 'SIGQUIT',
    gracePeriod: 500,
    interactive: true,
  },
  callerDirectory: '/home/me',
  callerEnv: { PATH: '/bin', TERM: 'xterm' },
};

const AROUND = { env: { OWN: 'mine' }, cwd: '/work' };

describe('a request for a container', () => {
  it('comes to the same as what the client was asked for', () => {
    const body: unknown = JSON.parse(JSON.stringify(createWords(FULL, { start: false }, AROUND)));
    expect(readCreateBody(body)).toEqual({ options: FULL, start: false, lease: false });
  });

  it('says where it comes from, and has variables with values only', () => {
    const { callerDirectory: _, callerEnv: __, ...rest } = FULL;
    const words = createWords({ ...rest, container: { env: { OWN: undefined, NONE: undefined, A: 'b' } } }, {}, AROUND);
    expect(words).toMatchObject({ callerDirectory: '/work', env: { OWN: 'mine', A: 'b' } });
  });

  it('is leased where it says so', () => {
    const words = createWords(FULL, { lease: true }, AROUND);
    expect(readCreateBody(words)).toMatchObject({ lease: true, options: { supervision: { leased: true } } });
  });

  it('takes words as people write them', () => {
    const { options } = readCreateBody({
      command: ['x'],
      callerDirectory: '/home/me',
      rootfs: 'image',
      volumes: ['data:/data'],
      umask: '027',
      timeout: '1m',
      restart: 'on-failure:3',
      log: 'none',
      health: { command: 'curl localhost', interval: '5s' },
    });
    expect(options).toEqual({
      command: ['x'],
      callerDirectory: '/home/me',
      container: { rootfs: '/home/me/image', volumes: ['/home/me/data:/data'], umask: 0o027 },
      supervision: {
        restart: { name: 'on-failure', maxRetries: 3 },
        log: { driver: 'none' },
        timeout: 60_000,
        health: {
          command: ['/bin/sh', '-c', 'curl localhost'],
          interval: 5000,
          timeout: 30_000,
          retries: 3,
          startPeriod: 0,
          onFailure: 'none',
        },
      },
    });
  });

  it('has paths from the root where it does not say from where', () => {
    expect(readCreateBody({ command: ['x'], rootfs: 'image' }).options.container).toEqual({ rootfs: '/image' });
  });
});
