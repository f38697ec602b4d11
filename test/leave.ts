/*
 * Imported by each of jest's processes. A worker that has nothing left to do leaves at once: node would take its heap
 * down first, which lasts longer than the half second after which jest kills it and speaks of leaks.
 */
if (process.env.JEST_WORKER_ID !== undefined) process.once('beforeExit', () => process.exit());
