import { execFileSync } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The directories of one worker. */
export interface Places {
  readonly bundle: string;
  /** Where `corral-oci` keeps its states. */
  readonly state: string;
  /** What a root file system is made of, by hard links. */
  readonly template: string;
}

/** Makes them, empty but for the template. */
export function makePlaces(top: string): Places {
  const places = { bundle: join(top, 'bundle'), state: join(top, 'state'), template: join(top, 'template') };
  for (const path of [places.bundle, places.template]) mkdirSync(path, { recursive: true });
  for (const file of filesOf('/bin/sh')) copyFile(file, join(places.template, file));
  return places;
}

/** A shell, and what the system's linker loads for it. */
export function filesOf(program: string): readonly string[] {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [program, ...[...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)];
}

function copyFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/**
 * Makes a bundle as new: every case begins with the same files, whatever the ones before have left in theirs.
 *
 * It takes away what is there. Nothing may be mounted below it.
 */
export function prepareBundle({ bundle, template }: Places, config: Uint8Array, files: readonly string[]): void {
  rmSync(bundle, { recursive: true, force: true });
  const root = join(bundle, 'rootfs');
  for (const name of ['proc', 'dev', 'sys', 'tmp', 'etc', 'run']) mkdirSync(join(root, name), { recursive: true });
  for (const file of files) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    linkSync(join(template, file), join(root, file));
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  // What a hostile image has.
  symlinkSync('/etc', join(root, 'link'));
  symlinkSync('../../../..', join(root, 'etc/out'));
  symlinkSync('loop', join(root, 'loop'));
  mkdirSync(join(bundle, 'source'));
  writeFileSync(join(bundle, 'source/inside'), '');
  writeFileSync(join(bundle, 'file'), '');
  writeFileSync(join(bundle, 'config.json'), config);
}
