/**
 * 32-bit x86 has two system calls that are many: the first argument says which.
 *
 * @packageDocumentation
 */

/** What socketcall(2) does, in the order of its numbers, from 1 on. @see linux/net.h */
export const SOCKET_CALLS: readonly string[] = [
  'socket',
  'bind',
  'connect',
  'listen',
  'accept',
  'getsockname',
  'getpeername',
  'socketpair',
  'send',
  'recv',
  'sendto',
  'recvfrom',
  'shutdown',
  'setsockopt',
  'getsockopt',
  'sendmsg',
  'recvmsg',
  'accept4',
  'recvmmsg',
  'sendmmsg',
];

/** What ipc(2) does, with its numbers. @see linux/ipc.h */
export const IPC_CALLS: Readonly<Record<string, number>> = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};
