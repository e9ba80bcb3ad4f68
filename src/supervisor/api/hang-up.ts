import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { addon } from '../../native/addon.js';
import { Fd } from '../../native/fd.js';
import { untilReady } from '../../native/fd-watch.js';

/** Returns the descriptor of a connection, which stays the connection's; `undefined` where it is closed. */
export function socketFd(socket: Socket): number | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } | null };
  return handle?.fd === undefined || handle.fd < 0 ? undefined : handle.fd;
}

/**
 * Returns a signal that is aborted when the client has gone before it was answered.
 *
 * @param readsAll - `false`: its body is read only as fast as somebody else takes it. Then Node does not look at the connection for
 *   as long as that takes, and the kernel is asked: a Unix socket whose peer is gone hangs up, whatever is still in it.
 */
export function watchClient(outgoing: ServerResponse, { readsAll }: { readonly readsAll: boolean }): AbortSignal {
  const gone = new AbortController();
  const over = new AbortController();
  outgoing.once('close', () => {
    over.abort();
    if (!outgoing.writableFinished) gone.abort();
  });
  if (outgoing.destroyed) gone.abort();
  const { socket } = outgoing;
  const fd = readsAll || socket === null ? undefined : socketFd(socket);
  if (fd !== undefined && socket !== null) watchHangUp(fd, socket, over.signal);
  return gone.signal;
}

// A descriptor of its own: libuv has one poll for each. POLLPRI never comes of such a socket, but POLLHUP comes with every poll.
function watchHangUp(fd: number, socket: Socket, signal: AbortSignal): void {
  const own = new Fd(addon.duplicateFd({ fd }));
  untilReady(own.number, 'priority', { signal, ref: false })
    .then(
      () => socket.destroy(),
      () => undefined,
    )
    .finally(() => own.close());
}
