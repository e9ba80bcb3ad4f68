import type { Step } from '../plan/steps.js';
import { ANNOTATIONS, HOST_OVERLAY } from '../spec/annotations.js';
import { AT_RECURSIVE, MOUNT_ATTR } from '../util/linux.js';
import type { Context, Part } from './context.js';
import { hasNamespace, kernelAtLeast } from './questions.js';
import { hostOverlay, hostOverlayUnprivileged } from './host-overlay.js';
import { whyNotIdmapped } from './idmap.js';
import { STAGE } from './layers.js';
import { NOTES } from './notes.js';
import { ROOT } from './stage.js';

/** The root filesystem, mounted on the stage and opened as {@link ROOT}. */
export function compileRootfs(context: Context): Part {
  if (!isHostOverlay(context)) return directory(context);
  const files = generatedFiles(context);
  const part = context.facts.caller.privileged ? hostOverlay(context, files) : hostOverlayUnprivileged(context, files);
  return { ...part, notes: [...opaqueNotes(context), ...(part.notes ?? [])] };
}

// overlayfs marks a directory that replaces a lower one by an attribute, and in a user namespace that is a user.* one.
function opaqueNotes({ spec, facts }: Context): readonly string[] {
  if (!hasNamespace(spec, 'user') || kernelAtLeast(facts, [6, 6])) return [];
  return [NOTES.noOpaqueDirectories()];
}

/** Tells whether the root filesystem is the throw-away overlay of the host's own. */
export function isHostOverlay({ spec }: Context): boolean {
  return spec.annotations[ANNOTATIONS.rootfs] === HOST_OVERLAY;
}

// Its own name must be known inside: sudo, hostname -f and many a server look themselves up.
function generatedFiles({ spec, facts }: Context): Readonly<Record<string, string>> {
  const { hostname } = spec;
  return {
    ...(hostname === undefined
      ? {}
      : {
          '/etc/hostname': `${hostname}\n`,
          '/etc/hosts': `127.0.0.1\tlocalhost ${hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n`,
        }),
    ...(hasNamespace(spec, 'network') || facts.resolvConf === undefined
      ? {}
      : { '/etc/resolv.conf': facts.resolvConf }),
  };
}

function directory({ spec, facts, ids }: Context): Part {
  const { path } = spec.root;
  const slot = 'rootfs';
  const steps: readonly Step[] = [
    {
      op: 'attach-mount',
      tree: slot,
      root: STAGE,
      target: 'root',
      attributes: MOUNT_ATTR.MOUNT_ATTR_NODEV,
      recursive: 1,
      create: 1,
    },
    { op: 'open-directory', root: STAGE, path: 'root', directory: ROOT },
  ];
  if (!facts.caller.privileged) {
    return { open: [{ op: 'open-tree', path, flags: AT_RECURSIVE, tree: slot }], steps };
  }
  const refusal = ids.shifted ? whyNotIdmapped(facts, path, { recursive: true, overlay: false }) : undefined;
  return {
    fds: [{ slot, kind: 'tree', path, recursive: true, idmap: ids.shifted && refusal === undefined }],
    steps,
    notes: refusal === undefined ? [] : [NOTES.ownedByNobody(path, refusal)],
  };
}

/**
 * Makes the root filesystem read-only, once everything that needs a place in it has one.
 *
 * @param steps - those that put it together: its layers are several mounts where the host's root is
 */
export function compileReadonlyRoot({ spec }: Context, steps: readonly Step[]): readonly Step[] {
  if (spec.root.readonly !== true) return [];
  const layers = steps.flatMap((step) =>
    step.op === 'mount' && step.type === 'overlay' && step.root === ROOT ? [step.target] : [],
  );
  return ['/', ...layers].map((target) => ({
    op: 'set-mount-attributes',
    root: ROOT,
    target,
    set: MOUNT_ATTR.MOUNT_ATTR_RDONLY,
    clear: 0,
    recursive: 0,
  }));
}
