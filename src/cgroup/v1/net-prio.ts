import type { Resources } from '../../spec/resources.js';
import { type FieldWrite, refuse, type WriteRules } from '../rules.js';

/**
 * Returns the writes for `resources.network.priorities`, one for each interface.
 *
 * @throws ConfigError for a name that is none
 * @see cgroup-v1/net_prio.rst
 */
export function writes({ network }: Resources, rules: WriteRules): readonly FieldWrite[] {
  return (network?.priorities ?? []).map(({ name, priority }, index) => {
    const field = `network/priorities/${index}`;
    const isAsked = !/^[^\s/]{1,15}$/.test(name);
    refuse(rules, [{ field: `${field}/name`, value: name, isAsked, expected: 'the name of an interface' }]);
    return { field, file: 'net_prio.ifpriomap', value: `${name} ${priority}` };
  });
}
