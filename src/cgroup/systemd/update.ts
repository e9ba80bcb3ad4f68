import type { Resources } from '../../spec/resources.js';
import type { WriteRules } from '../rules.js';
import type { ScopeRef } from '../types.js';
import { Manager } from './manager.js';
import { toProperties } from './properties.js';

/** Tells systemd of changed limits of a scope. @throws ContainerError with what it says */
export async function updateScope(
  { unit }: ScopeRef,
  resources: Resources,
  rules: Pick<WriteRules, 'engine' | 'formula'> = {},
): Promise<void> {
  using manager = await Manager.connect();
  await manager.setProperties(unit, toProperties(resources, rules));
}
