import type { ContainerTree } from '../../container/tree.js';

/** One line of a tree: a container, and the branches before its name. */
export interface Row {
  readonly branches: string;
  readonly container: ContainerTree;
}

/** Returns the lines of a tree, each container before those that it holds. */
export function listRows(containers: readonly ContainerTree[]): readonly Row[] {
  return containers.flatMap((container) => [{ branches: '', container }, ...listBelow(container, '')]);
}

function listBelow({ containers }: ContainerTree, before: string): readonly Row[] {
  return containers.flatMap((container, index) => {
    const isLast = index === containers.length - 1;
    return [
      { branches: `${before}${isLast ? '└─ ' : '├─ '}`, container },
      ...listBelow(container, `${before}${isLast ? '   ' : '│  '}`),
    ];
  });
}
