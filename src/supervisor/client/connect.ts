import { Client } from './client.js';
import { type ConnectOptions, findSocket } from './find-socket.js';
import { SocketAddress } from './socket-address.js';
import { startSupervisor } from './start-supervisor.js';
import { Transport } from './transport.js';

/** Does what `connect` of the library does. */
export async function openClient(options: ConnectOptions = {}): Promise<Client> {
  const { path, isGiven } = findSocket(options, process.geteuid?.() ?? 0, process.env);
  const starts = options.start !== false && !isGiven;
  const transport = new Transport(
    new SocketAddress(path),
    starts ? () => startSupervisor({ stateDir: options.stateDir }) : undefined,
  );
  await transport.ask('ping');
  return new Client(transport);
}
