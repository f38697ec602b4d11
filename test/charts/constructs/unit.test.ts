import { expect, test } from '@jest/globals';
import { ApiObject, App, Chart } from 'cdk8s';
import { renderCluster, type Unit } from '../../../charts/constructs/unit.ts';
import { Kustomizations } from '../../../charts/flux/flux.ts';

function unit(name: string, ...charts: [chart: string, object: string][]): Unit {
  return {
    name,
    after: [],
    build: (app: App) => {
      for (const [id, object] of charts) {
        const chart = new Chart(app, id, { disableResourceNameHashes: true });
        new ApiObject(chart, object, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: object } });
      }
    },
  };
}

test('a unit is a folder, a chart is a file', () => {
  const files = renderCluster('home', [unit('data', ['redis', 'one'], ['backup', 'two']), unit('services')]);
  expect([...files.keys()]).toEqual(['clusters/home/data/redis.yaml', 'clusters/home/data/backup.yaml']);
  expect(files.get('clusters/home/data/redis.yaml')).toBe(
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n',
  );
});

test('an object that two units make is refused, with both their names', () => {
  expect(() => renderCluster('home', [unit('a', ['x', 'same']), unit('b', ['y', 'same'])])).toThrow(
    'clusters/home/b/y.yaml makes core ConfigMap -/same, which clusters/home/a/x.yaml makes too',
  );
});

test('two units of one name are refused', () => {
  expect(() => renderCluster('home', [unit('a', ['x', 'one']), unit('a', ['x', 'two'])])).toThrow(
    'clusters/home/a/x.yaml is made twice',
  );
});

test('a unit that comes after one that is not there is refused', () => {
  const units = [{ ...unit('services'), after: ['dta'] }];
  expect(() => new Kustomizations(new App(), 'home', units)).toThrow('unit services comes after dta');
});
