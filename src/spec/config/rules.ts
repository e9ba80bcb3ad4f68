import { sysctlProblem } from '../parse/sysctl.js';
import type { Mount, Namespace, Spec, SpecNamespaceType } from '../types.js';
import type { Place } from './read.js';

/** Checks what fields say of each other. */
export function checkRules(spec: Spec, place: Place): void {
  const own = new Map(spec.linux.namespaces.map((namespace) => [namespace.type, namespace]));
  const needs = (type: SpecNamespaceType, value: unknown, ...path: readonly (string | number)[]): void => {
    if (isThere(value) && !own.has(type)) place.refuse(value, `possible without a ${type} namespace`, ...path);
  };
  needs('uts', spec.hostname, 'hostname');
  needs('uts', spec.domainname, 'domainname');
  needs('mount', spec.linux.maskedPaths, 'linux', 'maskedPaths');
  needs('mount', spec.linux.readonlyPaths, 'linux', 'readonlyPaths');
  needs('user', spec.linux.uidMappings, 'linux', 'uidMappings');
  needs('user', spec.linux.gidMappings, 'linux', 'gidMappings');
  needs('network', spec.linux.netDevices, 'linux', 'netDevices');
  needs('time', spec.linux.timeOffsets, 'linux', 'timeOffsets');
  checkTime(spec, own.get('time'), place);
  checkMappings(spec, place);
  spec.mounts.forEach((mount, index) => checkIdmap(mount, index, own.has('user'), place));
  for (const name of Object.keys(spec.linux.sysctl)) {
    const problem = sysctlProblem(name, [...own.keys()]);
    if (problem !== undefined) place.refuse(name, problem, 'linux', 'sysctl', name);
  }
}

// An empty list or map asks for nothing.
function isThere(value: unknown): boolean {
  return value !== undefined && (typeof value !== 'object' || value === null || Object.keys(value).length > 0);
}

function checkTime({ linux }: Spec, namespace: Namespace | undefined, place: Place): void {
  if (namespace?.path === undefined || !isThere(linux.timeOffsets)) return;
  place.refuse(linux.timeOffsets, 'possible: a time namespace that is there has its offsets', 'linux', 'timeOffsets');
}

// Without any, corral chooses the ids: `crun spec --rootless` writes such files.
function checkMappings({ linux }: Spec, place: Place): void {
  const { uidMappings, gidMappings } = linux;
  if (uidMappings.length > 0 === gidMappings.length > 0) return;
  const field = uidMappings.length === 0 ? 'uidMappings' : 'gidMappings';
  place.refuse(linux[field], 'a list with a range: user and group ids are mapped together', 'linux', field);
}

// @see runtime-spec 1.3.0, config.md "Linux mount options"
function checkIdmap({ options, uidMappings }: Mount, index: number, hasUser: boolean, place: Place): void {
  const option = options.findIndex((each) => each === 'idmap' || each === 'ridmap');
  if (option < 0 || uidMappings !== undefined || hasUser) return;
  place.refuse(
    options[option],
    'possible without uidMappings, or a user namespace',
    'mounts',
    index,
    'options',
    option,
  );
}
