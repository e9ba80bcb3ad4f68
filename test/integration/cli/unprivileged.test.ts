import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { makeDelegatedUser, UID } from '../../helpers/delegated-user.js';

const { corral, run: asUser } = makeDelegatedUser();

describe('a user without privileges, in a cgroup that was delegated to it', () => {
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

  it('is not kept from running by a mount in a directory that is closed to it, as Docker makes them', () => {
    const closed = mkdtempSync('/var/tmp/corral-closed-');
    const point = join(closed, 'mnt');
    mkdirSync(point);
    execFileSync('mount', ['-t', 'tmpfs', 'corral-test', point]);
    try {
      expect(corral('run', '--', 'sh', '-c', `ls ${point} 2>&1 || echo ran`).stdout).toMatch(
        /(Permission denied|cannot access).*\nran\n$/s,
      );
    } finally {
      execFileSync('umount', [point]);
      rmSync(closed, { recursive: true });
    }
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
