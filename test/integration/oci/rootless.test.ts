import { describe, expect, it } from 'vitest';
import { UID, makeDelegatedUser } from '../../helpers/delegated-user.js';

const { run: asUser } = makeDelegatedUser();

/** Makes a bundle of what `spec --rootless` writes, with the host's programs in it. */
const PREPARE = `
  oci() { "$NODE" "\${MAIN%corral.cjs}corral-oci.cjs" "$@"; }
  mkdir -p "$XDG_RUNTIME_DIR/bundle/rootfs" && cd "$XDG_RUNTIME_DIR/bundle" && oci spec --rootless
  change() { "$NODE" -e '
    const fs = require("node:fs");
    const config = JSON.parse(fs.readFileSync("config.json", "utf8"));
    for (const name of ["bin", "sbin", "lib", "lib64", "usr"]) {
      const status = fs.lstatSync("/" + name, { throwIfNoEntry: false });
      if (status?.isSymbolicLink()) try { fs.symlinkSync(fs.readlinkSync("/" + name), "rootfs/" + name); } catch {}
      if (status?.isDirectory()) config.mounts.push({ destination: "/" + name, type: "bind", source: "/" + name, options: ["rbind", "ro"] });
    }
    eval(process.argv[1]);
    fs.writeFileSync("config.json", JSON.stringify(config));
  ' "$1"; }`;
const END = `
  ls "$XDG_RUNTIME_DIR/corral-oci"`;

const script = (text: string): string => `${PREPARE}\n${text}\n${END}`;

describe('corral-oci of a user without privileges', () => {
  it('runs what spec --rootless has written', () => {
    const { code, stdout, stderr } = asUser(
      'sh',
      '-c',
      script(`
        change 'config.process.terminal = false; config.process.args = ["sh", "-c", "id -u; id -g; hostname; cat /proc/self/uid_map; touch /x; exit 3"]'
        oci run box; echo "exit $?"`),
    );
    expect(stderr).toMatch(/touch: .*Read-only file system/);
    expect(stdout.split('\n').map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      '0',
      '0',
      'corral',
      `0 ${String(UID)} 1`,
      'exit 3',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('runs it as it is, on a terminal', () => {
    const { stdout, stderr } = asUser(
      'sh',
      '-c',
      script(`
        change 'config.process.args = ["sh", "-c", "tty; exit 4"]'
        oci run box < /dev/null; echo "exit $?"`),
    );
    expect(stdout).toBe('/dev/pts/0\r\nexit 4\n');
    expect(stderr).toBe('');
  });

  it('has the whole life of it', () => {
    const { stdout, stderr } = asUser(
      'sh',
      '-c',
      script(`
        change 'config.process.terminal = false; config.process.args = ["sleep", "1000"]'
        status() { oci state box | sed -n 's/.*"status": "\\(.*\\)",/\\1/p'; }
        oci create --pid-file pid box < /dev/null > out 2>&1; cat out; status
        oci start box; status
        oci exec box id -u
        [ "$(oci ps --format json box)" = "[$(cat pid)]" ] && echo alone
        oci pause box; status; oci resume box; status
        oci kill box KILL
        until [ "$(status)" = stopped ]; do sleep 0.05; done
        oci delete box; oci state box`),
    );
    expect(stdout).toBe('created\nrunning\n0\nalone\npaused\nrunning\n');
    expect(stderr).toBe('corral-oci: container does not exist\n');
  });

  it('refuses ids that nobody has lent the user', () => {
    const { stdout, stderr } = asUser(
      'sh',
      '-c',
      script(`
        change 'config.process.terminal = false; config.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 1 }]'
        oci run box; echo "exit $?"`),
    );
    expect(stdout).toBe('exit 1\n');
    expect(stderr).toMatch(/^corral-oci: .*(uidMappings|uid|id)/);
  });

  it.for(['with a cgroup namespace', 'without one'])(
    'CVE-2023-25809: %s, the container cannot write to the cgroups that are the user’s',
    (name) => {
      const keep = name === 'without one' ? 'type !== "cgroup"' : 'true';
      const { stdout, stderr } = asUser(
        'sh',
        '-c',
        script(`
          change 'config.process.terminal = false; config.linux.namespaces = config.linux.namespaces.filter(({ type }) => ${keep})
            config.process.args = ["sh", "-c", "cd /sys/fs/cgroup; find . -user 0 2>/dev/null | grep -q . && echo some are; find . -writable -user 0 2>/dev/null | head"]'
          oci run box`),
      );
      expect(stdout).toBe('some are\n');
      expect(stderr).toBe('');
    },
  );
});
