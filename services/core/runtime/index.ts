/** How a process lives: its settings, connections, start and stop. Knows nothing of jobs. */
export * from './config.ts';
export * from './durability.ts';
export * from './durable-redis.ts';
export * from './give-back.ts';
export * from './lifecycle.ts';
export * from './redis.ts';
export * from './redis-health.ts';
export * from './script.ts';
export * from './signal.ts';
export { version } from './version.ts';
