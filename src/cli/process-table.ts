import type { ProcessInfo } from '../container/processes.js';
import { formatDuration } from '../util/duration.js';
import { formatSize } from '../util/size.js';
import { quoteCommand } from './quote.js';
import type { Column } from './table.js';

/** The table of a container's processes. PID, USER: as the host numbers them; INSIDE: as the container does. */
export const PROCESS_COLUMNS: readonly Column<ProcessInfo>[] = [
  { title: 'PID', align: 'right', cell: ({ pid }) => String(pid) },
  { title: 'INSIDE', align: 'right', cell: ({ pidInside }) => format(pidInside) },
  { title: 'USER', align: 'right', cell: ({ uid }) => String(uid), optional: true },
  { title: 'INSIDE', align: 'right', cell: ({ uidInside }) => format(uidInside) },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'CPU', align: 'right', cell: ({ cpuMs }) => formatDuration(cpuMs) },
  { title: 'MEMORY', align: 'right', cell: ({ memoryBytes }) => formatSize(memoryBytes) },
  { title: 'COMMAND', cell: ({ command }) => quoteCommand(command), min: 12 },
];

function format(id: number | undefined): string {
  return id === undefined ? '-' : String(id);
}
