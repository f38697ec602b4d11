import { synth } from './charts/synth.ts';
import { toUnits } from './charts/units.ts';

process.exitCode = synth(toUnits, process.stderr);
