// Turns the plan of `corral run -- true` into C: plan.inc, which floor.c includes.
//
// So the floor has the mounts, masks and hidden files of this host, and stays the floor when corral's defaults change. A step
// that it cannot translate is an error: the floor must never do less than corral does.
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MOUNT_ATTR_IDMAP = 0x100000;
const MOUNT_ATTR_STRICTATIME = 0x20;
const MS_STRICTATIME = 1 << 24;
const SAME_IN_BOTH = 0xf; // RDONLY, NOSUID, NODEV, NOEXEC

/**
 * Returns the text of plan.inc.
 *
 * @param {object} full - `corral plan --json -- true`
 * @param {object} cgroupOnly - the same with `--isolation cgroup --no-init`
 */
export function generateFloorPlan(full, cgroupOnly) {
  if (full.cgroup.v1.length > 0 || full.cgroup.v2.writes.length > 0) {
    throw new Error('the floor knows no limits: the plan of the benchmark must have none');
  }
  const translation = new Translation(full);
  const split = full.steps.findIndex(({ op }) => op === 'stay-as-init');
  if (split === -1) throw new Error('the plan has no stay-as-init');
  const init = full.steps.slice(0, split).flatMap((step) => translation.translate(step));
  const workload = full.steps.slice(split + 1).flatMap((step) => translation.translate(step));
  const child = cgroupOnly.steps.flatMap((step) => new Translation(cgroupOnly).translate(step));
  const { uids, gids } = full.idMaps;
  return [
    `#define FLOOR_CLONE_FLAGS (${full.clone.flags.join(' | ')})`,
    `#define FLOOR_UID_MAP ${quote(mapText(uids))}`,
    `#define FLOOR_GID_MAP ${quote(mapText(gids))}`,
    `#define FLOOR_CGROUP_BASE ${quote(dirname(dirname(full.cgroup.v2.path)))}`,
    `#define FLOOR_EXECUTABLE ${quote(findExecutable(full))}`,
    `#define LAST_CAPABILITY ${lastCapability()}`,
    ...treeTable(full, translation.treeAttributes),
    ...cFunction('static void plan_init(const int *trees)', init),
    ...cFunction('static void plan_workload(void)', workload),
    ...cFunction('static inline void plan_cgroup_child(void)', child),
    '',
  ].join('\n');
}

function treeTable(plan, attributes) {
  const trees = plan.fds.filter(({ kind }) => kind === 'tree');
  const lines = trees.map(({ slot, path, idmap, recursive }) => {
    if (recursive) throw new Error(`the floor cannot clone ${path} recursively`);
    return `    {${quote(path)}, ${(idmap ? MOUNT_ATTR_IDMAP : 0) | (attributes.get(slot) ?? 0)}},`;
  });
  return [`#define TREE_COUNT ${trees.length}`, 'static const struct Tree kTrees[TREE_COUNT] = {', ...lines, '};'];
}

function cFunction(signature, lines) {
  return [`${signature} {`, ...lines.map((line) => `  ${line};`), '}'];
}

function mapText(ranges) {
  return ranges.map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}\n`).join('');
}

function lastCapability() {
  return Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
}

function findExecutable({ steps }) {
  const { file, path } = steps.find(({ op }) => op === 'find-executable');
  const found = file.includes('/') ? [file] : path.split(':').map((directory) => join(directory, file));
  const first = found.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
  if (first === undefined) throw new Error(`${file} is no program`);
  return first;
}

// The step after which a phase ends, in the order of floor.c.
const STAMP_BEFORE = { 'mask-path': 'kMountsMade', 'pivot-root': 'kMasked', 'set-umask': 'kNamed' };

/** One plan's steps as C calls; it remembers what stands where meanwhile. */
class Translation {
  treeAttributes = new Map();
  #plan;
  #opened = new Map(); // slot → path of the host
  #made = new Set();
  #stamped = new Set();
  #rootMade = false;

  constructor(plan) {
    this.#plan = plan;
  }

  /** @returns {string[]} */
  translate(step) {
    const translate = TRANSLATE[step.op];
    if (translate === undefined) throw new Error(`the floor does not know the step ${step.op}`);
    return [...this.#stamps(step), ...translate.call(this, step)];
  }

  #stamps({ op, root, target }) {
    const stamps = [];
    if (!this.#rootMade && op === 'mount' && root === 'root' && target === '/proc') {
      this.#rootMade = true;
      stamps.push('stamp(kRootMade)');
    }
    if (op in STAMP_BEFORE && this.#plan.idMaps !== undefined && !this.#stamped.has(op)) {
      this.#stamped.add(op);
      stamps.push(`stamp(${STAMP_BEFORE[op]})`);
    }
    // Named from the hostname on; what comes before it belongs to the pivot.
    if (op === 'set-hostname') stamps.push('stamp(kPivoted)');
    return stamps;
  }

  openSlot(slot, path) {
    this.#opened.set(slot, path);
  }

  sourceOf(slot) {
    return this.#opened.get(slot);
  }

  treeIndex(slot) {
    return this.#plan.fds.filter(({ kind }) => kind === 'tree').findIndex((fd) => fd.slot === slot);
  }

  /** The path as seen with the stage as working directory, where the new root is `root`. */
  path(root, path) {
    if (root === undefined) return path;
    return root === 'root' && path.startsWith('/') ? `root${path}` : path;
  }

  /** mkdir for the parents that nobody has made, and for the path itself where it is a directory. */
  makeParents(path) {
    const parent = dirname(path);
    if (parent === '.' || this.exists(parent)) return [];
    return [...this.makeParents(parent), ...this.make(parent, `make_directory(${quote(parent)}, 0755)`)];
  }

  make(path, ...calls) {
    this.#made.add(path);
    return calls;
  }

  exists(path) {
    if (this.#made.has(path)) return true;
    // What the new root shows is what the host has, but for /dev, which starts empty.
    return path.startsWith('root/') && !path.startsWith('root/dev/') && existsSync(path.slice('root'.length));
  }

  makeDirectory(path) {
    if (this.exists(path)) return [];
    return [...this.makeParents(path), ...this.make(path, `make_directory(${quote(path)}, 0755)`)];
  }
}

/** For each step of src/plan/steps.ts that the default plan has, what it is in plain C. */
const TRANSLATE = {
  'set-user': ({ uid, gid }) => [`set_user(${uid}, ${gid})`],
  'set-propagation': ({ path }) => [`make_private(${quote(path)})`],
  'open-tree'({ path, tree }) {
    this.openSlot(tree, path);
    return [];
  },
  // /tmp is where the stage is: it is the working directory from here on.
  'open-directory'({ root, path, directory }) {
    this.openSlot(directory, path);
    return root === undefined ? [`change_directory(${quote(path)})`] : [];
  },
  'change-directory': ({ root, path }) => (root === undefined ? [`change_directory(${quote(path)})`] : []),
  mount({ type, source, options, root, target, attributes, create }) {
    const path = this.path(root, target);
    const made = create === 1 ? this.makeMountPoint(path) : [];
    const words = [type, source, path].map(quote).join(', ');
    return [...made, `mount_new(${words}, ${toFlags(attributes)}, ${quote(options.join(','))})`];
  },
  'attach-mount'({ tree, root, target, attributes }) {
    const path = this.path(root, target);
    const index = this.treeIndex(tree);
    if (index >= 0) {
      this.treeAttributes.set(tree, attributes);
      return [...this.makeDirectory(path), `attach_tree(trees[${index}], ${quote(path)})`];
    }
    if (attributes !== 0) throw new Error(`the floor cannot set attributes on ${target}`);
    return [
      ...this.make(path, `make_file(${quote(path)}, 0644, "")`),
      `bind_file(${quote(this.sourceOf(tree))}, ${quote(path)})`,
    ];
  },
  'make-directory'({ root, path, mode }) {
    const at = this.path(root, path);
    return [...this.makeParents(at), ...this.make(at, `make_directory(${quote(at)}, ${octal(mode)})`)];
  },
  'make-file'({ root, path, mode, content }) {
    const at = this.path(root, path);
    return [...this.makeParents(at), ...this.make(at, `make_file(${quote(at)}, ${octal(mode)}, ${quote(content)})`)];
  },
  'make-node'({ root, path, mode, device }) {
    const at = this.path(root, path);
    return [...this.makeParents(at), ...this.make(at, `make_node(${quote(at)}, ${octal(mode)}, ${device})`)];
  },
  'make-symlink'({ root, path, target }) {
    const at = this.path(root, path);
    return this.make(at, `make_symlink(${quote(at)}, ${quote(target)})`);
  },
  'mask-path'({ root, path }) {
    if (!existsSync(path)) return [];
    return [`${statSync(path).isDirectory() ? 'mask_directory' : 'mask_file'}(${quote(this.path(root, path))})`];
  },
  'read-only-path': ({ path }) => (existsSync(path) ? [`make_read_only(${quote(path)})`] : []),
  'pivot-root': () => ['pivot_into("root")'],
  'set-hostname': ({ name }) => [`set_hostname(${quote(name)})`],
  'bring-up-loopback': () => ['bring_up_loopback()'],
  'set-umask': () => [],
  'new-session': () => ['start_session()'],
  'set-standard-streams': () => ['set_streams(kNull)'],
  'find-executable': () => [],
  'set-parent-death-signal': ({ signal }) => [`set_parent_death_signal(${signal})`],
  'set-oom-score-adj': ({ value }) => [`set_oom_score_adj("${value}")`],
  'set-rlimit': ({ resource, soft, hard }) => [`set_limit(${resource}, ${soft}u, ${hard}u)`],
  'set-bounding-capabilities'({ keep }) {
    const dropped = [];
    for (let capability = 0n; capability <= BigInt(lastCapability()); capability++) {
      if (((BigInt(keep) >> capability) & 1n) === 0n) dropped.push(`drop_bounding(${capability})`);
    }
    return dropped;
  },
  'set-capabilities': ({ effective, permitted, inheritable }) => [
    `set_capabilities(${effective}u, ${permitted}u, ${inheritable}u)`,
  ],
  'set-no-new-privileges': () => ['set_no_new_privileges()'],
  'close-descriptors': ({ first }) => [`close_descriptors(${first})`],
  'set-seccomp': ({ program, flags }) => {
    const bytes = Buffer.from(program, 'base64');
    return [`set_seccomp((const unsigned char[]){${[...bytes].join(',')}}, ${bytes.length}, ${flags}u)`];
  },
  exec: () => [],
};

Translation.prototype.makeMountPoint = Translation.prototype.makeDirectory;

function toFlags(attributes) {
  const rest = attributes & ~(SAME_IN_BOTH | MOUNT_ATTR_STRICTATIME);
  if (rest !== 0) throw new Error(`the floor does not know the mount attributes ${attributes.toString(16)}`);
  return (attributes & SAME_IN_BOTH) | ((attributes & MOUNT_ATTR_STRICTATIME) === 0 ? 0 : MS_STRICTATIME);
}

function octal(mode) {
  return `0${mode.toString(8)}`;
}

// JSON's escapes are C's, for the text that plans have.
function quote(text) {
  return JSON.stringify(text);
}
