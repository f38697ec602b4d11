import type { Cron as Croner } from 'croner';
import type { Cron } from '../../core/job/index.ts';

/** When a cron is due, milliseconds since 1970. */
export interface Schedule {
  /** After a moment; undefined: never again. */
  next(after: number): number | undefined;
  /** The newest time until a moment, that moment included. */
  last(until: number): number | undefined;
}

/** It says what is wrong with a schedule, for who wrote it. */
export class ScheduleError extends Error {
  override name = 'ScheduleError';
}

const nicknames = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/i;

/**
 * The five fields of cron(5), with names of months and days, and `L`, `W`, `#` as croner reads them. Where the clocks
 * are put forward, what falls into the hour that is not there is due right after it; where they are put back, it is
 * due once.
 *
 * @throws ScheduleError
 */
export async function parseSchedule({
  schedule,
  timezone,
}: Pick<Cron, 'schedule' | 'timezone'>): Promise<Schedule> {
  if (!nicknames.test(schedule) && schedule.split(' ').length !== 5)
    throw new ScheduleError(
      `"${schedule}" is no schedule: expected five fields (minute, hour, day, month, weekday), such as "0 3 * * 1-5", or @daily`,
    );
  // Nobody needs it who has no crons.
  const { Cron: Library } = await import('croner');
  let cron: Croner;
  try {
    cron = new Library(schedule, { timezone, mode: '5-part', paused: true });
    if (cron.nextRun(new Date()) !== null) return toSchedule(cron);
  } catch (cause) {
    throw new ScheduleError(`"${schedule}" in ${timezone} is no schedule: ${toReason(cause)}`, { cause });
  }
  throw new ScheduleError(`"${schedule}" never comes`);
}

function toSchedule(cron: Croner): Schedule {
  return {
    next: (after) => cron.nextRun(new Date(after))?.getTime(),
    last: (until) => cron.previousRuns(1, new Date(until + 1))[0]?.getTime(),
  };
}

/** The library names its class first, and adds what it was told by others behind the first sentence. */
function toReason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text
    .replace(/^\w+: /, '')
    .replace(/\.\s.*$/s, '')
    .slice(0, 200);
}
