import { describeAct, describeStep, stepDetail } from './describe.js';
import type { Step } from './steps.js';
import type {
  CgroupPlan,
  DevicePlan,
  FdPlan,
  IdRange,
  LaunchPlan,
  MountMapping,
  ScopePlan,
  UnitProperty,
} from './types.js';

/** Returns a plan as text, one action a line, in the order in which they happen: EXPLAIN for containers. */
export function formatPlan(plan: LaunchPlan): string {
  const { scope } = plan.cgroup;
  const cgroup = section('cgroup', cgroupLines(plan.cgroup));
  const clone = section('clone', [cloneLine(plan)]);
  const joined = (plan.namespaces ?? []).map(({ path, type, slot }) => `open ${type} ${path} as ${slot}`);
  return [
    section('namespaces', joined),
    // systemd makes a scope around a process.
    ...(scope === undefined
      ? [cgroup, clone]
      : [clone, section('systemd', scopeLines(scope, plan.cgroup.flat === true)), cgroup]),
    section('corral-init, without ids', stepLines(plan.prelude ?? [])),
    section('parent', parentLines(plan)),
    section('corral-init', stepLines(plan.steps)),
    section('notes', plan.notes),
  ]
    .filter((text) => text !== '')
    .join('\n\n')
    .concat('\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function scopeLines({ manager, unit, slice, properties }: ScopePlan, flat: boolean): readonly string[] {
  const whose = manager === 'user' ? "the user's manager" : "the system's manager";
  const around = flat ? 'the process' : 'the process and a keeper';
  const line = unit.endsWith('.slice')
    ? `start ${unit}, which wants ${slice}, by ${whose}, and move the process there`
    : `start ${unit} in ${slice} around ${around}, by ${whose}, with Delegate=yes`;
  return [line, ...properties.map((property) => `  ${property.name}=${formatProperty(property)}`)];
}

function formatProperty(property: UnitProperty): string {
  if (property.type === 't') return String(property.value);
  if (property.type === 'ay') return formatMask(property.value);
  return property.value.map(([path, value]) => `${path} ${String(value)}`).join(', ');
}

/** The numbers of the bits that are set. */
function formatMask(bytes: readonly number[]): string {
  return bytes
    .flatMap((byte, index) => [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => ((byte >> bit) & 1 ? [index * 8 + bit] : [])))
    .join(',');
}

function cgroupLines({ evacuate, v2, v1, scope, flat, devices }: CgroupPlan): readonly string[] {
  // systemd has made a unit's own cgroup, with the process in it.
  const made = scope === undefined ? 'here' : flat === true ? 'by systemd' : 'in a scope';
  return [
    ...(evacuate === undefined ? [] : [`move the processes of ${evacuate} to ${evacuate}/supervisor`]),
    ...(v2 === undefined ? [] : linesV2(v2, made)),
    ...v1.flatMap(({ path, writes }) => [
      `make ${path}`,
      ...writes.map(({ file, value }) => `write ${value} to ${file}`),
    ]),
    ...(devices === undefined ? [] : deviceLines(devices)),
  ];
}

function linesV2(v2: NonNullable<CgroupPlan['v2']>, made: 'here' | 'in a scope' | 'by systemd'): readonly string[] {
  const { base, path, payload, enable, writes } = v2;
  return [
    ...(made === 'in a scope' ? [`move both processes to ${base}/keeper`] : []),
    ...enable.map((one) => `write ${enabling(one.controllers)} to ${one.path}/cgroup.subtree_control`),
    ...(made === 'by systemd' ? [] : [`make ${path}`]),
    ...writes.map(({ file, value }) => `write ${value} to ${file}`),
    ...(payload === path ? [] : [`make ${payload}`]),
    ...delegateLines(v2),
    ...(made === 'in a scope' ? [`move the process to ${payload}`] : []),
  ];
}

function deviceLines({ version, path, rules, optional }: DevicePlan): readonly string[] {
  const how = version === 1 ? 'files' : 'a program';
  return [
    `rule over the devices of ${path} by ${how}${optional === true ? ', where the kernel lets' : ''}`,
    ...rules.map(({ allow, type = 'a', major = -1, minor = -1, access = 'rwm' }) => {
      const numbers = [major, minor].map((number) => (number === -1 ? '*' : String(number))).join(':');
      return `  ${allow ? 'allow' : 'deny'} ${type} ${numbers} ${access}`;
    }),
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
  const isBornThere = cgroup.v2 !== undefined && cgroup.scope === undefined;
  const flags = [...(isBornThere ? ['CLONE_INTO_CGROUP'] : []), ...clone.flags];
  return ['clone3', flags.join(' | ')].filter((word) => word !== '').join(' ');
}

function parentLines({ idMaps, cgroup, fds, acts = [] }: LaunchPlan): readonly string[] {
  return [
    ...(idMaps === undefined ? [] : [`map uids ${formatRanges(idMaps.uids)}`, `map gids ${formatRanges(idMaps.gids)}`]),
    ...cgroup.v1.map(({ path }) => `join ${path}`),
    ...fds.map(formatFd).filter((line) => line !== ''),
    ...acts.map(describeAct),
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
  if (fd.kind === 'inherited') return `hand on descriptor ${String(fd.number)}`;
  if (fd.kind === 'cgroup-kill') return 'open cgroup.kill for the init';
  if (fd.kind === 'kept-input') return 'hand on the other end of stdin for the init';
  if (fd.kind === 'kept-output') return `hand on ${fd.slot} for the init`;
  if (fd.kind !== 'tree') return '';
  const traits = [fd.recursive ? 'recursive' : '', fd.idmap ? 'idmapped' : '', formatMapping(fd.mapping)].filter(
    (word) => word !== '',
  );
  return `clone mount ${fd.path} as ${fd.slot}${traits.length > 0 ? ` (${traits.join(', ')})` : ''}`;
}

function formatMapping(mapping: MountMapping | undefined): string {
  if (mapping === undefined) return '';
  const { by, recursive } = mapping;
  const how = recursive ? 'idmapped with its submounts' : 'idmapped';
  if (by === 'container') return how;
  if ('path' in by) return `${how} by ${by.path}`;
  return `${how}: uids ${formatRanges(by.uids)}; gids ${formatRanges(by.gids)}`;
}

function stepLines(steps: readonly Step[]): readonly string[] {
  const width = String(steps.length - 1).length;
  return steps.map((step, index) => {
    const detail = stepDetail(step);
    return `${String(index).padStart(width)} ${describeStep(step)}${detail === '' ? '' : `  [${detail}]`}`;
  });
}
