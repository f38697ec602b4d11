import type * as z from 'zod';
import type { Path, YamlValue } from '../document.ts';
import { GlobError } from '../glob.ts';
import { toPathFilter } from '../path-filter.ts';
import type { SecretUse, StepKind } from '../plan.ts';
import { type Kind, kindSchemas } from '../schema/kinds.ts';
import type { StepFile } from '../schema/step.ts';
import { toFolder } from './folder.ts';
import { toFirstError } from './problem.ts';
import type { Reader } from './reader.ts';

/** Keys that say what the agent itself leaves no choice about. */
const foreign = ['image', 'commands', 'entrypoint', 'environment', 'detach', 'backend_options'] as const;

/** A step that the agent runs itself. */
export function toKind(
  reader: Reader,
  kind: Kind,
  step: StepFile,
  name: string,
  path: Path,
): StepKind & { secrets?: SecretUse[] } {
  for (const key of foreign)
    if (step[key] !== undefined)
      reader.failAtKey(
        [...path, key],
        `a step of kind ${kind} has no ${key}`,
        'its settings say what it does',
      );
  const place = [...path, 'settings'];
  if (step.settings === undefined)
    return reader.fail(
      path,
      `step ${JSON.stringify(name)} has no settings`,
      `a step of kind ${kind} needs them`,
    );
  if (kind === 'image') return toImage(reader, parse('image', reader, step.settings, place), place);
  if (kind === 'artifacts')
    return { kind, settings: toArtifacts(reader, parse('artifacts', reader, step.settings, place), place) };
  const { junit, coverage } = parse('reports', reader, step.settings, place);
  return {
    kind,
    settings: {
      junit: toPatterns(reader, junit, [...place, 'junit']),
      coverage: toPatterns(reader, coverage, [...place, 'coverage']),
    },
  };
}

function parse<K extends Kind>(
  kind: K,
  reader: Reader,
  settings: Record<string, unknown>,
  path: Path,
): z.infer<(typeof kindSchemas)[K]> {
  const parsed = kindSchemas[kind].safeParse(settings);
  if (!parsed.success) throw toFirstError(parsed.error.issues, reader.document, path);
  return parsed.data as z.infer<(typeof kindSchemas)[K]>;
}

function toImage(
  reader: Reader,
  given: z.infer<(typeof kindSchemas)['image']>,
  path: Path,
): StepKind & { secrets?: SecretUse[] } {
  const text = (key: 'repo' | 'registry' | 'target', fallback = '') =>
    reader.text(given[key] ?? fallback, [...path, key]);
  const secrets = (['username', 'password'] as const).flatMap((variable) => {
    const value = given[variable] as YamlValue | undefined;
    if (typeof value !== 'object' || Array.isArray(value)) return [];
    const position = reader.positionOf([...path, variable, 'from_secret']);
    return [{ variable, secret: String(value.from_secret), position }];
  });
  const target = text('target');
  const { username } = given;
  return {
    kind: 'image',
    settings: {
      repo: toWhole(text('registry'), text('repo')),
      tags: given.tags === undefined ? ['latest'] : toTexts(reader, given.tags, [...path, 'tags']),
      dockerfile: toFolder(reader, given.dockerfile ?? 'Dockerfile', [...path, 'dockerfile']),
      context: toFolder(reader, given.context, [...path, 'context']),
      ...(target === '' ? {} : { target }),
      platforms: toTexts(reader, given.platforms, [...path, 'platforms']),
      buildArgs: Object.fromEntries(
        Object.entries(given.build_args ?? {}).map(([name, value]) => [
          name,
          reader.text(value, [...path, 'build_args', name]),
        ]),
      ),
      cache: given.cache ?? true,
      push: given.push ?? true,
      ...(typeof username === 'string' ? { username: reader.text(username, [...path, 'username']) } : {}),
    },
    ...(secrets.length === 0 ? {} : { secrets }),
  };
}

/** As the usual plugin has it: a registry beside a name that may begin with it. */
function toWhole(registry: string, repo: string): string {
  const host = registry.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  return host === '' || repo.startsWith(`${host}/`) ? repo : `${host}/${repo}`;
}

function toArtifacts(reader: Reader, given: z.infer<(typeof kindSchemas)['artifacts']>, path: Path) {
  return {
    ...(given.name === undefined ? {} : { name: reader.text(given.name, [...path, 'name']) }),
    paths: toPatterns(reader, given.paths, [...path, 'paths']),
    exclude: toPatterns(reader, given.exclude, [...path, 'exclude']),
  };
}

function toTexts(reader: Reader, given: string | string[] | undefined, path: Path): string[] {
  if (given === undefined) return [];
  if (typeof given === 'string') return [reader.text(given, path)];
  return given.map((text, i) => reader.text(text, [...path, i]));
}

/** Patterns of files below the workspace. */
function toPatterns(reader: Reader, given: string | string[] | undefined, path: Path): string[] {
  const patterns = toTexts(reader, given, path);
  for (const [i, pattern] of patterns.entries())
    try {
      toPathFilter([pattern]);
    } catch (error) {
      if (!(error instanceof GlobError)) throw error;
      reader.fail(typeof given === 'string' ? path : [...path, i], `the pattern ${error.message}`);
    }
  return patterns;
}
