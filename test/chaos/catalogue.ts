import type { Elsewhere, Fault } from './fault.ts';
import { agentFaults } from './faults/agents.ts';
import { apiFaults } from './faults/api.ts';
import { clockFaults } from './faults/clock.ts';
import { networkFaults } from './faults/network.ts';
import { raceFaults } from './faults/races.ts';
import { redisFaults } from './faults/redis.ts';
import { tested } from './tested.ts';

/** Every fault that a run can inject. */
export const catalogue: readonly Fault[] = [
  ...apiFaults,
  ...agentFaults,
  ...redisFaults,
  ...networkFaults,
  ...clockFaults,
  ...raceFaults,
].sort((a, b) => a.number - b.number);

/** What the catalogue knows beside them; each is named in the output, so that nobody takes it for done here. */
export const elsewhere: readonly Elsewhere[] = [
  { number: 17, title: 'a machine is lost', why: 'needs a cluster; a killed agent (9) is its part of it' },
  { number: 37, title: 'KEDA is away', why: 'needs a cluster' },
  { number: 38, title: 'a ScaledJob is edited', why: 'needs a cluster' },
  { number: 39, title: 'a Pod hangs', why: 'needs a cluster' },
  { number: 40, title: 'surplus Pods after a cancel', why: 'needs a cluster' },
  ...tested,
].sort((a, b) => a.number - b.number);
