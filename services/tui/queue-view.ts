import { formatAge, toColumns, toDisplay } from '../core/display/index.ts';
import type { QueueEntry } from '../core/job/index.ts';
import { toCell, toStateText } from './jobs-view.ts';
import { type Line, span } from './line.ts';
import { type Look, toStateStyle } from './look.ts';
import { toList } from './rows.ts';
import type { State } from './state.ts';
import { styles } from './style.ts';

const placeColumns = 6;
const stateColumns = 11;
const ageColumns = 5;

/** What waits: first in the order of claiming, then what cannot be claimed, with its reason. */
export function toQueueView(state: State, height: number, now: number, look: Look): Line[] {
  const { columns } = state.size;
  const free = Math.max(0, columns - 2 - placeColumns - stateColumns - ageColumns);
  const pool = Math.min(14, Math.floor(free * 0.2));
  const name = Math.min(44, Math.floor(free * 0.4));
  const heading = `  ${'PLACE'.padEnd(placeColumns)}${'STATE'.padEnd(stateColumns)}${toCell('POOL', pool)}${toCell('REPOSITORY', name)}${toCell('WHY', free - pool - name)}${'AGE'.padStart(ageColumns - 1)}`;
  const toRow = (entry: QueueEntry): Line => {
    const { job } = entry;
    const repository = job.spec.repository.slice(job.spec.repository.indexOf('/') + 1);
    return [
      span((entry.place === undefined ? '' : String(entry.place)).padEnd(placeColumns)),
      span(toColumns(toStateText(job, look), stateColumns), toStateStyle(job.state)),
      span(toCell(toDisplay(job.pool), pool, look.more)),
      span(toCell(toDisplay(`${repository} ${job.spec.branch}`), name, look.more)),
      span(toCell(toDisplay(toWhy(entry)), free - pool - name, look.more), styles.dim),
      span(formatAge(now - (job.queuedAt ?? job.createdAt)).padStart(ageColumns - 1), styles.dim),
    ];
  };
  return toList(state, height, look, {
    heading,
    rows: state.queue?.jobs.map(toRow),
    none: 'Nothing waits.',
  });
}

function toWhy({ job, place, class: priority }: QueueEntry): string {
  if (job.reason !== undefined) return job.reason;
  return place === undefined ? '' : `class ${priority}`;
}
