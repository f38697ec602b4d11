/** The same charts as an app of cdk8s as it comes: one App, synth() writes. */
import { App } from 'cdk8s';
import { Construct } from 'constructs';
import { readPlatform } from '../../../charts/platform-file.ts';
import { toUnits } from '../../../charts/units.ts';
import { platformOf } from './platform.ts';

const [, , count] = process.argv;
const platform = count === undefined ? readPlatform('platform.yaml') : platformOf(Number(count));
const app = new App({ recordConstructMetadata: false });
for (const [name, cluster] of Object.entries(platform.clusters)) {
  // A unit takes an App for its charts' scope; any construct does.
  for (const { name: unit, build } of toUnits(cluster)) build(new Construct(app, `${name}-${unit}`) as App);
}
app.synth();
