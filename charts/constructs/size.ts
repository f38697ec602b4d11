/** `"512Mi"` or `"4Gi"` in bytes. */
export function toBytes(size: string): number {
  const [, digits, unit] = size.match(/^(\d+)(Mi|Gi)$/) ?? [];
  if (digits === undefined)
    throw new RangeError(`${size} is not a size; expected one such as "512Mi" or "4Gi"`);
  return Number(digits) * (unit === 'Gi' ? 2 ** 30 : 2 ** 20);
}
