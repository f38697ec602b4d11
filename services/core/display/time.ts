const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * How long ago, in its largest unit, at most five columns up to 27 years: `now`, `12s`, `3m`, `5h`, `2d`.
 * Less than a second, and the future of a clock that is ahead, are `now`.
 *
 * @param ms from then until now.
 */
export function formatAge(ms: number): string {
  if (!(ms >= second)) return 'now';
  if (ms < minute) return `${Math.floor(ms / second)}s`;
  if (ms < hour) return `${Math.floor(ms / minute)}m`;
  if (ms < day) return `${Math.floor(ms / hour)}h`;
  return `${Math.floor(ms / day)}d`;
}

/**
 * How long something took, never rounded up, in one or two units: `0.4s`, `12s`, `1m 05s`, `2h 03m`,
 * `3d 04h`. What ended before it began, by two clocks, took `0.0s`.
 */
export function formatDuration(ms: number): string {
  if (!(ms > 0)) return '0.0s';
  if (ms < 10 * second) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (ms < minute) return `${Math.floor(ms / second)}s`;
  if (ms < hour) return toUnits(ms, minute, 'm', second, 's');
  if (ms < day) return toUnits(ms, hour, 'h', minute, 'm');
  return toUnits(ms, day, 'd', hour, 'h');
}

function toUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)}${largeName} ${String(rest).padStart(2, '0')}${smallName}`;
}
