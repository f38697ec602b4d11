const units = ['kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units, never rounded up: `512 B`, `4.2 kB`, `96 MB`. */
export function formatBytes(bytes: number): string {
  if (!(bytes >= 1000)) return `${Math.max(0, Math.floor(bytes) || 0)} B`;
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  const shown = value < 10 ? (Math.floor(value * 10) / 10).toFixed(1) : String(Math.floor(value));
  return `${shown} ${units[power - 1]}`;
}
