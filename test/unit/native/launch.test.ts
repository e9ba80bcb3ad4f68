import { closeSync, openSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { awaitOutcome, launchInit } from '../../../src/native/launch.js';
import { Pidfd } from '../../../src/native/pidfd.js';
import { createReportPage, readReportPage } from '../../../src/native/report-page.js';
import { CLONE } from '../../../src/util/linux.js';
import { output, run, shell, start } from './launch-helper.js';

const { SIGKILL, SIGTERM } = constants.signals;
const { EPERM, ENOENT, EACCES, ENOTDIR } = constants.errno;

describe('a plan runs its steps and becomes the workload', () => {
  test('a host name in a new uts namespace', async () => {
    const name = await output([{ op: 'set-hostname', name: 'corral-test' }], 'hostname', { flags: CLONE.CLONE_NEWUTS });
    expect(name).toBe('corral-test');
  });

  test('the exit code and the report page', async () => {
    const { outcome, result, report } = await run([shell('exit 7')]);
    expect(outcome).toEqual({ kind: 'started' });
    expect(result).toEqual({ exitCode: 7, signal: null });
    expect(report).toMatchObject({ phase: 'running', step: 0 });
  });

  test('a plan of several packets', async () => {
    const long = 'x'.repeat(100_000);
    const steps = Array.from({ length: 4 }, (_, index) => `${String(index)}${long}`);
    const { result } = await run([shell('test ${#1} = 100001 && test ${#4} = 100001', ...steps)]);
    expect(result.exitCode).toBe(0);
  });

  test('signals are as a fresh process has them', async () => {
    const status = await output([], 'grep -E "^Sig(Blk|Ign)" /proc/self/status');
    expect(status).toBe('SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000');
  });

  test('the workload inherits no descriptor but its streams', async () => {
    const leak = openSync('/dev/null', 'r');
    const fds = await output([{ op: 'close-descriptors', first: 3 }], 'ls /proc/$$/fd');
    closeSync(leak);
    expect(fds.split('\n')).toEqual(['0', '1', '2']);
  });

  test('a script without #! runs in a shell', async () => {
    const script = `/tmp/corral-native-script-${String(process.pid)}`;
    const content = 'exit $1\n';
    const { result } = await run([
      { op: 'make-file', root: undefined, path: script, mode: 0o755, content },
      { op: 'exec', argv: [script, '9'], environment: [] },
    ]);
    await run([shell('rm "$1"', script)]);
    expect(result.exitCode).toBe(9);
  });
});

describe('a failed step is reported', () => {
  test('by its index and errno, and in the page', async () => {
    const { outcome, result, report } = await run([
      { op: 'set-umask', mask: 0o22 },
      { op: 'change-directory', root: undefined, path: '/nonexistent' },
      shell('true'),
    ]);
    expect(outcome).toEqual({ kind: 'failed', step: 1, errno: ENOENT });
    expect(result.exitCode).toBe(125);
    expect(report).toMatchObject({ phase: 'failed', step: 1, errno: ENOENT });
  });

  test('also when it is made to fail', async () => {
    const { outcome } = await run([{ op: 'new-session' }, shell('true')], { fault: { step: 0, errno: EPERM } });
    expect(outcome).toEqual({ kind: 'failed', step: 0, errno: EPERM });
  });

  test.each([
    ['corral-no-such-program', '/usr/bin:/bin', ENOENT],
    ['passwd', '/etc', EACCES],
    ['/etc/passwd', '', EACCES],
    ['/etc/passwd/x', '', ENOTDIR],
  ])('find-executable %s in %j', async (file, path, errno) => {
    const { outcome } = await run([{ op: 'find-executable', file, path }, shell('true')]);
    expect(outcome).toEqual({ kind: 'failed', step: 0, errno });
  });

  test('a SIGKILL in mid-plan leaves the page', async () => {
    const fifo = `/tmp/corral-native-fifo-${String(process.pid)}`;
    const S_IFIFO = 0o010000;
    const started = start([
      { op: 'make-node', root: undefined, path: fifo, mode: S_IFIFO | 0o600, device: 0 },
      { op: 'make-file', root: undefined, path: fifo, mode: 0o600, content: '' },
      { op: 'set-standard-streams', stdin: undefined, stdout: undefined, stderr: undefined },
      { op: 'stay-as-init', guard: undefined },
      shell('rm "$1"; sleep 60', fifo),
    ]);
    const { process: child, finish } = await started;
    child.signal(SIGKILL);
    const { result, report } = await finish();
    expect(result.signal).toBe(SIGKILL);
    expect(report).toMatchObject({ phase: 'waiting', step: 4 });
  });
});

describe('corral-init without a plan', () => {
  test('ends silently when the parent closes the socket', async () => {
    const launched = await launchInit({ flags: 0 });
    closeSync(launched.socketFd);
    using child = Pidfd.adopt(launched.pidfd);
    expect(await child.wait()).toEqual({ exitCode: 0, signal: null });
  });

  test('is executed from a sealed memfd and holds no descriptor but the socket', async () => {
    const launched = await launchInit({ flags: 0 });
    using child = Pidfd.adopt(launched.pidfd);
    expect(readlinkSync(`/proc/${String(launched.pid)}/exe`)).toMatch(/^\/memfd:corral-init/);
    child.signal(SIGKILL);
    expect(await awaitOutcome(launched.socketFd)).toEqual({ kind: 'started' });
    closeSync(launched.socketFd);
    await child.wait();
  });
});

describe('enter-pid-namespace', () => {
  test('goes on as another child, and tells its pid', async () => {
    using holder = await openNamespaceHolder();
    const pidns = openSync(`/proc/${String(holder.pid)}/ns/pid`, 'r');
    const started = await start(
      [{ op: 'join-namespaces', namespaces: 'pidns', flags: 0 }, { op: 'enter-pid-namespace' }, shell('exit $$')],
      { fds: { pidns } },
    );
    closeSync(pidns);
    if (started.outcome.kind !== 'pid') throw new Error(`unexpected ${started.outcome.kind}`);
    using child = Pidfd.adopt(started.outcome.pidfd);
    const { exitCode } = await child.wait();
    expect(exitCode).toBeGreaterThan(1);
    expect(exitCode).toBeLessThan(10);
    expect((await started.finish()).result.exitCode).toBe(0);
  });
});

describe('a report page', () => {
  test('says so while nobody has mapped it', () => {
    const fd = createReportPage();
    expect(readReportPage(fd)).toMatchObject({ phase: 'created', errno: 0, waitStatus: undefined });
    closeSync(fd);
  });
});

/** A process in a pid namespace of its own, killed at the end of the scope. */
async function openNamespaceHolder(): Promise<Disposable & { readonly pid: number }> {
  const started = await start([{ op: 'stay-as-init', guard: undefined }, shell('exec sleep 60')], {
    flags: CLONE.CLONE_NEWPID,
  });
  return {
    pid: started.pid,
    [Symbol.dispose]: () => {
      started.process.signal(SIGTERM);
      started.process.signal(SIGKILL);
      void started.finish();
    },
  };
}
