import { readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import type { ExecOptions } from '../../../src/container/exec.js';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import { makeLab, until, untilSays } from '../../helpers/lab.js';
import { findByArgument } from '../../helpers/leaks.js';
import { makeMarker } from '../../helpers/orphans.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

const start = (options: SpawnOptions = {}): Promise<Container> => lab.spawn(['sleep', '1000'], options);

async function execute(
  container: Container,
  command: readonly string[],
  options: ExecOptions = {},
): Promise<{
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
}> {
  const child = await container.exec(command, options);
  const [stdout, stderr, { exitCode, signal }] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    child.exited,
  ]);
  return { stdout, stderr, exitCode, signal };
}

async function collect(stream: AsyncIterable<unknown> | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

const NAMES = ['user', 'pid', 'ipc', 'uts', 'net', 'cgroup', 'mnt'];

describe('exec()', () => {
  it('runs in all the namespaces of the container', async () => {
    const container = await start({ name: 'host-1' });
    const { stdout } = await execute(container, ['readlink', ...NAMES.map((name) => `/proc/self/ns/${name}`)]);
    const links = NAMES.map((name) => readlinkSync(`/proc/${String(container.pid)}/ns/${name}`));
    expect(stdout.split('\n').slice(0, -1)).toEqual(links);
    expect(await execute(container, ['hostname'])).toMatchObject({ stdout: 'host-1\n', exitCode: 0 });
  });

  it('runs in a cgroup of its own below the container’s', async (context) => {
    requires(context, { cgroup: true });
    const container = await start();
    expect((await execute(container, ['cat', '/proc/self/cgroup'])).stdout).toMatch(/^(0:|\d+:freezer):[/]exec-1$/m);
    const first = await container.exec(['sleep', '1000']);
    expect((await execute(container, ['cat', '/proc/self/cgroup'])).stdout).toMatch(/^(0:|\d+:freezer):[/]exec-[23]$/m);
    await first.kill();
  });

  it('sees the container’s processes, and is reaped with its orphans by the container’s init', async () => {
    const container = await start();
    const { stdout } = await execute(container, ['sh', '-c', 'cat /proc/[0-9]*/comm; setsid sleep 0.01 &']);
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['corral-init', 'sleep', 'sh']));
    expect((await execute(container, ['sh', '-c', 'grep -l ") Z" /proc/[0-9]*/stat'])).stdout).toBe('');
  });

  it('has the container’s user, directory, variables and limits unless it is told otherwise', async (context) => {
    requires(context, { root: true });
    const container = await start({
      user: '1000:1000',
      cwd: '/usr',
      env: { A: '1', B: '2' },
      ulimits: ['nofile=64:64'],
      umask: 0o027,
    });
    const script = 'echo $(id -u):$(id -g) $(pwd) $A $B $(ulimit -n) $(umask)';
    expect(await execute(container, ['sh', '-c', script])).toMatchObject({ stdout: '1000:1000 /usr 1 2 64 0027\n' });
    const other = { user: 'root', cwd: '/etc', env: { B: '3' } };
    expect(await execute(container, ['sh', '-c', script], other)).toMatchObject({ stdout: '0:0 /etc 1 3 64 0027\n' });
  });

  it('has the container’s capabilities and no more', async () => {
    const container = await start({ capDrop: ['ALL'], capAdd: ['CHOWN'] });
    const { stdout } = await execute(container, ['grep', '-E', '^(Cap(Eff|Bnd)|NoNewPrivs)', '/proc/self/status']);
    expect(stdout).toBe('CapEff:\t0000000000000001\nCapBnd:\t0000000000000001\nNoNewPrivs:\t1\n');
  });

  it('counts against the container’s limits', async (context) => {
    requires(context, { controllers: ['pids'], programs: ['perl'] });
    const container = await start({ pids: 5 });
    // The process that has entered the pid namespace counts until corral has reaped it, which may be a moment later.
    const script =
      'sleep 1; my $n = 0; while ($n < 50) { my $p = fork; last unless defined $p; if (!$p) { sleep 60; exit } $n++ } print "$n\\n"';
    // corral-init, sleep and perl are there already.
    expect(await execute(container, ['perl', '-e', script])).toMatchObject({ stdout: '2\n' });
  });

  it('passes input, output and exit codes', async () => {
    const container = await start();
    const child = await container.exec(['sh', '-c', 'cat; echo oops >&2; exit 12'], { stdin: 'pipe' });
    child.stdin.end('through\n');
    const [stdout, stderr, result] = await Promise.all([collect(child.stdout), collect(child.stderr), child.exited]);
    expect({ stdout, stderr }).toEqual({ stdout: 'through\n', stderr: 'oops\n' });
    expect(result).toMatchObject({ exitCode: 12, signal: null, timedOut: false, aborted: false });
    expect(await execute(container, ['sh', '-c', 'kill -TERM $$'])).toMatchObject({
      exitCode: null,
      signal: 'SIGTERM',
    });
  });

  it('is killed alone, with all that it started', async (context) => {
    requires(context, { cgroup: true });
    const container = await start();
    const marker = makeMarker();
    const script = 'setsid sh -c "sleep 1000 & sleep 1000" $0 & (sh -c "sleep 1000 & wait" $0 &) ; echo ready; wait';
    const child = await container.exec(['sh', '-c', script, marker]);
    await untilSays(child, 'ready');
    await until(() => findByArgument(marker).length === 3, 'all of it runs');
    const report = await child.kill();
    expect(report).toMatchObject({ gone: true });
    expect(findByArgument(marker)).toEqual([]);
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(await execute(container, ['echo', 'alive'])).toMatchObject({ stdout: 'alive\n' });
  });

  it('takes along what it left behind, when it ends', async (context) => {
    requires(context, { cgroup: true });
    const container = await start();
    const marker = makeMarker();
    await execute(container, ['sh', '-c', '(setsid sh -c "sleep 1000; true" $0 >/dev/null 2>&1 &)', marker]);
    await until(() => findByArgument(marker).length === 0, 'the daemon is gone');
  });

  it('ends by a timeout, by an abort and by the end of a scope', async () => {
    const container = await start();
    const slow = await container.exec(['sleep', '1000'], { timeout: 100 });
    expect(await slow.exited).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
    const controller = new AbortController();
    const aborted = await container.exec(['sleep', '1000'], { signal: controller.signal });
    controller.abort();
    expect(await aborted.exited).toMatchObject({ aborted: true });
    {
      await using scoped = await container.exec(['sleep', '1000']);
      expect(scoped.pid).toBeGreaterThan(0);
    }
    const stopped = await container.exec(['sh', '-c', 'trap "exit 3" TERM; echo ready; while :; do sleep 0.01; done']);
    await untilSays(stopped, 'ready');
    expect(await stopped.stop()).toMatchObject({ exitCode: 3 });
  });

  it('of a missing program names it, and leaves the container alone', async () => {
    const container = await start();
    await expect(container.exec(['no-such-program'])).rejects.toMatchObject({
      name: 'LaunchError',
      code: 'ENOENT',
      op: 'find-executable',
    });
    expect(await execute(container, ['echo', 'alive'])).toMatchObject({ stdout: 'alive\n' });
  });

  it('in a container that has ended is a StateError', async () => {
    const container = await lab.spawn(['true']);
    await container.exited;
    await expect((async () => container.exec(['true']))()).rejects.toMatchObject({
      name: 'StateError',
      code: 'ERR_STATE',
      status: 'stopped',
    });
  });

  it('dies with the container', async () => {
    const container = await start();
    const child = await container.exec(['sleep', '1000']);
    await container.kill();
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('works without a pid namespace, without any, and without an init', async (context) => {
    requires(context, { cgroup: true });
    for (const options of [{ pid: 'host' }, { isolation: 'cgroup' }, { init: false }] as const) {
      const container = await start(options);
      expect(await execute(container, ['sh', '-c', 'echo ran; exit 2'])).toMatchObject({
        stdout: 'ran\n',
        exitCode: 2,
      });
      await container.kill();
    }
  });

  it('works by name from the list of containers', async () => {
    await start({ name: 'by-name' });
    const child = await lab.containers.exec('by-name', ['hostname']);
    expect(await collect(child.stdout)).toBe('by-name\n');
    expect(await child.exited).toMatchObject({ exitCode: 0 });
    await expect(lab.containers.exec('nobody', ['true'])).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });

  it('twenty at one time get a cgroup each', async () => {
    const container = await start();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => execute(container, ['sh', '-c', 'sleep 0.1; cat /proc/self/cgroup'])),
    );
    expect(results.every(({ exitCode }) => exitCode === 0)).toBe(true);
  });
});
