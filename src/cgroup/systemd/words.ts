/**
 * How root lets users' own systemd have controllers: `corral doctor` and the refusal of a limit say the same.
 *
 * @packageDocumentation
 */

/** The file in which root says which controllers users get. @see systemd.unit(5), systemd.resource-control(5) `Delegate=` */
export const DELEGATE_FILE = {
  path: '/etc/systemd/system/user@.service.d/delegate.conf',
  content: '[Service]\nDelegate=cpu cpuset io memory pids\n',
} as const;

/** What makes it count. The second ends the user's sessions; so does a reboot. */
export function delegateCommands(uid: number): readonly [string, string] {
  return ['systemctl daemon-reload', `systemctl restart user@${String(uid)}.service`];
}

/**
 * Returns what root can do about a controller that a cgroup of a user's systemd lacks; `undefined` for any other cgroup.
 *
 * @param path - of the cgroup
 */
export function delegateHint(path: string): string | undefined {
  const [, uid] = /\/user@(\d+)\.service(?:\/|$)/.exec(path) ?? [];
  if (uid === undefined) return undefined;
  const [section, setting] = DELEGATE_FILE.content.trim().split('\n');
  const commands = delegateCommands(Number(uid)).join(' && ');
  return `as root, write "${section ?? ''}" and "${setting ?? ''}" to ${DELEGATE_FILE.path}, then ${commands} (it ends that user's sessions)`;
}
