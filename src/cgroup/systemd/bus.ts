/**
 * A connection to a D-Bus peer. This file alone knows the library for it, and is loaded only by who talks to systemd.
 *
 * @packageDocumentation
 */

import { type MessageBus, createClient, messageType } from 'dbus-native';
import type { ManagerSocket } from './sockets.js';

/** A method to call. @see dbus-specification "Method Calls" */
export interface Call {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: readonly unknown[];
}

/** A signal that has come. */
export interface Signal {
  readonly member: string;
  readonly body: readonly unknown[];
}

/** A connection to one peer. */
export interface Bus {
  /** @returns the first value of the answer @throws the peer's error, with its name as `dbusName` */
  readonly call: (call: Call) => Promise<unknown>;
  /** Asks the bus for signals of an interface; a direct peer sends them all. */
  readonly watch: (interfaceName: string, onSignal: (signal: Signal) => void) => Promise<void>;
  /** Ends it. Calls under way fail. */
  readonly close: () => void;
}

/**
 * Connects to a peer.
 *
 * @param peer - its name on the bus
 * @param timeoutMs - how long each call may take
 * @returns the connection; what fails about it fails the calls
 */
export function connect({ path, direct }: ManagerSocket, peer: string, timeoutMs: number): Bus {
  const bus = createClient({ socket: path, direct, authMethods: ['EXTERNAL'], timeout: timeoutMs });
  // Calls under way get the same error, as the cause of theirs.
  bus.connection.on('error', () => undefined);
  const destination = direct ? {} : { destination: peer };
  return {
    call: async (call) => bus.invoke<unknown>({ ...destination, ...call, body: [...call.body] }),
    watch: async (interfaceName, onSignal) => {
      bus.connection.on('message', ({ type, interface: from, member, body }) => {
        if (type === messageType.signal && from === interfaceName && member !== undefined)
          onSignal({ member, body: body ?? [] });
      });
      if (!direct) await bus.addMatch(`type='signal',sender='${peer}',interface='${interfaceName}'`);
    },
    close: () => {
      close(bus);
    },
  };
}

function close(bus: MessageBus): void {
  bus.connection.end();
  // Nobody waits for the other side to say goodbye as well.
  bus.connection.stream.destroy();
}
