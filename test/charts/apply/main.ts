/**
 * `npm run test:apply`: what a real API server says to everything that the platform consists of, and to each mistake
 * that a rule of `./bellows check` claims to find; then `--random` more, objects changed at random (`--seed`): what the
 * API server refuses and no rule minds is a hole. Needs KUBECONFIG, of a cluster that is empty and for tests.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { given } from '../../../charts/given.ts';
import { readKinds } from '../../../charts/review/schema/kinds.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';
import { everything, features, otherwise } from '../everything.ts';
import { type Mistake, mistakes } from '../review/mistakes.ts';
import { platformWith, toId } from '../review/world.ts';
import { type ApiServer, type KubeObject, openApiServer, type Verdict } from './api-server.ts';
import { compareAtRandom } from './at-random.ts';
import { readKubeconfig } from './kubeconfig.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const { values } = parseArgs({
  options: {
    random: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
  },
});
const file = process.env.KUBECONFIG ?? '';
if (file === '') {
  process.stdout.write('KUBECONFIG is not set: no API server was asked\n0 passed, 0 failed, 1 skipped\n');
} else {
  const kinds = readKinds();
  const server = await openApiServer(readKubeconfig(file), kinds);
  const made: KubeObject[] = [];
  try {
    process.stdout.write(`API server ${server.version}, schemas of ${kinds.version}\n`);
    await run(server, made);
  } finally {
    // What was there before stays.
    for (const object of made.toReversed()) await server.remove(object);
    server.close();
  }
}

async function run(server: ApiServer, made: KubeObject[]): Promise<void> {
  const objects = platformWith().objects.map(({ object }) => object as KubeObject);
  const crds = readCrds();
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  // Whoever uses this cluster would have these changed, and deleted afterwards.
  for (const object of [...crds, ...namespaces])
    if (await server.exists(object))
      throw new Error(`${toId(object)} exists; expected a cluster for tests, without Bellows, Flux and KEDA`);
  const others = given.flatMap((what) => what.namespaces ?? []).map(toNamespace);
  const first = [...crds, ...others, ...namespaces];
  const results: { what: string; verdict: Verdict; ok: boolean }[] = [];
  for (const object of first) {
    if (!(await server.exists(object))) made.push(object);
    results.push(await applied(server, object));
  }
  const tried: { name: string; mistake: Mistake; verdict: Verdict }[] = [];
  for (const [name, mistake] of Object.entries(mistakes)) {
    const broken = platformWith(mistake.make).objects.map(({ object }) => object as KubeObject);
    const object = broken.findLast((one) => toId(one) === mistake.object);
    if (object === undefined) throw new Error(`${name}: there is no ${mistake.object}`);
    tried.push({ name, mistake, verdict: await settled(() => server.apply(object, { dryRun: true })) });
  }
  // With every feature on, one way and the other; of these nothing is made, since what is there already could not become it.
  const platforms = [everything(), everything(undefined, { ...features, ...otherwise })];
  for (const { objects: all } of platforms.flatMap((platform) => buildPlatform(platform, toUnits)))
    for (const { object } of all) results.push(await applied(server, object as KubeObject, true));
  const misses = await compareAtRandom(server, Number(values.random), Number(values.seed));
  for (const object of objects) {
    // What is in a namespace goes with it.
    if (object.metadata.namespace === undefined && !(await server.exists(object))) made.push(object);
    results.push(await applied(server, object));
  }

  const wrong = results.filter(({ ok }) => !ok);
  for (const { what, verdict } of wrong) process.stdout.write(`${what}: ${verdict.says}: ${verdict.words}\n`);
  process.stdout.write(
    `${results.length} objects applied: ${count(results, 'refuses')} refused, ${count(results, 'warns')} with warnings\n\n`,
  );
  process.stdout.write(toTable(tried));
  const surprises = tried.filter(({ mistake, verdict }) => mistake.server !== verdict.says);
  for (const { name, mistake, verdict } of surprises)
    process.stdout.write(
      `${name}: expected that the API server ${mistake.server}, and it ${verdict.says}: ${verdict.words}\n`,
    );
  for (const { object, way, verdict } of misses)
    process.stdout.write(
      `${object} ${way}: no rule of ours minds, and the API server refuses: ${verdict.words}\n`,
    );
  process.stdout.write(
    `${values.random} changes at random, seed ${values.seed}: ${misses.length} that only the API server refuses\n`,
  );
  const failed = wrong.length + surprises.length + misses.length;
  process.stdout.write(
    `\n${results.length + tried.length + Number(values.random) - failed} passed, ${failed} failed, 0 skipped\n`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

async function applied(server: ApiServer, object: KubeObject, dryRun = false) {
  const verdict = await settled(() => server.apply(object, { dryRun }));
  return { what: toId(object), verdict, ok: verdict.says === 'accepts' };
}

/** A definition that was applied a moment ago is served a moment later, and a namespace gets its account. */
async function settled(ask: () => Promise<Verdict>): Promise<Verdict> {
  for (const end = Date.now() + 10_000; ; ) {
    const verdict = await ask();
    const early = /could not find the requested resource|not found in the cluster|no matches for kind/.test(
      verdict.words,
    );
    if (!early || Date.now() > end) return verdict;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function readCrds(): KubeObject[] {
  const folder = join(root, 'imports', 'schemas');
  return readdirSync(folder)
    .filter((name) => name !== 'kubernetes.json')
    .sort()
    .flatMap((name) => Object.values<KubeObject>(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
}

function toNamespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function count(results: readonly { verdict: Verdict }[], says: Verdict['says']): number {
  return results.filter(({ verdict }) => verdict.says === says).length;
}

function toTable(rows: readonly { name: string; mistake: Mistake; verdict: Verdict }[]): string {
  const lines = rows.map(
    ({ name, mistake, verdict }) =>
      `| ${name} | \`${mistake.rule}\` | ${verdict.says} | ${verdict.words.slice(0, 160).replaceAll('|', '\\|')} |`,
  );
  return `${['| mistake | our rule | API server | its words |', '|---|---|---|---|', ...lines].join('\n')}\n`;
}
