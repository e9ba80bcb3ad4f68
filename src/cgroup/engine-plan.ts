import { dirname } from 'node:path/posix';
import { ConfigError } from '../errors/config-error.js';
import type { CgroupPlan, CgroupWrite, DevicePlan, V1Directory } from '../plan/types.js';
import type { CgroupDriver, WeightFormula } from '../spec/annotations.js';
import type { Resources } from '../spec/resources.js';
import { permitsAll, checkRules, withDefaults } from './devices/rules.js';
import { type EnginePlace, locateEngine } from './engine-place.js';
import { type Controller, listUnified, selectControllers } from './resources.js';
import { pointerTo, type WriteRules } from './rules.js';
import { toProperties } from './systemd/properties.js';
import { locateUnit } from './systemd/unit.js';
import type { CgroupFacts } from './types.js';
import { withoutUnset } from './unset.js';
import { INHERIT } from './v1/cpuset.js';
import { toState } from './v1/devices.js';
import { compileDevices } from './v2/devices/program.js';
import { firstAsked, listWrites, nameOnV1 } from './writes.js';

/** What {@link planEngineCgroup} decides from. */
export interface EngineRequest {
  readonly id: string;
  readonly facts: CgroupFacts;
  readonly resources: Resources;
  readonly cgroupsPath?: string | undefined;
  /** @defaultValue `cgroupfs` */
  readonly driver?: CgroupDriver;
  readonly formula?: WeightFormula;
  /** The caller cannot be expected to rule over devices: it is not root, or in a user namespace. */
  readonly isRootless: boolean;
  /** Whom the cgroup is given to, in the caller's ids: the container has a cgroup namespace, and mounts it to write there. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

const POINTER = '/linux/resources';

/**
 * Returns where an engine's container lives in the cgroup trees, and what is written there: in exactly the directory that it
 * names, in every hierarchy that there is, as engines and their monitors expect.
 *
 * @throws ConfigError for what the spec asks and this host cannot give, by its JSON pointer
 * @see runtime-spec config-linux.md "Control groups"
 */
export function planEngineCgroup(request: EngineRequest): CgroupPlan {
  const resources = withoutUnset(request.resources);
  const { facts, formula } = request;
  const rules = { hasSwap: facts.hasSwap, ...(formula && { formula }), engine: { pointer: POINTER } };
  return request.driver === 'systemd'
    ? planUnit(request, resources, rules)
    : planPath(locateEngine(request.cgroupsPath, request.id, facts), request, { resources, rules });
}

interface Wanted {
  readonly resources: Resources;
  readonly rules: WriteRules;
}

function planPath(place: EnginePlace, request: EngineRequest, { resources, rules }: Wanted): CgroupPlan {
  const { facts, owner } = request;
  const offered = place.v2 === undefined ? [] : listOffered(facts);
  const controllers = selectControllers(resources);
  const onV2 = controllers.filter((controller) => offered.includes(controller));
  const v1 = new Map<string, CgroupWrite[]>();
  for (const controller of controllers.filter((one) => !onV2.includes(one))) {
    const directory = place.v1.find((one) => one.controllers.includes(nameOnV1(controller)));
    if (directory === undefined) throw missing(controller, { resources, rules }, facts);
    v1.set(directory.path, [...(v1.get(directory.path) ?? []), ...listWrites(1, controller, resources, rules)]);
  }
  const unified = planUnified(offered, { resources, rules }, place);
  const devices = planDevices(place, request);
  return {
    ...(place.v2 && {
      v2: {
        ...place.v2,
        payload: place.v2.path,
        enable: planEnable(place.v2, offered),
        writes: [...onV2.flatMap((controller) => listWrites(2, controller, resources, rules)), ...unified],
        ...(owner && { delegate: { ...owner, controllers: [] } }),
      },
    }),
    v1: place.v1.map((directory) => planV1(directory, v1.get(directory.path) ?? [])),
    flat: true,
    ...(devices && { devices }),
  };
}

function planV1({ controllers, base, path }: EnginePlace['v1'][number], writes: readonly CgroupWrite[]): V1Directory {
  return { controllers, base, path, inherit: controllers.includes('cpuset') ? INHERIT : [], writes };
}

// What the top has may be handed down; what is not, is found out by the write that needs it.
const listOffered = ({ v2Top, v2Base, systemd }: CgroupFacts): readonly string[] =>
  v2Top?.controllers ?? systemd?.controllers ?? v2Base?.controllers ?? [];

function planEnable(
  { base, path }: { readonly base: string; readonly path: string },
  controllers: readonly string[],
): readonly { readonly path: string; readonly controllers: readonly string[] }[] {
  if (controllers.length === 0) return [];
  const parent = dirname(path);
  const above = parent === base || parent === dirname(parent) ? [] : planEnable({ base, path: parent }, controllers);
  return [...above, { path: parent, controllers }];
}

function planUnified(
  offered: readonly string[],
  { resources, rules }: Wanted,
  { v2 }: EnginePlace,
): readonly CgroupWrite[] {
  return listUnified(resources, rules).flatMap(({ file, value, lines, controller }) => {
    const asked = { pointer: pointerTo(`unified/${file}`, rules), value };
    if (v2 === undefined) throw new ConfigError(asked.pointer, value, 'possible without cgroup v2');
    if (controller !== undefined && !offered.includes(controller))
      throw new ConfigError(asked.pointer, value, `possible: cgroup v2 has no ${controller} controller here`, {
        hint: offered.length === 0 ? 'its controllers are those of cgroup v1 here' : `it has ${offered.join(', ')}`,
      });
    return lines.map((line) => ({ file, value: line, asked }));
  });
}

function missing(controller: Controller, { resources, rules }: Wanted, facts: CgroupFacts): ConfigError {
  const name = nameOnV1(controller);
  const { pointer = POINTER, value } = firstAsked(controller, resources, rules) ?? {};
  const { mode, disabled } = facts.layout;
  const isOff = disabled.includes(name);
  const isV1Only = mode === 'unified' && controller.startsWith('net_');
  const hint = isOff
    ? `the kernel was booted without it: take cgroup_disable=${name} off its command line`
    : (facts.problem?.hint ??
      (mode === 'unified' ? undefined : `mount -t cgroup -o ${name} ${name} /sys/fs/cgroup/${name}`));
  const why = isV1Only ? 'with cgroup v2, which has no such limit' : `here, where no cgroup has the ${name} controller`;
  return new ConfigError(pointer, value, `possible ${why}`, { hint: isV1Only ? undefined : hint });
}

/** v1's where they are, as all tools expect; programs where there is v2 alone. */
function planDevices(place: EnginePlace, request: EngineRequest): DevicePlan | undefined {
  const { resources, isRootless } = request;
  const rules = withDefaults(resources.devices ?? []);
  const checked = checkRules(rules, `${POINTER}/devices`);
  const v1 = place.v1.find(({ controllers }) => controllers.includes('devices'));
  if (permitsAll(checked)) return undefined;
  const optional = isRootless ? { optional: true as const } : {};
  if (v1 !== undefined) {
    toState(rules, `${POINTER}/devices`);
    return { version: 1, path: v1.path, rules, ...optional };
  }
  if (place.v2 === undefined) {
    if (isRootless || resources.devices === undefined) return undefined;
    throw new ConfigError(`${POINTER}/devices`, resources.devices, 'possible here, where no cgroup rules over devices');
  }
  compileDevices(rules, `${POINTER}/devices`);
  return { version: 2, path: place.v2.path, rules, ...optional };
}

function planUnit(request: EngineRequest, resources: Resources, rules: WriteRules): CgroupPlan {
  const { facts, cgroupsPath, id } = request;
  const { systemd } = facts;
  const pointer = '/linux/cgroupsPath';
  if (systemd === undefined)
    throw new ConfigError(pointer, cgroupsPath, 'possible where systemd has not booted the host');
  const { problem, base, manager } = systemd;
  if (problem !== undefined)
    throw new ConfigError(pointer, cgroupsPath, `possible for systemd: ${problem.text}`, { hint: problem.hint });
  if (base === undefined) throw new ConfigError(pointer, cgroupsPath, 'possible: no cgroup of systemd is seen here');
  const { unit, slice, path } = locateUnit({ cgroupsPath, id, manager });
  const top = facts.layout.v2?.mount ?? base.path;
  const place = { v2: { base: top, path: base.path === '/' ? path : base.path + path }, v1: [] };
  const properties = toProperties(resources, rules);
  return {
    ...planPath(place, request, { resources, rules }),
    scope: { manager, unit, slice, description: `corral container ${id}`, properties },
  };
}
