/**
 * For a program that mostly waits: with V8's own choice (16 MiB) the young generation alone grows by 7 MB at
 * rest. The second flag trades speed that it does not need for smaller code and an earlier collection.
 */
export const restingFlags: readonly string[] = ['--max-semi-space-size=2', '--optimize-for-size'];

/**
 * For the api, whose bursts have to be quick: a young generation that holds all that is under way, an old one
 * that grows by half, and the means to give memory back afterwards. Its image says the same (services/api/Containerfile).
 */
export const apiFlags: readonly string[] = [
  '--max-semi-space-size=8',
  '--heap-growing-percent=50',
  '--expose-gc',
];
