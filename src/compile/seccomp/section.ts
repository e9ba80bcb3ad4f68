import { type Abi, type Architecture, type Multiplexed, X32_BIT, readTable } from './architectures.js';
import type { CheckedProfile, CheckedRule, Condition } from './check.js';
import { type CallRule, OFFSET, decide } from './conditions.js';
import type { Graph, Node } from './graph.js';
import { RET } from './words.js';

/** What is done about the numbers from `first` on, up to the next one. */
interface Range {
  readonly first: number;
  readonly node: Node;
}

/**
 * Returns the part of a filter that is about one architecture: from the number of a system call to what is done about it, by a
 * binary search over ranges of numbers.
 */
export function compileSection(graph: Graph, profile: CheckedProfile, { abis }: Architecture): Node {
  const chosen = abis.filter(({ name }, index) => index === 0 || profile.architectures.includes(name));
  const ranges = chosen.flatMap((abi) => listRanges(graph, profile, abi));
  const refused = abis.length > chosen.length ? refuseX32(graph, profile) : [];
  return graph.load(OFFSET.number, search(graph, [...ranges, ...refused]));
}

// -1 is what a tracer sets to have a call skipped.
function refuseX32(graph: Graph, { defaultReturn }: CheckedProfile): readonly Range[] {
  return [
    { first: X32_BIT, node: graph.return(RET.killProcess) },
    { first: 0xffff_ffff, node: graph.return(defaultReturn) },
  ];
}

function listRanges(graph: Graph, profile: CheckedProfile, abi: Abi): readonly Range[] {
  const { base, size, end, wide } = abi;
  const otherwise = graph.return(profile.defaultReturn);
  const { rules, last } = collectRules(profile, abi);
  // Programs know what to do when a kernel is older than a system call; another errno they would take at its word.
  const newer = isPermissive(profile.defaultReturn) ? otherwise : graph.return(RET.errno | ENOSYS);
  const nodeOf = (number: number): Node => {
    const found = rules.get(number);
    if (found !== undefined) return decide(found, { graph, wide, otherwise });
    return last !== undefined && number > last && number < end ? newer : otherwise;
  };
  const numbers = [...rules.keys()].flatMap((number) => [number, number + 1]);
  const edges = new Set([0, ...(last === undefined ? [] : [last + 1, end]), ...numbers]);
  return [...edges]
    .filter((number) => number < size)
    .sort((a, b) => a - b)
    .map((number) => ({ first: base + number, node: nodeOf(number) }));
}

const ENOSYS = 38;

// Who is let through, watched or not, is answered by the kernel itself; and a tracer can do that, too.
function isPermissive(value: number): boolean {
  const action = value & 0xffff_0000;
  return action === RET.allow || action === RET.log || action === RET.trace;
}

interface CollectedRules {
  readonly rules: ReadonlyMap<number, readonly CallRule[]>;
  /** The largest number that the profile names, special ones left out; `undefined` when it names none. */
  readonly last: number | undefined;
}

/** Finds the rules for each number. A name that there is not on this architecture is left out. */
function collectRules({ rules, named }: CheckedProfile, { table, end, multiplexed }: Abi): CollectedRules {
  const numbers = readTable(table);
  const found = new Map<number, CallRule[]>();
  const add = (name: string, rule: CallRule): void => {
    const number = numbers.get(name);
    if (number === undefined) return;
    const before = found.get(number);
    if (before === undefined) found.set(number, [rule]);
    else before.push(rule);
  };
  for (const rule of rules) {
    for (const name of rule.names) {
      add(name, rule);
      const way = multiplexed?.get(name);
      if (way !== undefined && canMultiplex(rule)) add(way.by, throughMultiplexer(rule, way));
    }
  }
  const known = named.map((name) => numbers.get(name) ?? -1).filter((number) => number >= 0 && number < end);
  return { rules: found, last: known.length === 0 ? undefined : Math.max(...known) };
}

// The arguments are then in memory, where no filter sees them. What is refused on a condition is refused without; what is
// allowed on one is not allowed that way.
function canMultiplex({ returns, alternatives }: CheckedRule): boolean {
  return !isPermissive(returns) || alternatives.some((conditions) => conditions.length === 0);
}

function throughMultiplexer({ returns }: CheckedRule, { selector, mask }: Multiplexed): CallRule {
  const condition: Condition = {
    index: 0,
    operator: 'SCMP_CMP_MASKED_EQ',
    value: { high: 0, low: selector },
    mask: { high: 0, low: mask },
  };
  return { returns, alternatives: [[condition]] };
}

/** Returns a binary search; ranges that do the same are one. */
function search(graph: Graph, ranges: readonly Range[]): Node {
  const distinct = ranges.filter(({ node }, index) => index === 0 || node !== ranges[index - 1]?.node);
  const build = (from: number, to: number): Node => {
    const middle = (from + to) >> 1;
    const range = distinct[middle];
    if (range === undefined) throw new Error('a filter without ranges');
    if (to - from === 1) return range.node;
    return graph.jump('greater-or-equal', range.first, build(middle, to), build(from, middle));
  };
  return build(0, distinct.length);
}
