import type { Resources } from '../../spec/resources.js';
import { escapeKey, type FieldWrite, refuse, type WriteRules } from '../rules.js';

/**
 * Returns the writes for `resources.rdma`, one for each device.
 *
 * @throws ConfigError for a name that is none
 * @see cgroup-v2.rst "RDMA"; cgroup-v1/rdma.rst: the file is the same
 */
export function writes({ rdma = {} }: Resources, rules: WriteRules): readonly FieldWrite[] {
  return Object.entries(rdma).flatMap(([device, { hcaHandles, hcaObjects }]) => {
    const field = `rdma/${escapeKey(device)}`;
    refuse(rules, [{ field, value: device, isAsked: !/^[\w.-]+$/.test(device), expected: 'the name of a device' }]);
    const limits = [
      ...(hcaHandles === undefined ? [] : [`hca_handle=${hcaHandles}`]),
      ...(hcaObjects === undefined ? [] : [`hca_object=${hcaObjects}`]),
    ];
    return limits.length === 0 ? [] : [{ field, file: 'rdma.max', value: [device, ...limits].join(' ') }];
  });
}
