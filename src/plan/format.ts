import { describeStep, stepDetail } from './describe.js';
import type { CgroupPlan, FdPlan, IdRange, LaunchPlan } from './types.js';

/** Returns a plan as text, one action a line, in the order in which they happen: EXPLAIN for containers. */
export function formatPlan(plan: LaunchPlan): string {
  return [
    section('cgroup', cgroupLines(plan.cgroup)),
    section('clone', [cloneLine(plan)]),
    section('parent', parentLines(plan)),
    section('corral-init', stepLines(plan)),
    section('notes', plan.notes),
  ]
    .filter((text) => text !== '')
    .join('\n\n')
    .concat('\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function cgroupLines({ evacuate, v2, v1 }: CgroupPlan): readonly string[] {
  return [
    ...(evacuate === undefined ? [] : [`move the processes of ${evacuate} to ${evacuate}/supervisor`]),
    ...(v2?.enable ?? []).map(
      ({ path, controllers }) => `write ${enabling(controllers)} to ${path}/cgroup.subtree_control`,
    ),
    ...(v2 === undefined ? [] : [`make ${v2.path}`]),
    ...(v2?.writes ?? []).map(({ file, value }) => `write ${value} to ${file}`),
    ...(v2 === undefined ? [] : [`make ${v2.payload}`, ...delegateLines(v2)]),
    ...v1.flatMap(({ path, writes }) => [
      `make ${path}`,
      ...writes.map(({ file, value }) => `write ${value} to ${file}`),
    ]),
  ];
}

function delegateLines({ path, payload, delegate }: NonNullable<CgroupPlan['v2']>): readonly string[] {
  if (delegate === undefined) return [];
  const { uid, gid, controllers } = delegate;
  return [
    ...(controllers.length === 0 ? [] : [`write ${enabling(controllers)} to ${path}/cgroup.subtree_control`]),
    `give ${payload} to ${String(uid)}:${String(gid)}`,
  ];
}

function enabling(controllers: readonly string[]): string {
  return controllers.map((name) => `+${name}`).join(' ');
}

function cloneLine({ cgroup, clone }: LaunchPlan): string {
  const flags = [...(cgroup.v2 === undefined ? [] : ['CLONE_INTO_CGROUP']), ...clone.flags];
  return ['clone3', flags.join(' | ')].filter((word) => word !== '').join(' ');
}

function parentLines({ idMaps, cgroup, fds }: LaunchPlan): readonly string[] {
  return [
    ...(idMaps === undefined ? [] : [`map uids ${formatRanges(idMaps.uids)}`, `map gids ${formatRanges(idMaps.gids)}`]),
    ...cgroup.v1.map(({ path }) => `join ${path}`),
    ...fds.map(formatFd).filter((line) => line !== ''),
  ];
}

/** Returns id ranges as `0-65535 → 524288-589823`. */
export function formatRanges(ranges: readonly IdRange[]): string {
  return ranges.map(({ containerId, hostId, size }) => `${span(containerId, size)} → ${span(hostId, size)}`).join(', ');
}

function span(first: number, size: number): string {
  return size === 1 ? String(first) : `${String(first)}-${String(first + size - 1)}`;
}

function formatFd(fd: FdPlan): string {
  if (fd.kind === 'cgroup-kill') return 'open cgroup.kill for the init';
  if (fd.kind !== 'tree') return '';
  const traits = [fd.recursive ? 'recursive' : '', fd.idmap ? 'idmapped' : ''].filter((word) => word !== '');
  return `clone mount ${fd.path} as ${fd.slot}${traits.length > 0 ? ` (${traits.join(', ')})` : ''}`;
}

function stepLines({ steps }: LaunchPlan): readonly string[] {
  const width = String(steps.length - 1).length;
  return steps.map((step, index) => {
    const detail = stepDetail(step);
    return `${String(index).padStart(width)} ${describeStep(step)}${detail === '' ? '' : `  [${detail}]`}`;
  });
}
