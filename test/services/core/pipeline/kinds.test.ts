import { expect, test } from '@jest/globals';
import { parsePipeline } from '../../../../services/core/pipeline/index.ts';

const parse = (settings: object, kind = 'image') =>
  parsePipeline(JSON.stringify({ steps: [{ name: 's', kind, settings }] }), 'a.yaml')[0].steps[0];
const repoOf = (settings: object) => {
  const step = parse(settings);
  return step?.kind === 'image' ? step.settings.repo : undefined;
};

test.each([
  [{ repo: 'registry.example/team/app' }, 'registry.example/team/app'],
  [{ repo: 'team/app', registry: 'registry.example' }, 'registry.example/team/app'],
  [{ repo: 'team/app', registry: 'https://registry.example:5000/' }, 'registry.example:5000/team/app'],
  [{ repo: 'registry.example/team/app', registry: 'registry.example' }, 'registry.example/team/app'],
  // A registry whose name is the beginning of the name.
  [{ repo: 'team/app', registry: 'team.example' }, 'team.example/team/app'],
])('the image of %j is %s', (settings, repo) => {
  expect(repoOf(settings)).toBe(repo);
});

test.each([
  ['artifacts', { paths: ['ok', '../up'] }, 'the pattern "../up" leads out of the workspace'],
  ['artifacts', { paths: 'ok', exclude: 'a{b' }, 'the pattern has a { without its }'],
  ['reports', { junit: '/etc/*' }, 'the pattern "/etc/*" leads out of the workspace'],
])('a pattern of %s that cannot be is refused where it stands: %j', (kind, settings, reason) => {
  expect(() => parse(settings, kind)).toThrow(reason);
});
