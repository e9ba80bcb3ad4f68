import { OptionError } from '../../errors/option-error.js';
import type { KnobWrite } from './knobs.js';

/** What a cgroup has without a controller. */
const CORE = ['cgroup'];

/**
 * Reads which controllers a new cgroup is to have: those that are asked for, and those of its values.
 *
 * @throws OptionError
 */
export function parseControllers(controllers: unknown, values: readonly KnobWrite[]): readonly string[] {
  if (!Array.isArray(controllers)) throw new OptionError('controllers', controllers, 'a list of controllers');
  const asked = controllers.map((name: unknown) => {
    if (typeof name === 'string' && /^[a-z_]{1,32}$/.test(name)) return name;
    throw new OptionError('controllers', name, 'a controller such as memory');
  });
  const needed = values.map(({ knob }) => knob.split('.')[0] ?? '').filter((name) => !CORE.includes(name));
  return [...new Set([...asked, ...needed])];
}
