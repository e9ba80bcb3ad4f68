import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { makeReadableCopy } from '../../helpers/readable-copy.js';
import { requires } from '../../helpers/requires.js';
import { makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

interface Report {
  readonly runs: boolean;
  readonly verdict: string;
  readonly findings: readonly { readonly id: string; readonly status: string; readonly detail: string }[];
  readonly proof?: { readonly startedMs: number; readonly goneMs: number };
}

const parse = (text: string): Report => JSON.parse(text) as Report;
const statusOf = ({ findings }: Report, id: string): string | undefined =>
  findings.find((one) => one.id === id)?.status;

/** What of the host the doctor might change. */
function hostState(): readonly string[] {
  const { v2Base, layout } = readCgroupFacts();
  const files = ['/proc/self/mountinfo', '/proc/sys/user/max_user_namespaces', '/etc/subuid', '/etc/subgid'];
  const control = `${v2Base?.path ?? layout.v2?.mount ?? ''}/cgroup.subtree_control`;
  return [...files, control].map((file) => (existsSync(file) ? `${file}: ${readFileSync(file, 'utf8')}` : file));
}

describe('corral doctor', () => {
  it('starts a container to prove it, and changes nothing', async (context) => {
    requires(context, { root: true, cgroup: true });
    const before = hostState();
    const { code, stdout, stderr } = await lab.corral(['doctor']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^corral \d+\.\d+\.\d+ as root; .*, Linux \d/);
    expect(stdout).toMatch(/^ok +proof +a container started in [\d.]+ms, gone after [\d.]+ms$/m);
    expect(stdout).toMatch(/\ncorral runs containers here[,;] .*\.\n$/);
    expect(hostState()).toEqual(before);
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('');
  });

  it('says the same to programs', async (context) => {
    requires(context, { root: true, cgroup: true });
    const ended = await lab.corral(['doctor', '--json']);
    const report = parse(ended.stdout);
    expect(ended.code).toBe(0);
    expect(report.runs).toBe(true);
    expect(report.proof?.goneMs).toBeGreaterThan(report.proof?.startedMs ?? Infinity);
    for (const { status, detail } of report.findings) {
      expect(['ok', 'limited', 'missing']).toContain(status);
      expect(detail).toMatch(/\S/);
    }
    for (const id of [
      'kernel.memfd',
      'kernel.pidfd',
      'namespaces.user',
      'namespaces.network',
      'cgroups.born',
      'ids.range',
    ])
      expect(statusOf(report, id), id).toBe('ok');
  });

  it('tells of all with -v', async () => {
    const brief = await lab.corral(['doctor']);
    const full = await lab.corral(['doctor', '--verbose']);
    expect(full.code).toBe(brief.code);
    expect(full.stdout.split('\n').length).toBeGreaterThan(30);
    expect(full.stdout).toMatch(/^ {9}birth in the cgroup/m);
  });

  it('says what each limit is set by, as run does', async () => {
    const report = parse((await lab.corral(['doctor', '--json'])).stdout);
    for (const [limit, flag] of [
      ['memory', '--memory=64M'],
      ['pids', '--pids-limit=64'],
      ['cpu', '--cpus=1'],
    ] as const) {
      const ran = await lab.run(['--isolation', 'cgroup', flag, 'true']);
      expect(ran.code, ran.stderr).toBe(statusOf(report, `limits.${limit}`) === 'ok' ? 0 : 125);
    }
  });

  it('answers for whoever asks: a user who may make no cgroup', async (context) => {
    requires(context, { root: true, programs: ['setpriv'] });
    const copy = makeReadableCopy();
    const runtime = mkdtempSync(join(tmpdir(), 'corral-test-user-'));
    chownSync(runtime, 54_321, 54_321);
    try {
      const main = join(copy, 'dist/cli/corral.cjs');
      const flags = ['doctor', '--json', '--state-dir', join(runtime, 'state')];
      const ended = await lab.corral(flags, { uid: 54_321, cwd: '/', main });
      const report = parse(ended.stdout);
      expect(statusOf(report, 'cgroups.place')).toBe('missing');
      expect(statusOf(report, 'limits.none')).toBe('missing');
      expect(statusOf(report, 'ids.range')).toBe('limited');
      expect(ended.code).toBe(report.runs ? 0 : 1);
    } finally {
      rmSync(copy, { recursive: true });
      rmSync(runtime, { recursive: true });
    }
  });

  it('says so where nothing runs: in a container whose /proc is covered and whose cgroups are read-only', async (context) => {
    requires(context, { root: true });
    const copy = makeReadableCopy();
    try {
      const main = join(copy, 'dist/cli/corral.cjs');
      const ended = await lab.run([
        '-q',
        '-w',
        '/',
        '--seccomp',
        'unconfined',
        '-v',
        `${copy}:${copy}:ro`,
        '--',
        process.execPath,
        main,
        'doctor',
        '--json',
      ]);
      const report = parse(ended.stdout);
      expect({ code: ended.code, runs: report.runs }).toEqual({ code: 1, runs: false });
      expect(statusOf(report, 'proof.container')).toBe('missing');
      expect(statusOf(report, 'kernel.proc')).toBe('missing');
      expect(report.verdict).toBe('corral cannot run containers here; corral run --isolation cgroup works.');
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it('takes no operands', async () => {
    expect(await lab.corral(['doctor', 'web'])).toMatchObject({ code: 2, stdout: '' });
  });
});
