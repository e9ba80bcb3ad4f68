import type { EntryKind } from './tree.js';

/** What is known of the two ends before a copy begins. */
export interface Ends {
  readonly source: {
    readonly kind: EntryKind;
    /** Its last name; empty for `/`. */
    readonly name: string;
    /** Only what is in it was asked for: `dir/.` */
    readonly contentsOnly: boolean;
  };
  readonly target: {
    /** What is there now, links followed; absent: nothing. */
    readonly kind?: EntryKind;
    readonly name: string;
    /** It was written with a slash at its end: it has to be a directory. */
    readonly slash: boolean;
  };
}

/**
 * Where a copy goes: to a name beside the target, that is in place of it; to a name in it; the contents into it. Or why it
 * goes nowhere.
 */
export type Destination =
  | { readonly to: 'beside'; readonly name: string }
  | { readonly to: 'inside'; readonly name: string }
  | { readonly to: 'contents' }
  | { readonly to: 'nowhere'; readonly errno: 'ENOENT' | 'ENOTDIR'; readonly hint: string };

/**
 * Says where a copy goes, by the rules of docker and podman.
 *
 * @see docker container cp, "Description"
 */
export function selectDestination({ source, target }: Ends): Destination {
  const contentsOnly = source.contentsOnly || source.name === '';
  if (source.kind === 'directory') {
    if (target.kind === undefined) return { to: 'beside', name: target.name };
    if (target.kind !== 'directory') {
      return { to: 'nowhere', errno: 'ENOTDIR', hint: 'a directory cannot be copied to what is none' };
    }
    return contentsOnly ? { to: 'contents' } : { to: 'inside', name: source.name };
  }
  if (target.kind === 'directory') return { to: 'inside', name: source.name };
  if (target.kind === undefined && target.slash) {
    return { to: 'nowhere', errno: 'ENOENT', hint: 'with a slash at its end it has to be a directory that is there' };
  }
  if (target.slash)
    return { to: 'nowhere', errno: 'ENOTDIR', hint: 'with a slash at its end it has to be a directory' };
  return { to: 'beside', name: target.name };
}

/** A path as it was typed, in its parts. */
export interface TypedPath {
  /** As it was typed. */
  readonly text: string;
  /** Absolute, without `.`, `..` and slashes at the end. */
  readonly path: string;
  /** The path of what holds it. */
  readonly parent: string;
  /** Its last name; empty for `/`. */
  readonly name: string;
  /** It ended with a slash. */
  readonly slash: boolean;
  /** It ended with `/.`, or was `.`. */
  readonly contentsOnly: boolean;
}

/** Takes a path apart. @param resolve - makes it absolute and plain */
export function parseTypedPath(text: string, resolve: (path: string) => string): TypedPath {
  const path = resolve(text);
  const end = path.lastIndexOf('/');
  return {
    text,
    path,
    parent: path.slice(0, end) || '/',
    name: path.slice(end + 1),
    slash: text.endsWith('/'),
    contentsOnly: text === '.' || text.endsWith('/.'),
  };
}
