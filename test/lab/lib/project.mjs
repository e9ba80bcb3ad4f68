// The project as guests see it: a copy on a drive of its own.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from './command.mjs';
import { makeExt4 } from './ext4.mjs';

/** The project's folder here. */
export const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

/** Where it is in every guest: a place that every user may enter, whatever the folder is called here. */
export const PROJECT_IN_GUEST = '/corral';

const SPARE_MIB = 1024;

/**
 * Copies the project, with its `node_modules` and what is built, into an image.
 *
 * @param {string} directory where to put it
 * @returns {Promise<string>} path of the image
 */
export async function copyProject(directory) {
  const [size] = (await command('du', ['-sm', PROJECT])).split('\t');
  const image = join(directory, 'project.ext4');
  const make = () => makeExt4(PROJECT, image, Number(size) * 2 + SPARE_MIB);
  // A file may go while it is being copied, of a test that runs at the same time, say.
  await make().catch(make);
  return image;
}
