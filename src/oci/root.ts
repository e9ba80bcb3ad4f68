/** Where containers are registered unless `--root` says otherwise. */
export function defaultRoot(env: NodeJS.ProcessEnv): string {
  const uid = process.geteuid?.() ?? 0;
  const runtime = env['XDG_RUNTIME_DIR'];
  if (uid === 0) return '/run/corral-oci';
  return runtime?.startsWith('/') === true ? `${runtime}/corral-oci` : `/tmp/corral-oci-${String(uid)}`;
}
