export interface ByteRange {
  from: number;
  /** Included. */
  to: number;
}

/**
 * What a Range header asks of `size` bytes (RFC 9110, 14.1.2).
 *
 * @returns undefined where it says nothing that we keep (other units, several ranges): all is then right to
 *   send. `none` where it begins behind the end.
 */
export function parseByteRange(header: string | undefined, size: number): ByteRange | 'none' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return size === 0 || Number(last) === 0 ? 'none' : toRange(size - Number(last), size - 1);
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= size) return 'none';
  return toRange(Number(first), last === '' ? size - 1 : Math.min(Number(last), size - 1));
}

function toRange(from: number, to: number): ByteRange {
  return { from: Math.max(0, from), to };
}
