// Drives for guests.
import { rm } from 'node:fs/promises';
import { command } from './command.mjs';

/**
 * Makes an ext4 image of a directory, owned as the directory's files are.
 *
 * @param {string} source
 * @param {string} image
 * @param {number} sizeMiB
 */
export async function makeExt4(source, image, sizeMiB) {
  await rm(image, { force: true });
  await command('truncate', ['-s', `${sizeMiB}M`, image]);
  await command('mkfs.ext4', ['-q', '-O', '^has_journal', '-m', '0', '-E', 'lazy_itable_init=1', '-d', source, image]);
}
