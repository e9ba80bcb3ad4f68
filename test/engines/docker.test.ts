import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callInTerminal } from './calls.js';
import { type Docker, IMAGE, NO_NETWORK, makeDocker } from './docker.js';
import { type Limits, readLimits } from './limits.js';
import { RUNTIMES, type Runtime, whyNot } from './runtimes.js';

const absent = whyNot(
  'dockerd',
  'docker',
  'containerd',
  'containerd-shim-runc-v2',
  'runc',
  'busybox',
  'script',
  'setpriv',
);

const UNTIL_TOLD = ['sh', '-c', 'trap "exit 7" TERM; while :; do sleep 0.1; done'];

describe.each(RUNTIMES)('docker with $name', (runtime: Runtime) => {
  const reason = absent ?? runtime.missing;
  if (reason !== undefined) {
    it('runs', (context) => {
      context.skip(reason);
    });
    return;
  }

  let docker: Docker;
  beforeAll(async () => {
    docker = await makeDocker(runtime);
  });
  afterAll(async () => {
    expect(await docker.close()).toEqual([]);
  });
  afterEach(async () => {
    expect(await docker.sweep(), 'nothing is left').toEqual([]);
  });

  const start = (name: string, ...options: readonly string[]): void => {
    expect(docker.run('--detach', '--name', name, ...options, IMAGE, ...UNTIL_TOLD)).toMatchObject({
      code: 0,
      stderr: '',
    });
  };
  const inspect = (name: string, format: string): string => docker.ok('inspect', '--format', format, name);
  const limitsOf = (name: string): Limits => readLimits(Number(inspect(name, '{{.State.Pid}}')));

  it('runs a command, and hands on its output and its exit code', () => {
    expect(docker.run('--rm', IMAGE, 'sh', '-c', 'echo out; echo err >&2; exit 3')).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('makes its exit codes of the words that the runtime fails with', () => {
    // 127: not there. 126: not to be executed. 125: anything else.
    expect(docker.run('--rm', IMAGE, 'nonesuch')).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('exec: "nonesuch": executable file not found in $PATH') as string,
    });
    expect(docker.run('--rm', IMAGE, '/none/such')).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('no such file or directory') as string,
    });
    expect(docker.run('--rm', IMAGE, '/etc/passwd')).toMatchObject({
      code: 126,
      stderr: expect.stringContaining('permission denied') as string,
    });
    const sysctl = (value: string): unknown => docker.run('--rm', '--sysctl', value, IMAGE, 'true');
    expect(sysctl('net.ipv4.nonesuch=1')).toMatchObject({ code: 127 });
    expect(sysctl('net.ipv4.ip_forward=much')).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('OCI runtime create failed') as string,
    });
  });

  it('gives the process its environment, directory, user, groups and host name', () => {
    const options = ['--env', 'A=b', '--workdir', '/tmp', '--user', 'ann', '--hostname', 'box', '--group-add', 'wheel'];
    const { stdout } = docker.run('--rm', ...options, IMAGE, 'sh', '-c', 'echo $A; pwd; id; hostname; echo $HOME');
    expect(stdout).toBe('b\n/tmp\nuid=1000(ann) gid=1000(ann) groups=10(wheel),1000(ann)\nbox\n/tmp\n');
  });

  it('gives it a terminal with -it', async () => {
    const { code, shown } = await callInTerminal(
      [
        'docker',
        'run',
        ...NO_NETWORK,
        '--rm',
        '-it',
        IMAGE,
        'sh',
        '-c',
        'tty; echo ready; read x; echo "got $x"; exit 4',
      ],
      { after: 'ready', line: 'word', env: docker.env },
    );
    expect(shown).toContain('/dev/pts/0');
    expect(shown).toContain('got word');
    expect(code).toBe(4);
  });

  it('runs further processes in it', async () => {
    start('entered', '--env', 'A=b');
    expect(
      docker.call('exec', '--user', '1000', '--env', 'C=d', 'entered', 'sh', '-c', 'id -u; echo $A$C; exit 9'),
    ).toEqual({
      code: 9,
      stdout: '1000\nbd\n',
      stderr: '',
    });
    expect(docker.call('exec', 'entered', 'nonesuch').code).toBe(126);
    expect(docker.call('exec', 'entered', '/etc/passwd').code).toBe(126);
    docker.ok('exec', '--detach', 'entered', 'sleep', '1000');
    expect(docker.ok('top', 'entered', '-o', 'pid,args')).toContain('sleep 1000');
    const { shown } = await callInTerminal(
      ['docker', 'exec', '-it', 'entered', 'sh', '-c', 'tty; read x; echo "got $x"'],
      {
        after: '/dev/pts/',
        line: 'word',
        env: docker.env,
      },
    );
    expect(shown).toContain('got word');
  });

  it('stops it by its signal, and kills it', () => {
    start('stopped');
    docker.ok('stop', '--time', '10', 'stopped');
    expect(inspect('stopped', '{{.State.ExitCode}} {{.State.Status}}')).toBe('7 exited');
    docker.ok('start', 'stopped');
    docker.ok('kill', '--signal', 'KILL', 'stopped');
    expect(docker.ok('wait', 'stopped')).toBe('137');
  });

  it('pauses it, and lets it go on', () => {
    start('paused');
    docker.ok('pause', 'paused');
    expect(inspect('paused', '{{.State.Status}}')).toBe('paused');
    expect(docker.call('exec', 'paused', 'true').code).toBe(1);
    docker.ok('unpause', 'paused');
    expect(docker.call('exec', 'paused', 'true').code).toBe(0);
  });

  it('limits it, and changes the limits', () => {
    start('limited', '--memory', '64m', '--memory-swap', '64m', '--pids-limit', '50', '--cpus', '0.5');
    expect(limitsOf('limited')).toEqual({ memory: String(64 * 1024 ** 2), pids: '50', cpu: '50000 100000' });
    const options = ['--memory', '96m', '--memory-swap', '96m', '--cpus', '0.75', '--pids-limit', '33'];
    docker.ok('update', ...options, 'limited');
    expect(limitsOf('limited')).toEqual({ memory: String(96 * 1024 ** 2), pids: '33', cpu: '75000 100000' });
    expect(docker.ok('stats', '--no-stream', '--format', '{{.MemUsage}}', 'limited')).toContain('/ 96MiB');
  });

  it('tells that it ran out of memory', () => {
    expect(
      docker.run('--name', 'greedy', '--memory', '16m', '--memory-swap', '16m', IMAGE, 'tail', '/dev/zero').code,
    ).toBe(137);
    expect(inspect('greedy', '{{.State.OOMKilled}}')).toBe('true');
  });

  it('mounts volumes, tmpfs, and a root that cannot be written', () => {
    const outside = join(docker.directory, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'file'), 'from outside\n');
    const volumes = ['--volume', `${outside}:/data`, '--volume', `${outside}:/look:ro`];
    const script =
      'cat /data/file; echo in > /data/made; touch /look/x 2>/dev/null || echo refused; touch /x 2>/dev/null || echo read-only; touch /scratch/y && echo scratch';
    const { stdout } = docker.run(
      '--rm',
      '--read-only',
      '--tmpfs',
      '/scratch:size=1m',
      ...volumes,
      IMAGE,
      'sh',
      '-c',
      script,
    );
    expect(stdout).toBe('from outside\nrefused\nread-only\nscratch\n');
    expect(readFileSync(join(outside, 'made'), 'utf8')).toBe('in\n');
  });

  it('drops rights, and keeps what is asked for', () => {
    const status = (...options: readonly string[]): string =>
      docker
        .run('--rm', ...options, IMAGE, 'grep', '-E', 'CapEff|NoNewPrivs|^Seccomp:', '/proc/self/status')
        .stdout.replace(/\s+/g, ' ')
        .trim();
    expect(status()).toBe('CapEff: 00000000a80425fb NoNewPrivs: 0 Seccomp: 2');
    expect(status('--cap-drop', 'all', '--cap-add', 'chown', '--security-opt', 'no-new-privileges')).toBe(
      'CapEff: 0000000000000001 NoNewPrivs: 1 Seccomp: 2',
    );
  });

  // Where the host lacks one of the rights that docker asks for, runc fails; the specification wants a warning.
  if (runtime.name !== 'runc') {
    it('gives it what the host has with --privileged', () => {
      const script = 'grep -E "CapEff|Seccomp:" /proc/self/status; mount -t tmpfs none /tmp && ls /dev/kmsg';
      const { stdout } = docker.run('--rm', '--privileged', IMAGE, 'sh', '-c', script);
      expect(stdout).toMatch(/^CapEff:\s+[0-9a-f]{7}[37f][0-9a-f]{8}\nSeccomp:\s+0\n\/dev\/kmsg\n$/);
    });
  }

  it('shares the namespaces of another', () => {
    start('first', '--ipc', 'shareable');
    const look = ['sh', '-c', 'for kind in ipc pid net uts; do readlink /proc/self/ns/$kind; done'];
    const shared = ['--ipc', 'container:first', '--pid', 'container:first', '--network', 'container:first'];
    const first = docker.ok('exec', 'first', ...look).split('\n');
    const second = docker.ok('run', '--rm', ...shared, IMAGE, ...look).split('\n');
    expect(second.slice(0, 3)).toEqual(first.slice(0, 3));
    expect(second[3]).not.toBe(first[3]);
  });

  it('runs it below an init, and asks whether it is healthy', async () => {
    start(
      'healthy',
      '--init',
      '--health-cmd',
      'test -e /tmp/well',
      '--health-interval',
      '100ms',
      '--health-retries',
      '1',
    );
    expect(docker.ok('top', 'healthy', '-o', 'pid,args')).toContain('docker-init -- sh');
    await expect.poll(() => inspect('healthy', '{{.State.Health.Status}}'), { timeout: 20_000 }).toBe('unhealthy');
    docker.ok('exec', 'healthy', 'touch', '/tmp/well');
    await expect.poll(() => inspect('healthy', '{{.State.Health.Status}}'), { timeout: 20_000 }).toBe('healthy');
  });

  it('removes one that runs', () => {
    start('removed');
    const pid = inspect('removed', '{{.State.Pid}}');
    docker.ok('rm', '--force', 'removed');
    expect(() => readFileSync(`/proc/${pid}/cmdline`)).toThrow();
  });
});
