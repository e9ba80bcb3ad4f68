import type { Json } from '../../../../src/spec/config/json.js';

export type Part = Readonly<Record<string, Json>>;

/** Returns an object with what is in another one, at all depths. Lists are replaced. */
export function merge(base: Part, more: Part): Record<string, Json> {
  const result: Record<string, Json> = { ...base };
  for (const [name, value] of Object.entries(more)) {
    const old = base[name];
    result[name] = isPart(value) && isPart(old) ? merge(old, value) : value;
  }
  return result;
}

const isPart = (value: Json | undefined): value is Part =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const process = (fields: Part): Part => ({ process: fields });
export const linux = (fields: Part): Part => ({ linux: fields });
export const resources = (fields: Part): Part => linux({ resources: fields });
export const inNamespaces = (types: readonly string[], fields: Part): Part =>
  linux({ namespaces: types.map((type) => ({ type })), ...fields });
export const seccomp = (fields: Part): Part => linux({ seccomp: { defaultAction: 'SCMP_ACT_ERRNO', ...fields } });
export const range = { containerID: 0, hostID: 1000, size: 10 };
export const hook = { path: '/bin/hook', args: ['hook', ''], env: ['A=b'], timeout: 1 };

export const mount = (fields: Part): Part => ({ mounts: [{ destination: '/x', type: 'tmpfs', ...fields }] });
