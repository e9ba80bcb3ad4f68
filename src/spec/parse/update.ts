import * as v from 'valibot';
import { OptionError } from '../../errors/option-error.js';
import { mergeResources } from '../merge-resources.js';
import { OPTION_SHAPES, allOptional, checkShape } from '../options-schema.js';
import type { LimitOptions, UpdateOptions } from '../options.js';
import type { Resources } from '../resources.js';
import { type DeviceLookup, checkSwap, parseEach } from './limits.js';

const NUMBER_OR_MAX = "a number, or 'max'";

/** The shape of every limit that can be changed, by name. */
const UPDATE_SHAPES = {
  memory: OPTION_SHAPES.memory,
  memorySwap: OPTION_SHAPES.memorySwap,
  memoryReservation: OPTION_SHAPES.memoryReservation,
  cpus: OPTION_SHAPES.cpus,
  cpuShares: OPTION_SHAPES.cpuShares,
  cpusetCpus: OPTION_SHAPES.cpusetCpus,
  cpusetMems: OPTION_SHAPES.cpusetMems,
  pids: v.union([v.number(), v.literal('max')], NUMBER_OR_MAX),
  ioWeight: OPTION_SHAPES.ioWeight,
  deviceReadBps: OPTION_SHAPES.deviceReadBps,
  deviceWriteBps: OPTION_SHAPES.deviceWriteBps,
  deviceReadIops: OPTION_SHAPES.deviceReadIops,
  deviceWriteIops: OPTION_SHAPES.deviceWriteIops,
} satisfies Record<keyof UpdateOptions, unknown>;

/** The schema of limits that are to be changed. */
export const UPDATE_SCHEMA = allOptional(UPDATE_SHAPES);

/**
 * Checks the shape of limits that are to be changed, and that there are any.
 *
 * @throws OptionError
 */
export function readUpdate(options: unknown): UpdateOptions {
  checkShape(UPDATE_SCHEMA, options, Object.keys(UPDATE_SHAPES));
  const update = options as UpdateOptions;
  if (Object.values(update).some((value) => value !== undefined && !isEmptyList(value))) return update;
  throw new OptionError('options', options, 'a change: give at least one limit');
}

/**
 * Turns limits that are to be changed into the runtime-spec's resources: -1, and a rate of 0, stand for none.
 *
 * @throws OptionError for a value that makes no sense, or when there is none
 */
export function parseUpdate(options: UpdateOptions, device: DeviceLookup): Resources {
  const { memory, cpus, pids, ...rest } = readUpdate(options);
  const limits: LimitOptions = {
    ...rest,
    ...(memory === undefined || memory === 'max' ? {} : { memory }),
    ...(cpus === undefined || cpus === 'max' ? {} : { cpus }),
    ...(pids === undefined || pids === 'max' ? {} : { pids }),
  };
  const given = parseEach(limits, device, { mayRemove: true });
  return {
    ...given,
    ...(memory === 'max' ? { memory: { ...given.memory, limit: -1 } } : {}),
    ...(cpus === 'max' ? { cpu: { ...given.cpu, quota: -1 } } : {}),
    ...(pids === 'max' ? { pids: { limit: -1 } } : {}),
  };
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/**
 * Checks what a container's limits will be, all together.
 *
 * @param current - before the change
 * @param given - as {@link parseUpdate} returns it
 * @throws OptionError
 */
export function checkUpdate(current: Resources, given: Resources, options: UpdateOptions): void {
  if (given.memory?.limit === undefined && given.memory?.swap === undefined) return;
  const { memory = {} } = mergeResources(current, given);
  if (options.memorySwap !== undefined || memory.swap === undefined || memory.swap < 0) {
    checkSwap(memory, options.memorySwap);
    return;
  }
  if (memory.limit === undefined || memory.limit <= memory.swap) return;
  throw new OptionError('memory', options.memory, `possible: memorySwap is ${String(memory.swap)} bytes`, {
    hint: 'memorySwap limits RAM and swap together, and is less: give it too',
  });
}
