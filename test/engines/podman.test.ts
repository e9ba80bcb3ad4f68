import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callInTerminal } from './calls.js';
import { type Limits, readLimits } from './limits.js';
import { IMAGE, type Podman, makePodman } from './podman.js';
import { RUNTIMES, type Runtime, whyNot } from './runtimes.js';

const absent = whyNot('podman', 'conmon', 'busybox', 'script');

describe.each(RUNTIMES)('podman with $name', (runtime: Runtime) => {
  const reason = absent ?? runtime.missing;
  if (reason !== undefined) {
    it('runs', (context) => {
      context.skip(reason);
    });
    return;
  }

  let podman: Podman;
  beforeAll(() => {
    podman = makePodman(runtime);
  });
  afterAll(async () => {
    expect(await podman.close()).toEqual([]);
  });
  afterEach(async () => {
    expect(await podman.sweep(), 'nothing is left').toEqual([]);
  });

  const start = (name: string, ...args: readonly string[]): void => {
    const { code, stderr } = podman.run(
      '-d',
      '--name',
      name,
      ...args,
      IMAGE,
      'sh',
      '-c',
      'trap "exit 7" TERM; while :; do sleep 0.1; done',
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
  };
  const limitsOf = (name: string): Limits =>
    readLimits(Number(podman.ok('inspect', '--format', '{{.State.Pid}}', name)));
  const remove = (name: string): void => {
    expect(podman.call('rm', '--force', '--time', '0', name).code).toBe(0);
    expect(podman.call('container', 'exists', name).code).toBe(1);
  };

  it('runs a command, and hands on its output and its exit code', () => {
    const { code, stdout, stderr } = podman.run('--rm', IMAGE, 'sh', '-c', 'echo out; echo err >&2; exit 3');
    expect({ code, stdout, stderr }).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('says which program is missing, and which may not be executed', () => {
    expect(podman.run('--rm', IMAGE, 'nonesuch')).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('not found') as string,
    });
    expect(podman.run('--rm', IMAGE, '/etc/passwd')).toMatchObject({
      code: 126,
      stderr: expect.stringMatching(/permission denied/i) as string,
    });
  });

  it('gives the process its environment, directory, user, groups and host name', () => {
    const options = ['--env', 'A=b', '--workdir', '/tmp', '--user', 'ann', '--hostname', 'box', '--group-add', 'wheel'];
    const { stdout } = podman.run('--rm', ...options, IMAGE, 'sh', '-c', 'echo $A; pwd; id; hostname; echo $HOME');
    expect(stdout).toBe('b\n/tmp\nuid=1000(ann) gid=1000(ann) groups=10(wheel),1000(ann)\nbox\n/tmp\n');
  });

  it('gives it a terminal with -it', async () => {
    const script = 'tty; test -t 0 && echo a terminal; read x; echo "got $x"; exit 4';
    const { code, shown } = await callInTerminal(
      podman.argv(...podman.runArgs('--rm', '-it', IMAGE, 'sh', '-c', script)),
      { after: 'a terminal', line: 'word' },
    );
    expect(shown).toContain('/dev/pts/0');
    expect(shown).toContain('got word');
    expect(code).toBe(4);
  });

  it('runs further processes in it', () => {
    start('entered', '--env', 'A=b');
    const { code, stdout } = podman.call(
      'exec',
      '--user',
      '1000',
      '--env',
      'C=d',
      'entered',
      'sh',
      '-c',
      'id -u; echo $A$C; exit 9',
    );
    expect({ code, stdout }).toEqual({ code: 9, stdout: '1000\nbd\n' });
    expect(podman.call('exec', 'entered', 'nonesuch').code).toBe(127);
    expect(podman.ok('exec', '-d', 'entered', 'sleep', '1000')).toMatch(/^[0-9a-f]{64}$/);
    expect(podman.ok('top', 'entered', 'args')).toContain('sleep 1000');
    remove('entered');
  });

  it('stops it by its signal, and kills it', () => {
    start('stopped');
    podman.ok('stop', '--time', '10', 'stopped');
    expect(podman.ok('inspect', '--format', '{{.State.ExitCode}} {{.State.Status}}', 'stopped')).toBe('7 exited');
    podman.ok('start', 'stopped');
    podman.ok('kill', '--signal', 'KILL', 'stopped');
    expect(podman.ok('wait', 'stopped')).toBe('137');
    remove('stopped');
  });

  it('pauses it, and lets it go on', () => {
    start('paused');
    podman.ok('pause', 'paused');
    expect(podman.ok('inspect', '--format', '{{.State.Status}}', 'paused')).toBe('paused');
    expect(podman.call('exec', 'paused', 'true').code).not.toBe(0);
    podman.ok('unpause', 'paused');
    expect(podman.call('exec', 'paused', 'true').code).toBe(0);
    remove('paused');
  });

  it('limits it, and changes the limits', () => {
    start('limited', '--memory', '64m', '--pids-limit', '50', '--cpus', '0.5');
    expect(limitsOf('limited')).toEqual({ memory: String(64 * 1024 ** 2), pids: '50', cpu: '50000 100000' });
    podman.ok('update', '--memory', '96m', '--cpus', '0.75', 'limited');
    expect(limitsOf('limited')).toMatchObject({ memory: String(96 * 1024 ** 2), cpu: '75000 100000' });
    remove('limited');
  });

  it('mounts volumes, tmpfs, and a root that cannot be written', () => {
    const directory = mkdtempSync('/var/tmp/corral-volume-');
    writeFileSync(`${directory}/file`, 'from outside\n');
    const options = [
      '--read-only',
      '--tmpfs',
      '/scratch:size=1m',
      '--volume',
      `${directory}:/data`,
      '--volume',
      `${directory}:/look:ro`,
    ];
    const script =
      'cat /data/file; echo in > /data/made; touch /look/x 2>/dev/null || echo refused; touch /x 2>/dev/null || echo read-only; touch /scratch/y && echo scratch';
    const { stdout } = podman.run('--rm', ...options, IMAGE, 'sh', '-c', script);
    expect(stdout).toBe('from outside\nrefused\nread-only\nscratch\n');
    expect(readFileSync(`${directory}/made`, 'utf8')).toBe('in\n');
    rmSync(directory, { recursive: true });
  });

  it('gives it a user namespace', () => {
    const { stdout, stderr } = podman.run(
      '--rm',
      '--uidmap',
      '0:200000:5000',
      '--gidmap',
      '0:200000:5000',
      IMAGE,
      'sh',
      '-c',
      'cat /proc/self/uid_map; id -u; touch /x; stat -c %u /x',
    );
    expect(stderr).toBe('');
    expect(stdout.trim().split(/\s+/)).toEqual(['0', '200000', '5000', '0', '0']);
  });

  it('drops rights, and keeps what is asked for', () => {
    const status = (...options: readonly string[]): string =>
      podman
        .run('--rm', ...options, IMAGE, 'grep', '-E', 'CapEff|NoNewPrivs|^Seccomp:', '/proc/self/status')
        .stdout.replace(/\s+/g, ' ')
        .trim();
    expect(status('--cap-drop', 'all', '--cap-add', 'chown', '--security-opt', 'no-new-privileges')).toBe(
      'CapEff: 0000000000000001 NoNewPrivs: 1 Seccomp: 2',
    );
    expect(status('--security-opt', 'seccomp=unconfined', '--cap-drop', 'all')).toBe(
      'CapEff: 0000000000000000 NoNewPrivs: 0 Seccomp: 0',
    );
  });

  it('tells whether it is healthy', () => {
    start('healthy', '--health-cmd', 'test -e /tmp/well', '--health-interval', 'disable');
    expect(podman.call('healthcheck', 'run', 'healthy').code).toBe(1);
    podman.ok('exec', 'healthy', 'touch', '/tmp/well');
    expect(podman.call('healthcheck', 'run', 'healthy').code).toBe(0);
    remove('healthy');
  });

  it('puts several into a pod, which share what pods share', () => {
    podman.ok('pod', 'create', '--name', 'pod', '--infra=false', '--share', '');
    start('first', '--pod', 'pod', '--ipc', 'shareable');
    start('second', '--pod', 'pod', '--ipc', 'container:first', '--pid', 'container:first', '--uts', 'container:first');
    const namespace = (name: string, kind: string): string =>
      podman.ok('exec', name, 'readlink', `/proc/self/ns/${kind}`);
    for (const kind of ['ipc', 'pid', 'uts']) expect(namespace('second', kind)).toBe(namespace('first', kind));
    expect(namespace('second', 'mnt')).not.toBe(namespace('first', 'mnt'));
    podman.ok('pod', 'rm', '--force', '--time', '0', 'pod');
  });

  it('removes one that runs', () => {
    start('removed');
    const pid = Number(podman.ok('inspect', '--format', '{{.State.Pid}}', 'removed'));
    remove('removed');
    expect(() => readFileSync(`/proc/${String(pid)}/stat`)).toThrow();
  });
});
