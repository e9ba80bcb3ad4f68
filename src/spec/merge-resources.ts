import type { Resources, ThrottleDevice } from './resources.js';

/**
 * Returns resources in which what is `given` has taken the place of what was there.
 *
 * @param given - what is not in it stays; a rate of 0 takes the limit of that device away
 */
export function mergeResources(current: Resources, given: Resources): Resources {
  const memory = mergeMemory(current.memory, given.memory);
  const cpu = given.cpu && { ...current.cpu, ...given.cpu };
  const blockIO = mergeBlockIo(current.blockIO, given.blockIO);
  const network = given.network && { ...current.network, ...given.network };
  const unified = given.unified && { ...current.unified, ...given.unified };
  const { memory: _, cpu: __, blockIO: ___, ...replaced } = given;
  return {
    ...current,
    ...replaced,
    ...(memory && { memory }),
    ...(cpu && { cpu }),
    ...(blockIO && { blockIO }),
    ...(network && { network }),
    ...(unified && { unified }),
  };
}

type Memory = NonNullable<Resources['memory']>;

// Without a limit of memory there can be none of memory and swap together.
function mergeMemory(current: Memory | undefined, given: Memory | undefined): Memory | undefined {
  if (given === undefined) return undefined;
  const { swap: _, ...rest } = current ?? {};
  return given.limit !== undefined && given.limit < 0 ? { ...rest, ...given } : { ...current, ...given };
}

type BlockIo = NonNullable<Resources['blockIO']>;

const RATE_FIELDS = [
  'throttleReadBpsDevice',
  'throttleWriteBpsDevice',
  'throttleReadIOPSDevice',
  'throttleWriteIOPSDevice',
] as const satisfies readonly (keyof BlockIo)[];

const isRateField = (name: string): boolean => (RATE_FIELDS as readonly string[]).includes(name);

function mergeBlockIo(current: BlockIo | undefined, given: BlockIo | undefined): BlockIo | undefined {
  if (given === undefined) return undefined;
  const rates = RATE_FIELDS.map((field) => [field, mergeRates(current?.[field] ?? [], given[field] ?? [])] as const);
  const others = Object.entries({ ...current, ...given }).filter(([name]) => !isRateField(name));
  return {
    ...(Object.fromEntries(others) as BlockIo),
    ...(Object.fromEntries(rates.filter(([, list]) => list.length > 0)) as BlockIo),
  };
}

function mergeRates(current: readonly ThrottleDevice[], given: readonly ThrottleDevice[]): readonly ThrottleDevice[] {
  const keyOf = ({ major, minor }: ThrottleDevice): string => `${String(major)}:${String(minor)}`;
  const byDevice = new Map([...current, ...given].map((entry) => [keyOf(entry), entry]));
  return [...byDevice.values()].filter(({ rate }) => rate > 0);
}
