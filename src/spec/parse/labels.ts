import { OptionError } from '../../errors/option-error.js';
import { isOwnAnnotation } from '../annotations.js';

/**
 * Checks labels: they become annotations of the spec, beside corral's own.
 *
 * @throws OptionError for a name that is empty or corral's own, and for NUL bytes
 * @see runtime-spec 1.3.0, config.md "Annotations"
 */
export function checkLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(labels)) {
    if (name === '' || name.includes('\0')) throw new OptionError('labels', name, 'the name of a label');
    if (isOwnAnnotation(name)) {
      throw new OptionError('labels', name, 'free: names that start with dev.corral. are corral’s own');
    }
    if (value.includes('\0')) throw new OptionError(`labels.${name}`, value, 'text without NUL bytes');
  }
  return labels;
}
