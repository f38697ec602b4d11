/**
 * For programs that mostly wait: with V8's own choice (16 MiB) the young generation alone grows the api by
 * 7 MB at rest, and by far more after a burst.
 */
export const memoryFlags: readonly string[] = ['--max-semi-space-size=2'];
