import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const APPLETS =
  'cat,chmod,echo,env,false,grep,head,hostname,id,kill,ls,mkdir,mount,ps,readlink,rm,sh,sleep,stat,stty,tail,test,touch,true,tty,ulimit,uname,wc';

/** Makes a root file system of nothing but busybox. @returns its path */
export function makeRootfs(parent: string): string {
  const root = join(parent, 'rootfs');
  for (const path of ['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'tmp'])
    mkdirSync(join(root, path), { recursive: true });
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  copyFileSync(busybox, join(root, 'bin/busybox'));
  for (const name of APPLETS.split(',')) symlinkSync('busybox', join(root, 'bin', name));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:ann:/tmp:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nann:x:1000:\nwheel:x:10:ann\n');
  return root;
}

/** Packs it. @returns the path of the tar file */
export function packRootfs(parent: string): string {
  const archive = join(parent, 'rootfs.tar');
  execFileSync('tar', ['-C', makeRootfs(parent), '-cf', archive, '.']);
  return archive;
}
