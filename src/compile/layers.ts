import type { HiddenPath } from '../host/facts.js';
import type { SlotName, Step } from '../plan/steps.js';
import { isWithin } from './questions.js';
import { MOUNT_ATTR, STACKED_OVERLAY, S_IFCHR } from '../util/linux.js';

/** One overlay: a directory of the host below, the container's own writes above. */
export interface Layer {
  /** Names its directories on the stage: unique. */
  readonly name: string;
  /** Where it is mounted. */
  readonly target: string;
  /** The lower directory: relative to the stage, or an absolute path of the host. */
  readonly lower: string;
  /** What of it is not shown; paths of the host below `target`. */
  readonly hidden: readonly HiddenPath[];
  /** Files that are shown instead of the host's: path below `target` → content. */
  readonly files?: Readonly<Record<string, string>>;
  /** Directories that belong to the container's root, whoever owns the host's; paths below `target`. */
  readonly directories?: readonly string[];
  /** It lies on an overlay: the kernel allows no third one on top of it, and its name says so to whoever would try. */
  readonly last?: boolean;
}

/** The tmpfs on which a container's root is put together, and which holds what it writes. */
export const STAGE: SlotName = 'stage';

/**
 * Returns the steps that mount a layer, with the working directory on the stage.
 *
 * What is hidden is hidden by layers, not by mounts on top: `hide` holds whiteouts for directories, `cover` above it the
 * empty stand-ins. Nothing can be unmounted to bring the host's version back.
 *
 * @param root - the slot of the root that `layer.target` is resolved in
 * @param userns - in a user namespace overlayfs keeps its marks in user.* attributes; trusted.* is not for it to write
 */
export function mountLayer(layer: Layer, root: SlotName, target: string, userns: boolean): readonly Step[] {
  const { name, hidden, files = {} } = layer;
  const replaced = [...hidden, ...Object.keys(files), ...(layer.directories ?? [])];
  const directories = hidden.filter(({ kind }) => kind === 'directory');
  const cover = `${name}.cover`;
  const hide = `${name}.hide`;
  const lowers: string[] = [];
  const steps: Step[] = [];
  if (replaced.length > 0) {
    lowers.push(cover);
    steps.push(makeDirectory(cover), ...coverSteps(layer, cover, files));
  }
  if (directories.length > 0) {
    lowers.push(hide);
    steps.push(makeDirectory(hide), ...directories.map(({ path }) => whiteout(`${hide}/${below(layer, path)}`)));
  }
  lowers.push(layer.lower);
  return [
    ...steps,
    makeDirectory(`${name}.upper`),
    makeDirectory(`${name}.work`),
    {
      op: 'mount',
      type: 'overlay',
      source: layer.last === true ? STACKED_OVERLAY : 'overlay',
      options: [
        `lowerdir=${lowers.map(escapeLayer).join(':')}`,
        `upperdir=${escapeLayer(`${name}.upper`)}`,
        `workdir=${escapeLayer(`${name}.work`)}`,
        ...(userns ? ['userxattr'] : []),
      ],
      root,
      target,
      attributes: LAYER_ATTRIBUTES,
      create: 1,
    },
  ];
}

/** Device nodes that lie about on the host's disk stay mere names. */
const LAYER_ATTRIBUTES = MOUNT_ATTR.MOUNT_ATTR_NODEV;

function coverSteps(layer: Layer, cover: string, files: Readonly<Record<string, string>>): readonly Step[] {
  return [
    ...(layer.directories ?? []).map((path) => makeDirectory(`${cover}/${below(layer, path)}`)),
    ...layer.hidden.map(({ path, kind, mode }): Step => {
      const inside = `${cover}/${below(layer, path)}`;
      return kind === 'directory'
        ? { op: 'make-directory', root: STAGE, path: inside, mode }
        : { op: 'make-file', root: STAGE, path: inside, mode, content: '' };
    }),
    ...Object.entries(files).map(([path, content]): Step => ({
      op: 'make-file',
      root: STAGE,
      path: `${cover}/${below(layer, path)}`,
      mode: 0o644,
      content,
    })),
  ];
}

function makeDirectory(path: string): Step {
  return { op: 'make-directory', root: STAGE, path, mode: 0o755 };
}

// A whiteout is a character device 0:0, which anybody may make: overlayfs.rst, "whiteouts and opaque directories".
function whiteout(path: string): Step {
  return { op: 'make-node', root: STAGE, path, mode: S_IFCHR, device: 0 };
}

function below(layer: Layer, path: string): string {
  if (!isWithin(path, layer.target)) throw new Error(`${path} is not below ${layer.target}`);
  return path.slice(layer.target === '/' ? 1 : layer.target.length + 1);
}

// overlayfs splits its list of layers at colons, and takes a backslash as an escape, in all three options.
function escapeLayer(path: string): string {
  return path.replace(/[\\:]/g, '\\$&');
}
