/**
 * Returns the unit that has systemd run a supervisor, for root or for a user (`systemctl --user`).
 *
 * It has no `Delegate=`: so each container is a scope of its own, beside it, and what becomes of the unit does not concern that.
 *
 * @param program - the words that start corral
 * @param stateDir - which the supervisor is for; absent: the default
 * @see systemd.service(5), systemd.kill(5)
 */
export function unitFile(kind: 'system' | 'user', program: readonly string[], stateDir: string | undefined): string {
  const words = [...program, 'supervise', '--replace', ...(stateDir === undefined ? [] : ['--state-dir', stateDir])];
  return `[Unit]
Description=corral's supervisor: containers that stay
Documentation=man:systemd.service(5)

[Service]
Type=exec
ExecStart=${words.map(quote).join(' ')}
KillMode=process
Restart=on-failure
RestartSec=1

[Install]
WantedBy=${kind === 'system' ? 'multi-user.target' : 'default.target'}
`;
}

// See systemd.service(5), "Command lines", and the specifiers in systemd.unit(5).
function quote(word: string): string {
  const escaped = word
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('%', '%%')
    .replaceAll('$', () => '$$');
  return /^[\w/.,:=@%+-]+$/.test(word) ? escaped : `"${escaped}"`;
}
