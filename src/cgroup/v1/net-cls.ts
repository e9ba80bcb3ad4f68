import type { Resources } from '../../spec/resources.js';
import type { FieldWrite } from '../rules.js';

/** Returns the write for `resources.network.classID`. @see cgroup-v1/net_cls.rst */
export function writes({ network }: Resources): readonly FieldWrite[] {
  const classID = network?.classID;
  return classID === undefined ? [] : [{ field: 'network/classID', file: 'net_cls.classid', value: String(classID) }];
}
