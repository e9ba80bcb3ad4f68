import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../../../src/supervisor/client/client.js';
import { type SupervisionOptions, readSupervision } from '../../../src/supervisor/supervision-options.js';
import type { SupervisedInfo, SupervisedOptions } from '../../../src/supervisor/types.js';
import { Stage } from '../../helpers/crash-stage.js';
import { requires } from '../../helpers/requires.js';

/** Serves the pid of the worker that answers, in the container's own network. */
const NGINX = `
daemon off;
worker_processes 2;
pid /tmp/nginx.pid;
error_log stderr notice;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  server { listen 80; location / { return 200 "worker $pid"; } }
}
`;

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage[Symbol.asyncDispose]());

function nginx(supervision: SupervisionOptions): SupervisedOptions {
  const path = join(stage.journals, 'nginx.conf');
  writeFileSync(path, NGINX, { mode: 0o644 });
  return {
    command: ['nginx', '-c', '/nginx.conf'],
    container: { name: 'web', cgroupParent: stage.cgroupParent, net: 'private', volumes: [`${path}:/nginx.conf:ro`] },
    supervision: readSupervision(supervision),
    callerDirectory: '/',
  };
}

/** Runs a command in a container. @returns what it says; nothing where it fails */
async function say(client: Client, id: string, ...command: readonly string[]): Promise<string> {
  try {
    const running = await client.exec(id, command, { timeout: 2000 });
    const chunks: Uint8Array[] = [];
    for await (const chunk of running.stdout ?? []) chunks.push(chunk as Uint8Array);
    const { exitCode } = await running.exited;
    return exitCode === 0 ? Buffer.concat(chunks).toString() : '';
  } catch {
    return ''; // it has just ended
  }
}

const fetchPage = (client: Client): Promise<string> => say(client, 'web', 'curl', '-s', '-m', '1', 'http://localhost/');

async function untilServed(client: Client): Promise<void> {
  await expect.poll(() => fetchPage(client), { timeout: 10_000, interval: 100 }).toMatch(/^worker \d+$/);
}

function untilRun(client: Client, id: string, run: number): Promise<SupervisedInfo> {
  const isThere = ({ status, lastEnd }: SupervisedInfo): boolean => status === 'running' && lastEnd?.run === run - 1;
  return stage.untilInfo(client, id, isThere, `is in run ${String(run)}`);
}

/** Finds a process of a container by a word of its command. */
async function findProcess(client: Client, word: string): Promise<number> {
  const found = (await client.processes('web')).find(({ command }) => command.join(' ').includes(word));
  if (found === undefined) throw new Error(`no process says ${word}`);
  return found.pid;
}

describe('nginx, which is always started again', () => {
  it('is so however it ends, and not when it was meant to', async (context) => {
    requires(context, { cgroup2: true, programs: ['nginx', 'curl'] });
    using client = await stage.connect();
    await client.create(nginx({ restart: 'always', log: { driver: 'json' } }));
    await untilServed(client);

    // A worker: that is the master's own affair.
    process.kill(await findProcess(client, 'worker process'), 'SIGKILL');
    await delay(200);
    await untilServed(client);
    expect(await client.get('web')).toMatchObject({ status: 'running', restarts: 0, processes: 4 });

    process.kill(await findProcess(client, 'master process'), 'SIGKILL');
    expect((await untilRun(client, 'web', 2)).lastEnd).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    await untilServed(client);

    // All of it, past corral, while nobody looks.
    const cgroup = stage.cgroups().find((path) => path.endsWith('/web')) ?? '';
    await stage.killSupervisors();
    writeFileSync(join(cgroup, 'cgroup.kill'), '1');
    expect((await untilRun(client, 'web', 3)).lastEnd).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    await untilServed(client);

    // It ends by itself, and well.
    await client.signal('web', 'QUIT');
    expect((await untilRun(client, 'web', 4)).lastEnd).toMatchObject({ exitCode: 0, signal: null });
    await untilServed(client);

    await client.kill('web');
    await delay(1000);
    expect(await client.get('web')).toMatchObject({ status: 'exited', restarts: 3, lastEnd: { run: 4 } });
    let log = '';
    for await (const { data } of client.logs('web')) log += `${Buffer.from(data).toString()}\n`;
    expect(log.match(/start worker processes$/gm)).toHaveLength(4);
    await stage.close();
  });
});

describe('nginx that hangs', () => {
  const health = { command: 'curl -sf -m 1 http://localhost/', interval: 150, timeout: 400, retries: 2 };

  it('is unhealthy, and started again', async (context) => {
    requires(context, { cgroup2: true, programs: ['nginx', 'curl'] });
    using client = await stage.connect();
    await client.create(nginx({ health: { ...health, startPeriod: '5s', onFailure: 'restart' }, gracePeriod: 200 }));
    const seen: string[] = [];
    const over = new AbortController();
    const watching = (async () => {
      for await (const event of client.events({ names: ['web'], signal: over.signal }))
        if (event.type === 'health') seen.push(event.health);
    })();
    await stage.untilInfo(client, 'web', (info) => info.health === 'healthy', 'is healthy');
    await client.signal('web', 'STOP', { all: true });
    const { lastEnd } = await untilRun(client, 'web', 2);
    // It could not heed SIGTERM, either.
    expect(lastEnd).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    await stage.untilInfo(client, 'web', (info) => info.health === 'healthy', 'is healthy again');
    await untilServed(client);
    over.abort();
    await watching;
    expect(seen.slice(-3)).toEqual(['healthy', 'unhealthy', 'healthy']);
    await stage.close();
  });

  it('is unhealthy, and killed, also where its supervisor dies meanwhile', async (context) => {
    requires(context, { cgroup2: true, programs: ['nginx', 'curl'] });
    using client = await stage.connect();
    await client.create(nginx({ health: { ...health, onFailure: 'kill' } }));
    await stage.untilInfo(client, 'web', (info) => info.health === 'healthy', 'is healthy');
    await client.signal('web', 'STOP', { all: true });
    await stage.killSupervisors();
    expect(await client.wait('web')).toMatchObject({ run: 1, exitCode: null, signal: 'SIGKILL' });
    await stage.close();
  });
});

describe('redis, with a limit on its memory', () => {
  it('is killed by the kernel when it grows past it, and started again', async (context) => {
    requires(context, { cgroup2: true, controllers: ['memory'], programs: ['redis-server', 'redis-cli'] });
    using client = await stage.connect();
    await client.create({
      command: ['redis-server', '--save', '', '--dir', '/tmp'],
      container: { name: 'cache', cgroupParent: stage.cgroupParent, memory: '48M', net: 'private' },
      supervision: readSupervision({ restart: 'on-failure', log: { driver: 'json' } }),
      callerDirectory: '/',
    });
    const ask = (...words: readonly string[]): Promise<string> => say(client, 'cache', 'redis-cli', ...words);
    await expect.poll(() => ask('ping')).toBe('PONG\n');
    expect(await ask('set', 'key', 'value')).toBe('OK\n');
    await ask('eval', "for i = 1, 200 do redis.call('set', i, string.rep('x', 1048576)) end", '0');
    const { lastEnd } = await untilRun(client, 'cache', 2);
    expect(lastEnd).toMatchObject({ exitCode: null, signal: 'SIGKILL', oomKilled: true });
    await expect.poll(() => ask('ping')).toBe('PONG\n');
    expect(await ask('get', 'key')).toBe('\n');
    // An end that was asked for is no failure.
    await ask('shutdown', 'nosave');
    expect(await client.wait('cache')).toMatchObject({ run: 2, exitCode: 0 });
    await stage.close();
  });
});
