/** Whole blobs by name. What was put is there after a crash; what was put half is not there at all. */
export interface Store {
  /** For a person: `folder /var/lib/bellows`, `bucket logs at https://s3.example.org`. */
  readonly name: string;
  /** Replaces what was there. @param parts one after the other */
  put(name: string, parts: readonly Uint8Array[], options?: PutOptions): Promise<void>;
  /** Undefined where there is none of this name; shorter where it ends before the range does. */
  get(name: string, range?: Range): Promise<Buffer<ArrayBuffer> | undefined>;
  /** Also where there is none. */
  remove(name: string): Promise<void>;
  /** Everything below a folder, in no order; what comes or goes meanwhile may be missed. */
  list(folder: string): AsyncIterable<Listed>;
}

export interface Listed {
  name: string;
  bytes: number;
  /** When it was put, milliseconds since 1970, by the store's clock. */
  putMs: number;
}

export interface PutOptions {
  /** Nobody waits for the disk: a power cut may leave another blob of this name, or a part of it. @default false */
  mayBeLost?: boolean;
}

export interface Range {
  from: number;
  /** At least 1. */
  length: number;
}

/** The store did not do it, or does not answer; asking again is right. */
export class StoreError extends Error {
  override name = 'StoreError';
}

const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/;
const mostSegments = 8;

/** `logs/0123abcd/1`: parts that mean nothing to a file system or a URL. @throws TypeError */
export function checkName(name: string): string[] {
  const segments = name.split('/');
  if (segments.length > mostSegments || !segments.every((each) => segment.test(each)))
    throw new TypeError(`${JSON.stringify(name)} cannot name a blob`);
  return segments;
}
