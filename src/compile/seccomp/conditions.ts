import type { CheckedRule, Condition } from './check.js';
import type { Graph, Node } from './graph.js';

/** Where `struct seccomp_data` has what. */
export const OFFSET = { number: 0, architecture: 4 } as const;

const lowOf = (index: number): number => 16 + 8 * index;
const highOf = (index: number): number => lowOf(index) + 4;

/** A rule as far as it is about one system call. */
export type CallRule = Pick<CheckedRule, 'returns' | 'alternatives'>;

/** What {@link decide} works with. */
export interface DecideContext {
  readonly graph: Graph;
  /** Arguments have 64 bits; else only the lower 32 count. */
  readonly wide: boolean;
  /** What is done when no rule matches. */
  readonly otherwise: Node;
}

/**
 * Returns what to do about one system call.
 *
 * A rule without conditions beats all that have some, as with libseccomp; of several such, the first counts. Among rules with
 * conditions the first that matches counts.
 */
export function decide(rules: readonly CallRule[], { graph, wide, otherwise }: DecideContext): Node {
  const always = rules.find(({ alternatives }) => alternatives.some((conditions) => conditions.length === 0));
  if (always !== undefined) return graph.return(always.returns);
  const paths = rules.flatMap(({ returns, alternatives }) =>
    alternatives.map((conditions) => ({ returns, conditions })),
  );
  // From the last to the first, so that each knows where to go on when it does not match.
  return paths.reduceRight((fail, { returns, conditions }) => {
    return conditions.reduceRight(
      (match, condition) => compare(condition, { graph, wide, match, fail }),
      graph.return(returns),
    );
  }, otherwise);
}

interface Branches {
  readonly graph: Graph;
  readonly wide: boolean;
  readonly match: Node;
  readonly fail: Node;
}

function compare(condition: Condition, branches: Branches): Node {
  const { match, fail } = branches;
  const opposite = { ...branches, match: fail, fail: match };
  switch (condition.operator) {
    case 'SCMP_CMP_EQ':
      return compareEqual(condition, branches);
    case 'SCMP_CMP_NE':
      return compareEqual(condition, opposite);
    case 'SCMP_CMP_GT':
      return compareOrder(condition, 'greater', branches);
    case 'SCMP_CMP_LE':
      return compareOrder(condition, 'greater', opposite);
    case 'SCMP_CMP_GE':
      return compareOrder(condition, 'greater-or-equal', branches);
    case 'SCMP_CMP_LT':
      return compareOrder(condition, 'greater-or-equal', opposite);
    case 'SCMP_CMP_MASKED_EQ':
      return compareMasked(condition, branches);
  }
}

function compareEqual({ index, value }: Condition, { graph, wide, match, fail }: Branches): Node {
  const [low, high] = [lowOf(index), highOf(index)];
  const lower = graph.jump('equal', value.low, graph.skipLoad(match, low), graph.skipLoad(fail, low));
  if (!wide) return graph.load(low, lower);
  return graph.load(high, graph.jump('equal', value.high, graph.load(low, lower), graph.skipLoad(fail, high)));
}

function compareOrder(
  { index, value }: Condition,
  comparison: 'greater' | 'greater-or-equal',
  { graph, wide, match, fail }: Branches,
): Node {
  const [low, high] = [lowOf(index), highOf(index)];
  const lower = graph.jump(comparison, value.low, graph.skipLoad(match, low), graph.skipLoad(fail, low));
  if (!wide) return graph.load(low, lower);
  // The upper halves decide, unless they are equal.
  const less = graph.jump('equal', value.high, graph.load(low, lower), graph.skipLoad(fail, high));
  return graph.load(high, graph.jump('greater', value.high, graph.skipLoad(match, high), less));
}

// Behind a mask the accumulator holds no word of the arguments any more: nothing can be skipped.
function compareMasked({ index, value, mask }: Condition, { graph, wide, match, fail }: Branches): Node {
  const half = (offset: number, bits: number, wanted: number, next: Node): Node =>
    bits === 0 && wanted === 0 ? next : graph.load(offset, graph.and(bits, graph.jump('equal', wanted, next, fail)));
  const lower = half(lowOf(index), mask.low, value.low, match);
  return wide ? half(highOf(index), mask.high, value.high, lower) : lower;
}
