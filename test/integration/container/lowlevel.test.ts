import { spawnSync } from 'node:child_process';
import { mkdirSync, readlinkSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { lowlevel } from '../../../src/index.js';
import { checkLeaks } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';

const parent = `corral-test-low-${String(process.pid)}`;
checkLeaks({ stateDir: '/nonexistent', cgroupParent: parent });

it('clone3 starts a program in a cgroup and in namespaces of its own', async (context) => {
  requires(context, { root: true, cgroup2: true });
  const cgroup = join(readCgroupFacts().v2Base?.path ?? '', parent);
  mkdirSync(cgroup);
  const script = `grep -q '^0::/$' /proc/self/cgroup && [ "$$" = 1 ] && exit 7`;
  const { pid, pidfd } = await lowlevel.clone3({
    file: '/bin/sh',
    argv: ['sh', '-c', script],
    environment: ['PATH=/usr/bin:/bin'],
    flags: ['CLONE_NEWPID', 'CLONE_NEWCGROUP'],
    cgroup,
  });
  expect(pid).toBeGreaterThan(1);
  expect(await pidfd.wait()).toEqual({ exitCode: 7, signal: null });
  pidfd.close();
  rmdirSync(cgroup);
});

it('clone3 says what failed', async () => {
  await expect(lowlevel.clone3({ file: '/etc/passwd', argv: ['x'] })).rejects.toMatchObject({
    code: 'EACCES',
    syscall: 'execveat',
  });
  await expect(
    lowlevel.clone3({ file: '/bin/true', argv: ['true'], flags: ['CLONE_NEWNOTHING' as 'CLONE_NEWPID'] }),
  ).rejects.toMatchObject({ code: 'ERR_OPTION' });
});

it('unshare and setns move the calling thread, and refuse what Node can never do', (context) => {
  requires(context, { root: true });
  // In a process of its own: this one goes on with other tests.
  const script = `
    import { readlinkSync, openSync } from 'node:fs';
    import { lowlevel } from ${JSON.stringify(new URL('../../../dist/lib/index.js', import.meta.url).href)};
    const uts = () => readlinkSync('/proc/thread-self/ns/uts');
    const before = uts();
    const fd = openSync('/proc/thread-self/ns/uts', 'r');
    lowlevel.unshare(['CLONE_NEWUTS']);
    const between = uts();
    lowlevel.setns(fd, ['CLONE_NEWUTS']);
    let refusal;
    try { lowlevel.unshare(['CLONE_NEWUSER']); } catch (error) { refusal = error.code + ' ' + error.hint; }
    console.log(JSON.stringify({ moved: before !== between, back: before === uts(), before, refusal }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    moved: true,
    back: true,
    before: readlinkSync('/proc/self/ns/uts'),
    refusal: expect.stringMatching(/^ERR_UNSUPPORTED start a child in a user namespace/) as unknown,
  });
});
