/** `npm run bench -- <name> [options]`: measures, prints a table, asserts nothing. */
const benches: Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>> = {
  agent: () => import('./agent.ts'),
  api: () => import('./api.ts'),
  cache: () => import('./cache.ts'),
  checks: () => import('./checks.ts'),
  queue: () => import('./queue.ts'),
  synth: () => import('./synth.ts'),
};

const [name = '', ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(`Which one? npm run bench -- ${Object.keys(benches).join(' | ')}\n`);
  process.exitCode = 2;
} else {
  await (await bench()).run(args);
}
