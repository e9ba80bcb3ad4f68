import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Why a fuzzer of config.json files is run in a machine of its own.
//
// An engine's config.json is followed to the letter, with all the rights of who starts the runtime. It may bind the host's root
// with its files to be written, have programs of the host run as hooks, set kernel parameters, move network devices, name any
// cgroup, remount, and make device nodes. That is what it is for; a random one may do the same by chance. So none is run
// by the machine's own root in the machine's own namespaces. There are two places for it:
//
// 1. A nesting container of corral's (`corral run --nest`), the default. Its root is a range of ids without rights on the host, in
//    a user namespace: the kernel itself refuses mounts of block devices, device nodes, modules, reboot, kernel parameters
//    and clocks that are the host's. Its root file system is an overlay whose writes are thrown away, so `root.path: "/"` writes
//    nowhere; files of the host that are secret are not there. It has no network but a loopback device, a cgroup namespace whose
//    top is its own payload, and its own limits of memory and processes, one level above what it can reach. Its process ids
//    begin with 1, and the kernel ends all of them with the first. Each batch gets a new one: what a case does to its
//    surroundings harms at most the rest of the batch, and is found by the stock that is taken after each case.
//    Not all can be tried there: on a host with cgroup v1, limits cannot be given to it, and neither can devices.
// 2. A guest of the lab (`npm run lab -- v2 -- npm run fuzz:bundle -- --here`): a kernel of its own that is a process of the
//    host's. There it is really root, has all controllers, and nothing of it lasts.
//
// In both, the words that the generators put into files name no program that harms, and no device that is there to be written to;
// with a hook one can name /bin/true, /bin/false and a missing one. A container's command ends by itself, or is killed.

/** Tells whether what happens here stays here: not in the first user namespace of a kernel that is not a process itself. */
export function isThrowAway(): boolean {
  const [inside, outside, size] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/).map(Number);
  const isInitial = inside === 0 && outside === 0 && size === 4_294_967_295;
  return !isInitial || readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux');
}

const CORRAL = fileURLToPath(new URL('../../dist/cli/corral.cjs', import.meta.url));

/** Returns the command that runs another one in a new container. @param name - of the container */
export function sandboxCommand(name: string, command: readonly string[]): readonly string[] {
  const limits = ['--memory', '1500M', '--pids-limit', '500', '--cap-add', 'ALL', '--net', 'private'];
  return [process.execPath, CORRAL, 'run', '--nest', '--name', name, ...limits, '--', ...command];
}

/**
 * Returns a command whose standard output is what the worker reports, and whose standard error is the last of what it, or its
 * containers, have said. Containers get neither.
 */
export function workerCommand(program: string, args: readonly string[]): readonly string[] {
  const script =
    'log=$(mktemp); "$@" 3>&1 >/dev/null 2>"$log" </dev/null; code=$?; tail -c 4000 "$log" >&2; exit $code';
  return ['/bin/sh', '-c', script, 'sh', process.execPath, program, ...args];
}
