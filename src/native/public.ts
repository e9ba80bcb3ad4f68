/**
 * The kernel's own calls, for those who build something else on them. They come with the kernel's own rules.
 *
 * @packageDocumentation
 */

export type { WaitResult } from './addon.js';
export type { WatchOptions } from './fd-watch.js';
export { clone3, type CloneOptions, setns, unshare } from './lowlevel.js';
export { Pidfd } from './pidfd.js';
export { CLONE, type CloneFlag } from '../util/linux.js';
