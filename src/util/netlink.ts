/**
 * Messages of rtnetlink(7) as bytes: what it takes to move a network device. In the byte order of the processors that corral knows,
 * which is little-endian.
 *
 * @packageDocumentation
 */

/** rtnetlink(7) types of messages. */
export const RTM = { NEWLINK: 16, GETLINK: 18, NEWADDR: 20, GETADDR: 22 } as const;

/** netlink(7) flags. */
const NLM_F = { REQUEST: 0x01, ACK: 0x04, DUMP: 0x300, EXCL: 0x200, CREATE: 0x400 } as const;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const HEADER_SIZE = 16;
const LINK_SIZE = 16;
const ADDRESS_SIZE = 8;
const ALIGNMENT = 4;

const IFLA_IFNAME = 3;
const IFLA_NET_NS_FD = 28;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
const IFA_FLAGS = 8;
const IFF_UP = 1;

/** rtnetlink(7) flag of an address that does not run out. */
export const IFA_F_PERMANENT = 0x80;

/** An address of a network device. */
export interface LinkAddress {
  /** AF_INET or AF_INET6. */
  readonly family: number;
  readonly prefixLength: number;
  readonly flags: number;
  /** 0 is global. */
  readonly scope: number;
  readonly index: number;
  /** Attributes that say which address it is, by number. */
  readonly attributes: ReadonlyMap<number, Uint8Array>;
}

/** Asks for a device by its name. */
export function encodeGetLink(name: string): Uint8Array {
  return message(RTM.GETLINK, NLM_F.REQUEST, [linkHeader({}), attribute(IFLA_IFNAME, text(name))]);
}

/** Asks for all devices. */
export function encodeGetLinks(): Uint8Array {
  return message(RTM.GETLINK, NLM_F.REQUEST | NLM_F.DUMP, [linkHeader({})]);
}

/** Sets a device up or down. */
export function encodeSetLink(index: number, up: boolean): Uint8Array {
  return message(RTM.NEWLINK, NLM_F.REQUEST | NLM_F.ACK, [
    linkHeader({ index, flags: up ? IFF_UP : 0, change: IFF_UP }),
  ]);
}

/** Moves a device into a network namespace, under another name; the descriptor is that of whoever sends the message. */
export function encodeMoveLink(index: number, namespaceFd: number, name: string): Uint8Array {
  return message(RTM.NEWLINK, NLM_F.REQUEST | NLM_F.ACK, [
    linkHeader({ index }),
    attribute(IFLA_NET_NS_FD, word(namespaceFd)),
    attribute(IFLA_IFNAME, text(name)),
  ]);
}

/** Asks for all addresses of all devices. */
export function encodeGetAddresses(): Uint8Array {
  return message(RTM.GETADDR, NLM_F.REQUEST | NLM_F.DUMP, [new Uint8Array(ADDRESS_SIZE)]);
}

/** Gives a device an address. */
export function encodeNewAddress({ family, prefixLength, scope, index, attributes }: LinkAddress): Uint8Array {
  const header = Buffer.alloc(ADDRESS_SIZE);
  header.set([family, prefixLength, IFA_F_PERMANENT, scope]);
  header.writeUInt32LE(index, 4);
  return message(RTM.NEWADDR, NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL, [
    header,
    ...[...attributes].map(([type, value]) => attribute(type, value)),
  ]);
}

/** One message of the kernel's. */
export type Reply =
  | { readonly kind: 'done' }
  /** 0: it worked. */
  | { readonly kind: 'error'; readonly errno: number }
  | { readonly kind: 'link'; readonly index: number }
  | ({ readonly kind: 'address' } & LinkAddress)
  | { readonly kind: 'other' };

/** Reads what one packet holds. A message that is cut off ends the list. */
export function parseReplies(packet: Uint8Array): readonly Reply[] {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  const replies: Reply[] = [];
  for (let at = 0; at + HEADER_SIZE <= bytes.length;) {
    const size = bytes.readUInt32LE(at);
    if (size < HEADER_SIZE || at + size > bytes.length) break;
    replies.push(parseReply(bytes.readUInt16LE(at + 4), bytes.subarray(at + HEADER_SIZE, at + size)));
    at += align(size);
  }
  return replies;
}

function parseReply(type: number, body: Buffer): Reply {
  if (type === NLMSG_DONE) return { kind: 'done' };
  if (type === NLMSG_ERROR && body.length >= 4) return { kind: 'error', errno: -(body.readUInt32LE(0) | 0) };
  if (type === RTM.NEWLINK && body.length >= LINK_SIZE) return { kind: 'link', index: body.readUInt32LE(4) };
  if (type === RTM.NEWADDR && body.length >= ADDRESS_SIZE) return { kind: 'address', ...parseAddress(body) };
  return { kind: 'other' };
}

function parseAddress(body: Buffer): LinkAddress {
  const [family = 0, prefixLength = 0, shortFlags = 0, scope = 0] = body;
  const all = parseAttributes(body.subarray(ADDRESS_SIZE));
  const flags = all.get(IFA_FLAGS);
  const kept = [IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST].flatMap((type) => {
    const value = all.get(type);
    return value === undefined ? [] : [[type, value] as const];
  });
  return {
    family,
    prefixLength,
    flags: flags === undefined || flags.length < 4 ? shortFlags : flags.readUInt32LE(0),
    scope,
    index: body.readUInt32LE(4),
    attributes: new Map(kept),
  };
}

function parseAttributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const size = bytes.readUInt16LE(at);
    if (size < 4 || at + size > bytes.length) break;
    found.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 4, at + size));
    at += align(size);
  }
  return found;
}

function message(type: number, flags: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32LE(HEADER_SIZE + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  return Buffer.concat([header, body]);
}

function linkHeader({ index = 0, flags = 0, change = 0 }: { index?: number; flags?: number; change?: number }): Buffer {
  const header = Buffer.alloc(LINK_SIZE);
  [index, flags, change].forEach((value, position) => {
    header.writeUInt32LE(value, 4 + position * 4);
  });
  return header;
}

function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(align(4 + value.length));
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

function text(value: string): Uint8Array {
  return Buffer.from(`${value}\0`);
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

function align(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}
