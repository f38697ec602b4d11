export class PktLineError extends Error {
  override name = 'PktLineError';
}

/**
 * Cuts git's pkt-lines (gitprotocol-common(5)): four hex digits of length, themselves included, then the
 * data; `0000` is a flush and carries nothing.
 *
 * @throws PktLineError when a length is not one, or points past the end.
 */
export function parsePktLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const digits = bytes.toString('latin1', at, at + 4);
    const length = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (length === 0) {
      at += 4;
      continue;
    }
    if (!(length >= 4) || at + length > bytes.length)
      throw new PktLineError(`byte ${at}: "${encodeURIComponent(digits)}" is not the length of a line`);
    lines.push(bytes.subarray(at + 4, at + length));
    at += length;
  }
  return lines;
}
