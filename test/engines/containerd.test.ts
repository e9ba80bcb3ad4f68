import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callInTerminal, callProgram } from './calls.js';
import { type Containerd, makeContainerd } from './containerd.js';
import { RUNTIMES, type Runtime, whyNot } from './runtimes.js';

const absent = whyNot('containerd', 'containerd-shim-runc-v2', 'ctr', 'busybox', 'script', 'setpriv');

const UNTIL_TOLD = ['sh', '-c', 'trap "exit 7" TERM; while :; do sleep 0.1; done'];

describe.each(RUNTIMES)('containerd with $name', (runtime: Runtime) => {
  const reason = absent ?? runtime.missing;
  if (reason !== undefined) {
    it('runs', (context) => {
      context.skip(reason);
    });
    return;
  }

  let engine: Containerd;
  beforeAll(async () => {
    engine = await makeContainerd(runtime);
  });
  afterAll(async () => {
    expect(await engine.close()).toEqual([]);
  });
  afterEach(async () => {
    expect(await engine.sweep(), 'nothing is left').toEqual([]);
  });

  const start = (id: string, ...options: readonly string[]): void => {
    expect(engine.run(['--detach', ...options], id, ...UNTIL_TOLD)).toEqual({ code: 0, stdout: '', stderr: '' });
  };
  const exec = (id: string, execId: string, ...command: readonly string[]): ReturnType<Containerd['ctr']> =>
    engine.ctr('task', 'exec', '--fifo-dir', join(engine.directory, 'fifo'), '--exec-id', execId, id, ...command);
  const statusOf = (id: string): string | undefined =>
    engine
      .ok('task', 'ls')
      .split('\n')
      .map((line) => line.split(/\s+/))
      .find(([name]) => name === id)?.[2];
  const remove = (id: string): string => {
    engine.ctr('task', 'kill', '--signal', 'KILL', id);
    const { code, stderr } = engine.ctr('task', 'rm', '--force', id);
    expect(code).toBe(0);
    engine.ok('container', 'rm', id);
    return stderr;
  };

  it('runs a command, and hands on its output and its exit code', () => {
    expect(engine.run(['--rm'], 'attached', 'sh', '-c', 'echo out; echo err >&2; exit 3')).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(engine.ok('container', 'ls', '--quiet')).toBe('');
  });

  it('says which program is missing, and which may not be executed', () => {
    const missing = engine.run(['--rm'], 'missing', 'nonesuch');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(
      /OCI runtime create failed: .*unable to start container process: exec: "nonesuch": executable file not found in \$PATH/,
    );
    const closed = engine.run(['--rm'], 'closed', '/etc/passwd');
    expect(closed.stderr).toMatch(/OCI runtime create failed: .*exec: "\/etc\/passwd": permission denied/);
  });

  it('gives it a terminal with -t', async () => {
    const { code, shown } = await callInTerminal(
      engine.runWords(['--rm', '--tty'], 'seated', 'sh', '-c', 'tty; echo ready; read x; echo "got $x"; exit 4'),
      { after: 'ready', line: 'word' },
    );
    expect(shown).toContain('/dev/pts/0');
    expect(shown).toContain('got word');
    expect(code).toBe(4);
  });

  it('runs further processes in it', async () => {
    start('entered', '--env', 'A=b');
    const { code, stdout } = exec('entered', 'first', 'sh', '-c', 'echo $A; id -u; exit 9');
    expect({ code, stdout }).toEqual({ code: 9, stdout: 'b\n0\n' });
    expect(exec('entered', 'second', 'sh', '-c', 'kill -9 $$').code).toBe(137);
    expect(exec('entered', 'third', 'nonesuch').stderr).toMatch(
      /OCI runtime exec failed: exec failed: unable to start container process: exec: "nonesuch": executable file not/,
    );
    const options = ['--tty', '--user', '1000', '--cwd', '/tmp', '--fifo-dir', join(engine.directory, 'fifo')];
    const words = engine.runWords([], 'x').slice(0, 5);
    const { shown } = await callInTerminal(
      [...words, 'task', 'exec', ...options, '--exec-id', 'seat', 'entered', 'sh', '-c', 'id -u; pwd; tty; read x'],
      { after: '/dev/pts/', line: '' },
    );
    expect(shown).toMatch(/1000\s+\/tmp\s+\/dev\/pts\/\d+\s/);
    remove('entered');
  });

  it('lists its processes', () => {
    start('listed');
    exec('listed', 'more', 'true');
    const [pid = ''] = /\d+/.exec(engine.ok('task', 'ls').split('\n')[1] ?? '') ?? [];
    const pids = engine
      .ok('task', 'ps', 'listed')
      .split('\n')
      .slice(1)
      .map((line) => line.split(/\s+/)[0]);
    expect(pids).toContain(pid);
    remove('listed');
  });

  it('ends it by a signal, and knows how it has ended', async () => {
    start('told');
    engine.ok('task', 'kill', '--signal', 'TERM', 'told');
    await expect.poll(() => statusOf('told')).toBe('STOPPED');
    expect(remove('told')).toContain('exit with non-zero exit code 7');
    start('killed');
    engine.ok('task', 'kill', '--all', '--signal', 'KILL', 'killed');
    await expect.poll(() => statusOf('killed')).toBe('STOPPED');
    expect(remove('killed')).toContain('exit with non-zero exit code 137');
  });

  it('pauses it, and lets it go on', () => {
    start('paused');
    engine.ok('task', 'pause', 'paused');
    expect(statusOf('paused')).toBe('PAUSED');
    expect(exec('paused', 'none', 'true').code).not.toBe(0);
    engine.ok('task', 'resume', 'paused');
    expect(statusOf('paused')).toBe('RUNNING');
    expect(exec('paused', 'one', 'true').code).toBe(0);
    remove('paused');
  });

  it('mounts what is asked for, and a root that cannot be written', () => {
    const outside = join(engine.directory, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'file'), 'from outside\n');
    const mount = (options: string, target: string): readonly string[] => [
      '--mount',
      `type=bind,src=${outside},dst=${target},options=${options}`,
    ];
    const { stdout } = engine.run(
      ['--rm', '--read-only', '--cwd', '/tmp', ...mount('rbind:rw', '/data'), ...mount('rbind:ro', '/look')],
      'mounted',
      'sh',
      '-c',
      'cat /data/file; pwd; echo in > /data/made; touch /look/x 2>/dev/null || echo refused; touch /x 2>/dev/null || echo read-only',
    );
    expect(stdout).toBe('from outside\n/tmp\nrefused\nread-only\n');
    expect(readFileSync(join(outside, 'made'), 'utf8')).toBe('in\n');
    expect(existsSync(join(engine.rootfs, 'x'))).toBe(false);
  });

  it('gives and takes rights', () => {
    const status = (...options: readonly string[]): string =>
      engine
        .run(['--rm', ...options], 'rights', 'grep', '-E', 'CapEff|NoNewPrivs|^Seccomp:', '/proc/self/status')
        .stdout.replace(/\s+/g, ' ')
        .trim();
    expect(status()).toBe('CapEff: 00000000a80425fb NoNewPrivs: 1 Seccomp: 0');
    expect(status('--seccomp', '--cap-drop', 'CAP_CHOWN', '--cap-add', 'CAP_SYS_TIME', '--allow-new-privs')).toBe(
      'CapEff: 00000000aa0425fa NoNewPrivs: 0 Seccomp: 2',
    );
    expect(status('--privileged')).toMatch(/^CapEff: 000001f[0-9a-f]{9} NoNewPrivs: 1 Seccomp: 0$/);
  });

  it('puts it into the namespaces of another', () => {
    start('host');
    const [, pid = ''] = /(\d+)/.exec(engine.ok('task', 'ls').split('\n')[1] ?? '') ?? [];
    const join = ['network', 'ipc'].flatMap((kind) => [
      '--with-ns',
      `${kind}:/proc/${pid}/ns/${kind === 'network' ? 'net' : kind}`,
    ]);
    const links = ['sh', '-c', 'for kind in net ipc uts; do readlink /proc/self/ns/$kind; done'];
    const [net, ipc, uts] = exec('host', 'look', ...links).stdout.split('\n');
    const [guestNet, guestIpc, guestUts] = engine.run(['--rm', ...join], 'guest', ...links).stdout.split('\n');
    expect([guestNet, guestIpc]).toEqual([net, ipc]);
    expect(net).toMatch(/^net:/);
    expect(guestUts).not.toBe(uts);
    remove('host');
  });

  it('starts it without a pivot, and tells its pid', () => {
    const file = join(engine.directory, 'pid');
    start('unpivoted', '--no-pivot', '--pid-file', file);
    const inside = exec('unpivoted', 'look', 'ls', '/').stdout;
    expect(inside).toContain('bin\n');
    expect(readFileSync(`/proc/${readFileSync(file, 'utf8')}/comm`, 'utf8')).toBe('sh\n');
    remove('unpivoted');
  });

  it('may be told twice to delete it by force, without a word', () => {
    expect(engine.run(['--rm'], 'gone', 'true')).toEqual({ code: 0, stdout: '', stderr: '' });
    const words = [runtime.path, '--root', engine.stateDir, 'delete', '--force', 'gone'];
    expect(callProgram(words)).toEqual({ code: 0, stdout: '', stderr: '' });
    // The shim does so after each container, and notes in the log what the runtime answers. 255 without a word is its own: it has
    // lost the race for the exit status of its child.
    const complaints = engine.log().match(/failed to remove runc container.{0,200}/g) ?? [];
    expect(complaints.filter((line) => !line.includes('exit status 255: '))).toEqual([]);
  });
});
