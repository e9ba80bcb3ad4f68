// Timelines, cut into phases. Pure.
import { median } from './stats.mjs';

/**
 * The phases of a start, with what ends each of them: a mark of the parent's, or the step of the plan with which the next one
 * begins; and the phases of the floor that are the same.
 */
const PHASES = [
  { name: 'options → spec', mark: 'begin make state file', floor: [] },
  { name: 'state file, streams', mark: 'begin make cgroup ', floor: [] },
  { name: 'make cgroups', mark: 'begin make report page', floor: ['make cgroups'] },
  { name: 'clone, exec of init', mark: 'end clone corral-init', floor: ['clone'] },
  { name: 'id maps', mark: 'begin clone mount ', floor: ['id maps'] },
  { name: 'idmapped clone of /', mark: 'begin send plan', floor: ['idmapped clone of /'] },
  { name: 'hand over; init wakes, checks the plan', step: () => true, floor: ['hand over, wake init'] },
  {
    name: 'root: tmpfs, hidden files, overlay',
    step: ({ op, root, target }) => op === 'mount' && root === 'root' && target === '/proc',
    floor: ['root'],
  },
  { name: 'mounts: proc, dev, sys …', step: ({ op }) => op === 'mask-path', floor: ['mounts'] },
  { name: 'masks', step: ({ op }) => op === 'pivot-root', floor: ['masks'] },
  { name: 'pivot', step: ({ op }) => op === 'set-hostname', floor: ['pivot'] },
  {
    name: 'hostname, lo, read-only paths',
    step: ({ op }) => op === 'set-umask',
    floor: ['hostname, lo, read-only paths'],
  },
  {
    name: 'session, streams, find the command',
    step: ({ op }) => op === 'stay-as-init',
    floor: ['prepare process'],
  },
  {
    name: 'fork, rights, exec, the command itself',
    mark: 'command exited',
    floor: ['fork', 'rights, exec', 'run command'],
  },
  { name: 'tear down, notice, read usage, remove', mark: 'gone', floor: ['tear down, reap', 'remove cgroups'] },
];

/** A watcher that saw a smaller share of the steps did not have the core to itself. */
const SEEN_ENOUGH = 0.8;

/** The phases up to here can be timed without a watcher, which disturbs. */
const LAST_OF_PARENT = PHASES.findIndex(({ mark }) => mark === 'begin send plan');

/**
 * @typedef {readonly (readonly [name: string, nanoseconds: number])[]} Timeline - in the order of time; with steps or without
 *
 * @param {{ corral: readonly Timeline[], floor: readonly Readonly<Record<string, number>>[] }} samples - of the floor, microseconds
 * @param {readonly { op: string }[]} steps - of the plan
 * @returns {{ name: string, corral: number, floor: number | undefined }[] | undefined} medians in microseconds, and their
 *   sum; nothing where the watcher was kept from its work by others
 */
export function summarizePhases({ corral, floor }, steps) {
  const cut = (timelines) => timelines.map((timeline) => cutTimeline(timeline, steps));
  const seen = (timeline) => timeline.filter(([name]) => name.startsWith('step ')).length;
  const watched = cut(corral.filter((timeline) => seen(timeline) > steps.length * SEEN_ENOUGH));
  const unwatched = cut(corral.filter((timeline) => seen(timeline) === 0));
  if (watched.length === 0 || unwatched.length === 0) return undefined;
  const rows = PHASES.map((phase, index) => ({
    name: phase.name,
    corral: median((index <= LAST_OF_PARENT ? unwatched : watched).map((durations) => durations[index])),
    floor:
      phase.floor.length === 0
        ? undefined
        : median(floor.map((sample) => phase.floor.reduce((sum, name) => sum + (sample[name] ?? 0), 0))),
  }));
  const total = (key) => rows.reduce((sum, row) => sum + (row[key] ?? 0), 0);
  return [...rows, { name: 'together', corral: total('corral'), floor: total('floor') }];
}

/** How long each phase took, in microseconds. One whose end was not seen has taken nothing, and the next one its time. */
function cutTimeline(timeline, steps) {
  let last = timeline[0][1];
  return PHASES.map((phase) => {
    const end = Math.max(last, findEnd(timeline, phase, steps) ?? last);
    const duration = (end - last) / 1000;
    last = end;
    return duration;
  });
}

function findEnd(timeline, { mark, step }, steps) {
  if (mark !== undefined) return timeline.find(([name]) => name.startsWith(mark))?.[1];
  const wanted = steps.findIndex(step);
  // A step that took less than a look at the page was not seen; the one after it was.
  return timeline.find(([name]) => name.startsWith('step ') && Number(name.slice(5)) >= wanted)?.[1];
}
