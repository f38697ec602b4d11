/** The same charts as an app of cdk8s as it comes: one App, synth() writes. Run by `cdk8s synth`. */
import { App } from 'cdk8s';
import { Construct } from 'constructs';
import { toUnits } from '../../../charts/units.ts';
import { platformOf } from './platform.ts';

const app = new App({ recordConstructMetadata: false });
for (const [name, cluster] of Object.entries(platformOf(Number(process.argv[2])).clusters)) {
  // A unit takes an App for its charts' scope; any construct does.
  for (const { name: unit, build } of toUnits(cluster)) build(new Construct(app, `${name}-${unit}`) as App);
}
app.synth();
