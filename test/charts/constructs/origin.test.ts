import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct, Node } from 'constructs';
import { NetworkEdge } from '../../../charts/constructs/network-edge.ts';
import { originOf, recordOrigins } from '../../../charts/constructs/origin.ts';

const self = 'test/charts/constructs/origin.test.ts';
/** The line of this file on which something stands. */
function lineOf(words: string): number {
  return (
    readFileSync(import.meta.filename, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(words)) + 1
  );
}

test('an object is from the line that wanted it, also where a construct of ours made it', () => {
  const pods = { namespace: 'ci', labels: { app: 'x' } };
  const chart = recordOrigins(() => {
    const made = new Chart(new App(), 'chart');
    new k8s.KubeConfigMap(made, 'map', {}); // a plain one
    new NetworkEdge(made, 'edge', { from: pods, to: pods, tcp: [1] }); // two of them
    return made;
  });
  const origins = chart.node.findAll().map((child) => [child.node.path, originOf(child)]);
  const edge = `${self}:${lineOf('// two of them')}`;
  expect(origins.slice(1)).toEqual([
    ['chart/map', `${self}:${lineOf('// a plain one')}`],
    ['chart/edge', edge],
    ['chart/edge/out', edge],
    ['chart/edge/in', edge],
  ]);
});

test('nothing is noted afterwards, also after an error, and the library is as it was', () => {
  const before = Object.getOwnPropertyDescriptor(Node.prototype, 'addChild')?.value;
  expect(() =>
    recordOrigins(() => {
      throw new Error('no platform');
    }),
  ).toThrow('no platform');
  expect(Object.getOwnPropertyDescriptor(Node.prototype, 'addChild')?.value).toBe(before);
  expect(originOf(new Construct(new App(), 'unnoticed'))).toBeUndefined();
});
