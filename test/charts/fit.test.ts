import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findMisfits } from '../../charts/fit.ts';
import { PlatformError, parsePlatform } from '../../charts/platform-file.ts';

const cluster = (machines: string, pools: string) =>
  `clusters:\n  home:\n    machines: ${machines}\n    pools:\n${pools}`;
const dgx = '[{arch: arm64, cpu: 20, memory: 128Gi, disk: 1000Gi}]';

test.each([
  [
    'agents that do not fit together',
    cluster(dgx, '      l: {arch: arm64, cpu: 8, memory: 16Gi, max: 3}'),
    'platform.yaml:5:51: clusters.home.pools.l.max is 3; expected fewer: all arm64 agents at their most need 24 cores, the machines give 19.5 cores',
  ],
  [
    'one agent that is larger than any machine',
    cluster(
      '[{arch: arm64, cpu: 4, memory: 8Gi, count: 10}]',
      '      l: {arch: arm64, cpu: 2, memory: 8Gi, max: 1}',
    ),
    'platform.yaml:5:40: clusters.home.pools.l.memory is "8Gi"; expected what one arm64 machine can give, at most 7168Mi of memory',
  ],
  [
    'a pool for which there is no machine',
    cluster(dgx, '      m: {arch: amd64, max: 1}'),
    `platform.yaml:5:17: clusters.home.pools.m.arch is "amd64"; expected one of the machines' architectures`,
  ],
  [
    'pools that share machines',
    cluster(dgx, '      a: {arch: arm64, cpu: 8, max: 2}\n      b: {arch: arm64, cpu: 4, max: 1}'),
    'platform.yaml:5:37: clusters.home.pools.a.max is 2; expected fewer: all arm64 agents at their most need 20 cores, the machines give 19.5 cores',
  ],
  [
    'agents with more GPUs than there are',
    cluster(
      '[{arch: arm64, cpu: 20, memory: 128Gi, gpus: 1}]',
      '      g: {arch: arm64, gpu: {}, max: 1}\n      h: {arch: arm64, gpu: {count: 2}, max: 1}',
    ),
    'clusters.home.pools.h.gpu.count is 2; expected what one arm64 machine can give, at most 1 GPUs',
  ],
  [
    'several shares for one agent',
    cluster(
      '[{arch: arm64, cpu: 20, memory: 128Gi, gpus: 1}]\n    gpu: {shares: 4}',
      '      h: {arch: arm64, gpu: {count: 2}, max: 1}',
    ),
    'clusters.home.pools.h.gpu.count is 2; expected 1, since GPUs are given out in shares',
  ],
])('%s are refused with what is there', (_, text, message) => {
  expect(() => parsePlatform(text, 'platform.yaml')).toThrow(PlatformError);
  expect(() => parsePlatform(text, 'platform.yaml')).toThrow(message);
});

test('of a cluster whose machines are not known nothing is said', () => {
  expect(
    findMisfits({ pools: { m: { arch: 'amd64', max: 500, cpu: 256, memory: '900Gi', disk: '900Gi' } } }),
  ).toEqual([]);
});

test('what fits keeps fitting when a machine is added or an agent is taken away', () => {
  const amount = fc.record({
    cpu: fc.integer({ min: 1, max: 64 }),
    memory: fc.integer({ min: 2, max: 256 }),
  });
  fc.assert(
    fc.property(
      fc.array(amount, { minLength: 1, maxLength: 4 }),
      amount,
      fc.integer({ min: 1, max: 9 }),
      (sizes, one, max) => {
        const machines = sizes.map(({ cpu, memory }) => ({
          arch: 'amd64',
          cpu,
          memory: `${memory}Gi`,
          count: 1,
        }));
        const pool = { arch: 'amd64', cpu: one.cpu, memory: `${one.memory}Gi`, disk: '1Gi' };
        if (findMisfits({ machines, pools: { m: { ...pool, max } } }).length > 0) return;
        const more = [...machines, { arch: 'amd64', cpu: 1, memory: '2Gi', count: 1 }];
        expect(findMisfits({ machines: more, pools: { m: { ...pool, max } } })).toEqual([]);
        expect(findMisfits({ machines, pools: { m: { ...pool, max: Math.max(1, max - 1) } } })).toEqual([]);
      },
    ),
  );
});
