import { closeSync, openSync } from 'node:fs';
import { SyscallError } from '../errors/syscall-error.js';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import { Fd } from '../native/fd.js';
import { describeAct } from '../plan/describe.js';
import type { ParentAct } from '../plan/types.js';
import {
  IFA_F_PERMANENT,
  type LinkAddress,
  type Reply,
  encodeGetAddresses,
  encodeGetLink,
  encodeGetLinks,
  encodeMoveLink,
  encodeNewAddress,
  encodeSetLink,
  parseReplies,
} from '../util/netlink.js';

type Move = Extract<ParentAct, { readonly act: 'move-net-device' }>;

/**
 * Moves a network device of the runtime's network namespace into a container's, where it gets its permanent, global addresses
 * again, and is set up.
 *
 * @param pid - a process that is in that namespace, or is to join it
 * @param namespaceFd - the namespace, where it is to be joined; it stays the caller's
 * @throws SyscallError ENODEV where there is no such device, EEXIST where there is one of its new name
 * @see runtime-spec config-linux.md "Network Devices"
 */
export function moveNetDevice(move: Move, pid: number, namespaceFd: number | undefined): void {
  const action = describeAct(move);
  const opened = namespaceFd === undefined ? openSync(`/proc/${String(pid)}/ns/net`, 'r') : undefined;
  try {
    const target = namespaceFd ?? opened;
    if (target !== undefined) moveInto(target, move, action);
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function moveInto(target: number, { device, name }: Move, action: string): void {
  using outside = new Fd(call(action, () => addon.netlinkSocket({ namespaceFd: -1 })));
  using inside = new Fd(call(action, () => addon.netlinkSocket({ namespaceFd: target })));
  const index = findLink(outside, device, action);
  // Before it is set down: that takes the addresses of IPv6 away.
  const addresses = listAddresses(outside, index, action);
  ask(outside, encodeSetLink(index, false), action);
  const before = listLinks(inside, action);
  ask(outside, encodeMoveLink(index, target, name), action);
  const moved = isTemplate(name) ? findNew(inside, before, action) : findLink(inside, name, action);
  for (const address of addresses) ask(inside, encodeNewAddress({ ...address, index: moved }), action);
  ask(inside, encodeSetLink(moved, true), action);
}

// The kernel puts a number there that makes the name a new one.
function isTemplate(name: string): boolean {
  return name.endsWith('%d');
}

function findLink(socket: Fd, name: string, action: string): number {
  const link = ask(socket, encodeGetLink(name), action).find((reply) => reply.kind === 'link');
  if (link === undefined) throw noDevice(action);
  return link.index;
}

// Its index need not be the one that it had.
function findNew(socket: Fd, before: readonly number[], action: string): number {
  const index = listLinks(socket, action).find((one) => !before.includes(one));
  if (index === undefined) throw noDevice(action);
  return index;
}

function listLinks(socket: Fd, action: string): readonly number[] {
  return ask(socket, encodeGetLinks(), action).flatMap((reply) => (reply.kind === 'link' ? [reply.index] : []));
}

function noDevice(action: string): SyscallError {
  return new SyscallError({ action, syscall: 'recvmsg', errno: ENODEV });
}

const ENODEV = 19;

// What was configured on purpose: what was negotiated, or holds on one link only, means nothing elsewhere.
function listAddresses(socket: Fd, index: number, action: string): readonly LinkAddress[] {
  return ask(socket, encodeGetAddresses(), action).filter(
    (reply) =>
      reply.kind === 'address' && reply.index === index && reply.scope === 0 && (reply.flags & IFA_F_PERMANENT) !== 0,
  ) as readonly (Reply & LinkAddress)[];
}

const MAX_PACKET = 64 * 1024;

// The kernel answers while it is asked: when nothing is left to be read, it has said everything.
function ask(socket: Fd, request: Uint8Array, action: string): readonly Reply[] {
  call(action, () => {
    addon.sendMessage({ fd: socket.number, data: request, fds: [] });
  });
  const replies: Reply[] = [];
  for (;;) {
    const packet = call(action, () => addon.receiveMessage({ fd: socket.number, maxBytes: MAX_PACKET }));
    if (packet === null) return replies;
    for (const reply of parseReplies(packet.data)) {
      if (reply.kind === 'error' && reply.errno !== 0) {
        throw new SyscallError({ action, syscall: 'rtnetlink', errno: reply.errno });
      }
      replies.push(reply);
    }
  }
}
