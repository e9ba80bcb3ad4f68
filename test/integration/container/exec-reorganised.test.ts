import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import type { ExecProcess } from '../../../src/container/exec.js';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import { makeLab, until, untilSays } from '../../helpers/lab.js';
import { findByArgument } from '../../helpers/leaks.js';
import { WORKLOADS, makeMarker } from '../../helpers/orphans.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

beforeEach((context) => {
  requires(context, { cgroup2: true, programs: ['perl'] });
});

interface Box {
  readonly container: Container;
  readonly payload: string;
}

async function start(options: SpawnOptions = {}): Promise<Box> {
  const container = await lab.spawn(['sleep', '1000'], options);
  return { container, payload: `${lab.containers.inspect(container.id).cgroup.v2?.path ?? ''}/payload` };
}

const read = (path: string): string => readFileSync(path, 'utf8').trim();
const pidsIn = (path: string): readonly string[] => read(`${path}/cgroup.procs`).split('\n');

/** Does what systemd does in a container: its processes go to a cgroup below, and the one above becomes a parent. */
function moveDown(payload: string, name: string): void {
  mkdirSync(`${payload}/${name}`);
  for (const pid of pidsIn(payload)) writeFileSync(`${payload}/${name}/cgroup.procs`, pid);
  const controllers = read(`${payload}/cgroup.controllers`).split(' ').filter(Boolean);
  writeFileSync(`${payload}/cgroup.subtree_control`, controllers.map((one) => `+${one}`).join(' '));
}

/** What an inside may do with its cgroups, and where an `exec` is then; the prefix is that of the container's view. */
const INSIDES: Readonly<Record<string, { readonly act: (payload: string) => void; readonly place: RegExp }>> = {
  'has become a parent, as with systemd': {
    act: (payload) => {
      moveDown(payload, 'init.scope');
    },
    place: /^0::[/]exec-1$/m,
  },
  'is the domain of threads': {
    act: (payload) => {
      mkdirSync(`${payload}/threads`);
      writeFileSync(`${payload}/threads/cgroup.type`, 'threaded');
    },
    place: /^0::[/]exec-1$/m,
  },
  'is the domain of threads, its processes are among them, and may have no more cgroups': {
    act: (payload) => {
      mkdirSync(`${payload}/threads`);
      writeFileSync(`${payload}/threads/cgroup.type`, 'threaded');
      for (const pid of pidsIn(payload)) writeFileSync(`${payload}/threads/cgroup.procs`, pid);
      writeFileSync(`${payload}/cgroup.max.descendants`, '1');
    },
    place: /^0::[/]threads$/m,
  },
  'may have no more cgroups': {
    act: (payload) => {
      writeFileSync(`${payload}/cgroup.max.descendants`, '0');
    },
    place: /^0::[/]$/m,
  },
  'has become a parent, and may have no more cgroups': {
    act: (payload) => {
      moveDown(payload, 'supervisor');
      writeFileSync(`${payload}/cgroup.max.descendants`, '1');
    },
    place: /^0::[/]supervisor$/m,
  },
  'may have no deeper ones': {
    act: (payload) => {
      writeFileSync(`${payload}/cgroup.max.depth`, '0');
    },
    place: /^0::[/]$/m,
  },
};

async function output(child: ExecProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) text += String(chunk);
  return text;
}

describe.each(Object.entries(INSIDES))('exec where the payload %s', (_name, { act, place }) => {
  it('runs inside, and says so where it has no cgroup of its own', async () => {
    const { container, payload } = await start();
    act(payload);
    const child = await container.exec(['cat', '/proc/self/cgroup']);
    expect(await output(child)).toMatch(place);
    expect(await child.exited).toMatchObject({ exitCode: 0 });
    const hasLeaf = place.source.includes('exec');
    expect(child.notes).toEqual(hasLeaf ? [] : [expect.stringMatching(/^no cgroup of its own.*EAGAIN/)]);
  });

  it('is killed alone, with daemons, double forks and the deaf', async () => {
    const { container, payload } = await start();
    act(payload);
    const marker = makeMarker();
    const child = await container.exec(WORKLOADS['daemons, double forks and the deaf']?.(marker) ?? []);
    await untilSays(child, 'ready');
    await until(() => findByArgument(marker).length > 3, 'all of it runs');
    await child.kill();
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(findByArgument(marker)).toEqual([]);
    expect(await (await container.exec(['true'])).exited).toMatchObject({ exitCode: 0 });
  });

  it('takes along what it leaves behind, by an end of its own, a timeout and an abort', async () => {
    const { container, payload } = await start();
    act(payload);
    const marker = makeMarker();
    const daemon = '(setsid sh -c "sleep 1000; true" $0 >/dev/null 2>&1 &); ';
    const ended = await container.exec(['sh', '-c', `${daemon} exit 3`, marker]);
    expect(await ended.exited).toMatchObject({ exitCode: 3 });
    const late = await container.exec(['sh', '-c', `${daemon} sleep 1000`, marker], { timeout: 200 });
    expect(await late.exited).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
    const controller = new AbortController();
    const aborted = await container.exec(['sh', '-c', `${daemon} echo ready; sleep 1000`, marker], {
      signal: controller.signal,
    });
    await untilSays(aborted, 'ready');
    controller.abort();
    expect(await aborted.exited).toMatchObject({ aborted: true, signal: 'SIGKILL' });
    expect(findByArgument(marker)).toEqual([]);
  });

  it('dies with the container', async () => {
    const { container, payload } = await start();
    act(payload);
    const marker = makeMarker();
    const child = await container.exec(['sh', '-c', 'sleep 1000; true', marker]);
    await container.kill();
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(findByArgument(marker)).toEqual([]);
  });
});

describe('exec without a cgroup of its own', () => {
  const crowded = async (options: SpawnOptions = {}): Promise<Box> => {
    const box = await start(options);
    writeFileSync(`${box.payload}/cgroup.max.descendants`, '0');
    return box;
  };

  it('hands signals on, and passes input, output and exit codes', async () => {
    const { container } = await crowded();
    const child = await container.exec(
      ['sh', '-c', 'trap "exit 7" USR1; cat; echo ready; while :; do sleep 0.01; done'],
      {
        stdin: 'pipe',
      },
    );
    child.stdin.end('through\n');
    expect(await untilSays(child, 'ready')).toContain('through');
    child.signal('SIGUSR1');
    expect(await child.exited).toMatchObject({ exitCode: 7, signal: null });
  });

  it('has a terminal', async () => {
    const { container } = await crowded();
    const child = await container.exec(['sh', '-c', 'tty; exit 4'], { terminal: true });
    let text = '';
    for await (const chunk of child.terminal) text += String(chunk);
    expect(text).toMatch(/^[/]dev[/]pts[/]\d+/);
    expect(await child.exited).toMatchObject({ exitCode: 4 });
  });

  it('of a missing program leaves nothing behind', async () => {
    const { container, payload } = await crowded();
    const before = pidsIn(payload);
    await expect(container.exec(['no-such-program'])).rejects.toMatchObject({ code: 'ENOENT', op: 'find-executable' });
    expect(pidsIn(payload)).toEqual(before);
  });

  it('works in the pid namespace of the host, and without namespaces', async () => {
    for (const options of [{ pid: 'host' }, { isolation: 'cgroup' }] as const) {
      const { container } = await crowded(options);
      const marker = makeMarker();
      const child = await container.exec(['sh', '-c', '(setsid sh -c "sleep 1000; true" $0 &); exit 5', marker]);
      expect(await child.exited).toMatchObject({ exitCode: 5 });
      expect(findByArgument(marker)).toEqual([]);
    }
  });

  it('kills a fork bomb', async (context) => {
    requires(context, { controllers: ['pids'] });
    const { container } = await crowded({ pids: 64 });
    const marker = makeMarker();
    const child = await container.exec(WORKLOADS['a fork bomb']?.(marker) ?? []);
    await untilSays(child, 'ready');
    await until(() => findByArgument(marker).length > 20, 'it has grown');
    await child.kill();
    expect(findByArgument(marker)).toEqual([]);
  });
});

it('follows the container’s first process while that is moved about', async () => {
  const { container, payload } = await start();
  for (const name of ['a', 'b']) mkdirSync(`${payload}/${name}`);
  writeFileSync(`${payload}/cgroup.max.descendants`, '2');
  const over = new AbortController();
  const mover = (async () => {
    for (let turn = 0; !over.signal.aborted; turn++) {
      writeFileSync(`${payload}/${turn % 2 === 0 ? 'a' : 'b'}/cgroup.procs`, String(container.pid));
      await delay(1);
    }
  })();
  for (let count = 0; count < 20; count++) {
    const child = await container.exec(['cat', '/proc/self/cgroup']);
    expect(await output(child)).toMatch(/^0::[/][ab]?$/m);
    expect(await child.exited).toMatchObject({ exitCode: 0 });
  }
  over.abort();
  await mover;
});

it('refuses a container that was moved out of its cgroup', async () => {
  const { container, payload } = await start();
  const outside = `${payload}/../outside`;
  mkdirSync(outside);
  writeFileSync(`${payload}/cgroup.max.descendants`, '0');
  writeFileSync(`${outside}/cgroup.procs`, String(container.pid));
  await expect(container.exec(['true'])).rejects.toMatchObject({ code: 'ERR_CGROUP_REFUSED' });
  writeFileSync(`${payload}/cgroup.procs`, String(container.pid));
  rmdirSync(outside);
});

it('refuses a container whose inside has frozen itself, and makes no cgroup in it', async () => {
  const { container, payload } = await start();
  writeFileSync(`${payload}/cgroup.freeze`, '1');
  await until(() => /^frozen 1$/m.test(read(`${payload}/cgroup.events`)), 'it stands still');
  await expect(container.exec(['true'])).rejects.toMatchObject({ code: 'ERR_STATE', status: 'paused' });
  expect(readdirSync(payload).filter((name) => name.startsWith('exec-'))).toEqual([]);
  writeFileSync(`${payload}/cgroup.freeze`, '0');
});
