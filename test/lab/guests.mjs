// The throw-away machines that the lab can boot. docs/testing.md says what each is good for.

/**
 * One kind of guest.
 *
 * @typedef {object} Guest
 * @property {string} title what the tables call it
 * @property {'uml' | 'qemu'} engine user-mode Linux (one CPU, near the host's speed) or QEMU without KVM (all of a kernel, slow)
 * @property {'plain' | 'systemd'} boot what PID 1 is: the lab's own script, or systemd
 * @property {'v2' | 'v1'} cgroups which version is mounted; never both
 * @property {boolean} nsdelegate whether cgroup2 is mounted with `nsdelegate`; systemd always does
 * @property {'root' | 'tester'} as who runs the command unless `--as` says otherwise
 * @property {number} timeScale how much longer than on the host a test may take
 * @property {number} filesPerPiece how many test files one boot runs
 * @property {number} pieceSeconds how long they take at most
 * @property {readonly string[]} delegate a command that runs the tests in a cgroup that is theirs; empty where all are
 * @property {number} bootSeconds how long a boot takes at most, on a busy machine
 * @property {readonly string[]} facts lines that must be true in the guest: `npm run lab -- GUEST --check` runs them with sh
 */

/** A cgroup2 mount, and no v1 hierarchy at all. */
const ONLY_V2 = ["grep -q ' - cgroup2 ' /proc/self/mountinfo", "! grep -q ' - cgroup ' /proc/self/mountinfo"];
const NSDELEGATE = "grep -q ' - cgroup2 .*nsdelegate' /proc/self/mountinfo";
const SYSTEMD = '[ "$(cat /proc/1/comm)" = systemd ]';

/** What guests on user-mode Linux have in common: they share a processor with whatever else is going on. */
const UML = /** @type {const} */ ({ engine: 'uml', timeScale: 5, filesPerPiece: 6, pieceSeconds: 900 });

/** A unit that systemd keeps its hands off. */
const SCOPE = ['--quiet', '--scope', '--property=Delegate=yes', '--'];

/** @type {Readonly<Record<string, Guest>>} */
export const GUESTS = {
  v2: {
    title: 'UML 6.1, v2',
    ...UML,
    boot: 'plain',
    cgroups: 'v2',
    nsdelegate: false,
    as: 'root',
    delegate: [],
    bootSeconds: 30,
    facts: [...ONLY_V2, `! ${NSDELEGATE}`, 'grep -qw memory /sys/fs/cgroup/cgroup.controllers'],
  },
  'v2-nsdelegate': {
    title: 'UML 6.1, v2, nsdelegate',
    ...UML,
    boot: 'plain',
    cgroups: 'v2',
    nsdelegate: true,
    as: 'root',
    delegate: [],
    bootSeconds: 30,
    facts: [...ONLY_V2, NSDELEGATE],
  },
  'v2-all': {
    title: 'QEMU 6.1, v2, all controllers',
    engine: 'qemu',
    filesPerPiece: 2,
    pieceSeconds: 1800,
    boot: 'plain',
    cgroups: 'v2',
    nsdelegate: true,
    as: 'root',
    timeScale: 30,
    delegate: [],
    bootSeconds: 120,
    facts: [
      ...ONLY_V2,
      NSDELEGATE,
      'grep -qw cpuset /sys/fs/cgroup/cgroup.controllers',
      '[ -e /proc/pressure/memory ]',
    ],
  },
  systemd: {
    title: 'UML 6.1, systemd, root',
    ...UML,
    boot: 'systemd',
    cgroups: 'v2',
    nsdelegate: true,
    as: 'root',
    delegate: ['systemd-run', ...SCOPE],
    bootSeconds: 60,
    facts: [...ONLY_V2, NSDELEGATE, SYSTEMD, '[ "$(id -u)" = 0 ]', 'systemctl is-active dbus.service'],
  },
  rootless: {
    title: 'UML 6.1, systemd, uid 1000',
    ...UML,
    boot: 'systemd',
    cgroups: 'v2',
    nsdelegate: true,
    as: 'tester',
    delegate: ['systemd-run', '--user', ...SCOPE],
    bootSeconds: 60,
    facts: [
      ...ONLY_V2,
      NSDELEGATE,
      SYSTEMD,
      '[ "$(id -u)" = 1000 ]',
      'systemctl --user is-active default.target',
      'grep -q user-1000.slice/session- /proc/self/cgroup',
      'grep -qw memory /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers',
      'grep -q ^tester: /etc/subuid && command -v newuidmap',
    ],
  },
  legacy: {
    title: 'UML 6.1, v1 only',
    ...UML,
    boot: 'plain',
    cgroups: 'v1',
    nsdelegate: false,
    as: 'root',
    delegate: [],
    bootSeconds: 30,
    facts: [
      "! grep -q ' - cgroup2 ' /proc/self/mountinfo",
      '! grep -q ^0:: /proc/self/cgroup',
      'cd /sys/fs/cgroup && ls freezer/tasks memory/tasks pids/tasks cpu,cpuacct/tasks blkio/tasks systemd/tasks',
    ],
  },
};

/**
 * @param {string} name
 * @returns {Guest}
 * @throws {TypeError} when there is no such guest
 */
export function findGuest(name) {
  const guest = Object.hasOwn(GUESTS, name) ? GUESTS[name] : undefined;
  if (guest === undefined)
    throw new TypeError(`no guest is called ${name}; there are ${Object.keys(GUESTS).join(', ')}`);
  return guest;
}
