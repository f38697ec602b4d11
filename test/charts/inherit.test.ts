import { expect, test } from '@jest/globals';
import { inherit } from '../../charts/inherit.ts';
import { parsePlatform } from '../../charts/platform-file.ts';

const read = (clusters: string) => parsePlatform(`clusters:\n${clusters}`, 'platform.yaml').clusters;
const home =
  '  home:\n    domain: home.arpa\n    redis: {memory: 1Gi, storage: 8Gi}\n    pools: {m: {arch: amd64, max: 4}, l: {arch: arm64, max: 1}}\n';

test('a second cluster says only what differs: maps are joined, the rest replaced, null takes away', () => {
  const { lab } = read(
    `${home}  lab:\n    extends: home\n    domain: lab.arpa\n    redis: {memory: 2Gi}\n    pools: {m: {max: 2}, l: null}\n`,
  );
  expect(lab).toMatchObject({ domain: 'lab.arpa', redis: { memory: '2Gi', storage: '8Gi' } });
  expect(lab?.pools).toEqual({ m: expect.objectContaining({ arch: 'amd64', max: 2 }) });
});

test('a cluster may extend one that extends another, in any order', () => {
  const { c } = read(
    `  c: {extends: b, redis: {storage: 16Gi}}\n  b: {extends: home, domain: b.arpa}\n${home}`,
  );
  expect(c).toMatchObject({ domain: 'b.arpa', redis: { memory: '1Gi', storage: '16Gi' } });
});

test.each([
  [
    'an unknown cluster',
    `${home}  lab: {extends: hme}\n`,
    'platform.yaml:6:18: clusters.lab.extends is "hme"; expected another cluster: home',
  ],
  [
    'a circle',
    '  a: {extends: b}\n  b: {extends: a}\n',
    /platform\.yaml:2:16: these clusters extend each other: /,
  ],
  ['what is no name', `${home}  lab: {extends: [home]}\n`, 'clusters.lab.extends is ["home"]'],
])('%s is refused with its place', (_, text, message) => {
  expect(() => read(text)).toThrow(message);
});

test('a wrong value that came from elsewhere is named in the cluster that has it', () => {
  expect(() =>
    read(`  home: {domain: NO, pools: {m: {arch: amd64, max: 1}}}\n  lab: {extends: home}\n`),
  ).toThrow(/clusters\.home\.domain is "NO".*\n.*clusters\.lab\.domain is /s);
});

test('what is no platform is left to the schema', () => {
  for (const value of [1, null, [], { clusters: 1 }]) expect(inherit(value)).toEqual({ value, problems: [] });
});
