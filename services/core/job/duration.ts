const units: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** Milliseconds of `90s`, `30m`, `1h30m`, `2h 05m`; undefined for anything else, and for nothing. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,6}d)? ?(?:\d{1,6}h)? ?(?:\d{1,6}m)? ?(?:\d{1,6}s)?$/.test(text)) return undefined;
  const parts = text.match(/\d+[dhms]/g) ?? [];
  const ms = parts.reduce(
    (sum, part) => sum + Number.parseInt(part, 10) * (units[part.at(-1) ?? ''] ?? 0),
    0,
  );
  return ms > 0 ? ms : undefined;
}
