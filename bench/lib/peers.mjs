// The programs that corral is compared with: which are here, which version, how they are called.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeSpec } from './workspace.mjs';

const CONTROLLERS = '/sys/fs/cgroup/unified/cgroup.controllers';

/** What bwrap has to do for the same command: all namespaces, the host's root read-only, its own /dev and /proc. */
const BWRAP = [
  '--unshare-all',
  '--die-with-parent',
  '--ro-bind',
  '/',
  '/',
  '--dev',
  '/dev',
  '--proc',
  '/proc',
  '/bin/true',
];
const UNSHARE = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--ipc', '--uts', '--net', '--cgroup'];

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} version
 * @property {string[]} command - runs `true` once; @ stands for a number that is never used twice
 * @property {string[]} [around] - what the program that starts it has to be started with
 */

/**
 * Returns the peers that are installed here, and for the others why not.
 *
 * @returns {{ peers: Peer[], missing: { name: string, why: string }[] }}
 */
export function findPeers(workspace) {
  const { bundle } = workspace;
  const wanted = [
    { name: 'bwrap', command: ['bwrap', ...BWRAP] },
    { name: 'unshare', command: ['unshare', ...UNSHARE, '--mount-proc', '/bin/true'] },
    { name: 'crun', command: ['crun', 'run', '--bundle', bundle, 'corral-bench-@'], around: hideControllers() },
    { name: 'runc', command: ['runc', 'run', '--bundle', bundle, 'corral-bench-@'] },
  ];
  const peers = [];
  const missing = [];
  for (const peer of wanted) {
    const version = readVersion(peer.name);
    if (version === undefined) {
      missing.push({ name: peer.name, why: 'not installed' });
      continue;
    }
    const found = { ...peer, version };
    const refusal = tryOnce(found, workspace);
    if (refusal === undefined) peers.push(found);
    else missing.push({ name: peer.name, why: refusal });
  }
  return { peers, missing };
}

function readVersion(name) {
  const { status, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /\d+(\.\d+)+\S*/.exec(stdout)?.[0] : undefined;
}

// crun refuses a host with both kinds of cgroups where v2 offers controllers; in a mount namespace of its own it sees none.
function hideControllers() {
  if (!existsSync(CONTROLLERS)) return [];
  return ['unshare', '--mount', 'sh', '-c', `mount --bind /dev/null ${CONTROLLERS} && exec "$@"`, 'sh'];
}

function tryOnce({ name, command, around = [] }, workspace) {
  // One bundle serves both: the two runtimes propose the same spec but for details.
  if (name === 'crun' || name === 'runc') writeSpec(name, workspace);
  const [file, ...args] = [...around, ...command.map((word) => word.replace('@', 'try'))];
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `does not run here: ${error?.message ?? stderr.trim().split('\n').at(-1)}`;
}

/** The command that starts a peer again and again and measures it. */
export function drivePeer({ command, around = [] }, { programs }) {
  return [...around, programs.drive, ...command];
}
