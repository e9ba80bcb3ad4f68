import { createHash } from 'node:crypto';

/** The slice in which scopes go where no other is asked for. */
export const DEFAULT_SLICE = 'corral.slice';

/** The slices in which an engine's scopes go where it names none, by whose manager it is. @see opencontainers/runc docs/systemd.md */
export const DEFAULT_SLICES = { system: 'system.slice', user: 'user.slice' } as const;

/** The longest name of a unit. */
const MAX_NAME = 255;

/**
 * Returns the name of a container's scope: `corral-web.scope`. What a unit's name cannot hold is escaped as systemd does it;
 * where that makes it too long, the end is replaced by a digest.
 *
 * @see systemd.unit(5) "String Escaping for Inclusion in Unit Names"
 */
export function scopeName(id: string): string {
  const escaped = [...Buffer.from(id)].map(escapeByte).join('');
  const name = `corral-${escaped}.scope`;
  if (name.length <= MAX_NAME) return name;
  const digest = createHash('sha256').update(id).digest('hex').slice(0, 16);
  const room = MAX_NAME - `corral-.${digest}.scope`.length;
  return `corral-${escaped.slice(0, room)}.${digest}.scope`;
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[a-zA-Z0-9:_.-]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** Tells whether a text is the name of a slice: `foo.slice`, `foo-bar.slice`, or `-.slice`, which holds all others. */
export function isSlice(text: string): boolean {
  return text === '-.slice' || /^[a-zA-Z0-9:_.\\]+(-[a-zA-Z0-9:_.\\]+)*\.slice$/.test(text);
}

/**
 * Returns where the cgroup of a slice is below its manager's: `/a.slice/a-b.slice` for `a-b.slice`.
 *
 * @see systemd.slice(5)
 */
export function slicePath(slice: string): string {
  if (slice === '-.slice') return '';
  const parts = slice.slice(0, -'.slice'.length).split('-');
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}
