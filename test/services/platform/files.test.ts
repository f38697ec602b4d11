import { expect, test } from '@jest/globals';
import { parsePlatform } from '../../../charts/platform-file.ts';
import { UsageError } from '../../../services/core/command/index.ts';
import { parsePipeline } from '../../../services/core/pipeline/index.ts';
import { type Answers, toFiles } from '../../../services/platform/files.ts';
import { parseOptions, parseUpgradeOptions } from '../../../services/platform/options.ts';

const answers: Answers = {
  cluster: 'home',
  domain: 'home.arpa',
  arch: 'arm64',
  agents: 4,
  source: undefined,
};
const pins = { bellows: '0.1.0', cdk8sCli: '2.0.0', tsx: '4.0.0' };

test('the platform file is right, at most ten lines long, and says what was answered', () => {
  const text = toFiles(answers, pins, '{}')['platform.yaml'] ?? '';
  const { clusters } = parsePlatform(text, 'platform.yaml');
  expect(clusters.home?.pools.arm64).toMatchObject({ arch: 'arm64', max: 4 });
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(10);
  const sourced = toFiles({ ...answers, source: 'https://git.example.org/me/platform' }, pins, '{}');
  expect(parsePlatform(sourced['platform.yaml'] ?? '', 'platform.yaml').source.url).toBe(
    'https://git.example.org/me/platform',
  );
});

test('its pipeline is one that Bellows runs', () => {
  expect(() =>
    parsePipeline(toFiles(answers, pins, '{}')['.bellows.yaml'] ?? '', '.bellows.yaml'),
  ).not.toThrow();
});

test('every version that it depends on is exact', () => {
  const { dependencies, devDependencies } = JSON.parse(toFiles(answers, pins, '{}')['package.json'] ?? '');
  expect({ ...dependencies, ...devDependencies }).toEqual({
    bellows: '0.1.0',
    'cdk8s-cli': '2.0.0',
    tsx: '4.0.0',
  });
});

test('options are read, and what is no name, domain or number is refused in words', () => {
  expect(
    parseOptions([
      'x',
      '--cluster',
      'lab',
      '--domain',
      'lab.arpa',
      '--arch',
      'arm64',
      '--agents',
      '3',
      '--no-install',
    ]),
  ).toEqual({
    folder: 'x',
    cluster: 'lab',
    domain: 'lab.arpa',
    arch: 'arm64',
    agents: 3,
    install: false,
  });
  for (const args of [
    [],
    ['x', '--cluster', 'No'],
    ['x', '--domain', 'a_b'],
    ['x', '--agents', '0'],
    ['x', 'y'],
    ['x', '--arch', 'mips'],
  ])
    expect(() => parseOptions(args)).toThrow(UsageError);
  expect(() => parseOptions(['--help'])).toThrow(/Usage: bellows platform/);
  expect(parseUpgradeOptions(['0.2.0'])).toEqual({ to: '0.2.0' });
  expect(parseUpgradeOptions([])).toEqual({});
});
