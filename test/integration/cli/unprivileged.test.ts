import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { makeReadableCopy } from '../../helpers/readable-copy.js';
import { requires } from '../../helpers/requires.js';

const UID = 54_321;

/** What cgroup-v2.rst wants to be the user's own for a delegation, and nothing else. */
const DELEGATED = ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'];

describe('a user without privileges, in a cgroup that was delegated to it', () => {
  let delegated: string;
  let runtime: string;
  let copy: string;

  beforeAll(() => {
    copy = makeReadableCopy();
  });

  afterAll(() => {
    rmSync(copy, { recursive: true });
  });

  beforeEach((context) => {
    requires(context, { root: true, cgroup2: true, programs: ['setpriv'] });
    const base = readCgroupFacts().v2Base?.path ?? '';
    delegated = join(base, `corral-test-${randomBytes(4).toString('hex')}`);
    mkdirSync(delegated);
    for (const file of DELEGATED) chownSync(join(delegated, file), UID, UID);
    runtime = mkdtempSync(join(tmpdir(), 'corral-test-user-'));
    chownSync(runtime, UID, UID);
  });

  afterEach(() => {
    // What corral has moved aside to make room: it was here before, and went with the shell.
    for (const child of ['supervisor']) if (existsSync(join(delegated, child))) rmdirSync(join(delegated, child));
    expect(readdirSync(delegated, { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
    rmdirSync(delegated);
    expect(existsSync(join(runtime, 'corral')) ? readdirSync(join(runtime, 'corral')) : []).toEqual([]);
    rmSync(runtime, { recursive: true });
  });

  const asUser = (...command: readonly string[]): { code: number | null; stdout: string; stderr: string } => {
    const user = ['setpriv', '--reuid', String(UID), '--regid', String(UID), '--clear-groups', '--inh-caps=-all'];
    const script = 'echo $$ > "$0/cgroup.procs" && cd / && exec "$@"';
    const argv = ['-c', script, delegated, ...user, ...command];
    const main = join(copy, 'dist/cli/corral.cjs');
    const env = { PATH: process.env['PATH'], XDG_RUNTIME_DIR: runtime, NODE: process.execPath, MAIN: main };
    const { status, stdout, stderr } = spawnSync('sh', argv, { env, encoding: 'utf8', timeout: 30_000 * TIME_SCALE });
    return { code: status, stdout, stderr };
  };

  const corral = (...words: readonly string[]): { code: number | null; stdout: string; stderr: string } =>
    asUser(process.execPath, join(copy, 'dist/cli/corral.cjs'), ...words);

  it('runs containers: root inside, itself outside, in a cgroup of their own', () => {
    const script = 'tail -1 /proc/self/cgroup; id -u; cat /proc/self/uid_map; touch /usr/x && echo wrote; exit 3';
    const { code, stdout } = corral('run', '--', 'sh', '-c', script);
    expect(stdout.split('\n').map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      '0::/',
      '0',
      `0 ${UID} 1`,
      'wrote',
      '',
    ]);
    expect(code).toBe(3);
    expect(existsSync('/usr/x')).toBe(false);
  });

  it('has terminals: they are its own inside, and of whatever group it knows', () => {
    const script = 'tty; stty size; stat -c %u:%g $(tty); test -c /dev/console && echo console > /dev/console';
    const { code, stdout } = corral('run', '-t', '--', 'sh', '-c', script);
    expect(stdout).toBe('/dev/pts/0\r\n24 80\r\n0:0\r\nconsole\r\n');
    expect(code).toBe(0);
    expect(corral('run', '-t', '--isolation', 'cgroup', 'sh', '-c', 'stat -c %u $(tty)').stdout).toBe(
      `${String(UID)}\r\n`,
    );
  });

  it('reads nothing that it could not read outside', () => {
    const { stdout } = corral('run', '--', 'sh', '-c', 'cat /etc/shadow; ls -A /root /home | wc -l');
    expect(stdout.trim()).toBe('3');
    expect(readFileSync('/etc/shadow', 'utf8')).not.toBe('');
  });

  it('copies into containers and out of them, whatever the modes there', () => {
    const script = `
      corral() { "$NODE" "$MAIN" "$@"; }; cd "$XDG_RUNTIME_DIR"; mkdir out in; echo in > in/file; chmod 0 in/file
      corral run --name web -- sh -c 'mkdir /srv/d; echo out > /srv/d/file; chmod 0 /srv/d/file /srv/d; touch /srv/ready; sleep 100' & pid=$!
      trap 'kill $pid 2>/dev/null' EXIT; n=0
      until corral exec web test -e /srv/ready 2>/dev/null; do n=$((n+1)); [ $n -lt 50 ] || exit 1; sleep 0.05; done
      corral cp web:/srv/d out && chmod -R u+rwX out && cat out/d/file
      corral cp out web:/srv/ && corral exec web cat /srv/out/d/file
      corral cp in/file web:/srv/; corral cp -a web:/etc/hostname out; echo "exit $?"; ls out | grep hostname
      corral kill web > /dev/null; wait $pid; chmod 600 in/file; rm -r in out`;
    const { stdout, stderr } = asUser('sh', '-c', script);
    expect(stdout).toBe('out\nout\nexit 1\n');
    expect(stderr.replace(/^corral: note:.*\n/gm, '')).toMatch(
      /^corral: open \S*\/in\/file: EACCES \(permission denied\)\ncorral: make \S*\/out\/hostname: EPERM \(.*\)\nhint: only root may keep the owners of files\n$/,
    );
  });

  it('has its limits enforced, or refused with the reason', () => {
    const { code, stderr } = corral('run', '-m', '32M', '--', 'tail', '/dev/zero');
    if (readCgroupFacts().v2Base?.controllers.includes('memory') === true) {
      expect(stderr).toMatch(/ran out of memory \(limit 32M, peak 3[12]/);
      expect(code).toBe(137);
    } else {
      expect(stderr).toMatch(/^corral: memory limit needs the memory controller/m);
      expect(code).toBe(125);
    }
  });

  it('looks at them, holds them and waits for them', () => {
    const script = `
      corral() { "$NODE" "$MAIN" "$@"; }
      corral run --name web --no-die-with-parent -- sleep 1000 &
      until corral inspect --field status web 2> /dev/null | grep -q running; do sleep 0.05; done
      corral inspect --field namespaces web
      corral pause web
      corral resume web
      corral stats --no-stream --interval 100ms web | tail -1
      corral wait web &
      sleep 0.5
      corral kill web
      wait`;
    const { stdout } = asUser('sh', '-c', script);
    const [namespaces = '', ...lines] = stdout.trimEnd().split('\n');
    expect(JSON.parse(namespaces)).toMatchObject({ user: { shared: false }, pid: { shared: false } });
    expect(lines.slice(0, 3)).toEqual(['web: paused', 'web: resumed', expect.stringMatching(/^web +running +0\.0%/)]);
    expect(lines.slice(3).sort()).toEqual(['137', expect.stringMatching(/^web: 2 processes killed/)]);
  });
});
