import { ConfigError } from '../../errors/config-error.js';
import { DEFAULT_SLICES, isSlice, slicePath } from './names.js';

/** The unit of systemd that an engine wants its container in. */
export interface EngineUnit {
  /** `crio-1f2e.scope`, or a slice. */
  readonly unit: string;
  /** The slice that it lies in. */
  readonly slice: string;
  /** Where its cgroup is below its manager's: `/system.slice/crio-1f2e.scope`. */
  readonly path: string;
}

/** What {@link locateUnit} decides from. */
export interface UnitRequest {
  /** `slice:prefix:name`; absent or empty: `:corral:ID`. */
  readonly cgroupsPath?: string | undefined;
  readonly id: string;
  readonly manager: 'system' | 'user';
}

/**
 * Returns the unit that an engine names by `slice:prefix:name`. A name that ends in `.slice` is that of a slice; all others
 * are of scopes, `prefix-name.scope`.
 *
 * @throws ConfigError for what is not of that form
 * @see opencontainers/runc docs/systemd.md
 */
export function locateUnit({ cgroupsPath, id, manager }: UnitRequest): EngineUnit {
  const text = cgroupsPath === undefined || cgroupsPath === '' ? `:corral:${id}` : cgroupsPath;
  const parts = text.split(':');
  const [parent = '', prefix = '', name = ''] = parts;
  const expected = 'of the form "slice:prefix:name", which is what systemd takes';
  if (parts.length !== 3) throw new ConfigError('/linux/cgroupsPath', cgroupsPath, expected);
  const slice = parent === '' ? DEFAULT_SLICES[manager] : parent;
  if (!isSlice(slice)) throw new ConfigError('/linux/cgroupsPath', cgroupsPath, `${expected}: ${slice} is no slice`);
  const unit = name.endsWith('.slice') ? name : `${prefix}${prefix === '' ? '' : '-'}${name}.scope`;
  // What a unit's name is made of: anything else is also a way out of the directory.
  if (name === '' || unit.length > MAX_NAME || !/^[a-zA-Z0-9:_.\\@-]+$/.test(unit))
    throw new ConfigError('/linux/cgroupsPath', cgroupsPath, `${expected}: ${unit} is not the name of a unit`);
  return { unit, slice, path: `${slicePath(slice)}/${unit}` };
}

const MAX_NAME = 255;
