import type { z } from 'zod';
import { agentConfigSchema } from '../../services/agent/config.ts';
import { apiConfigSchema } from '../../services/api/config.ts';
import { backupConfigSchema } from '../../services/backup/config.ts';
import { localConfigSchema } from '../../services/local/config.ts';
import { tuiSettings } from '../../services/tui/config.ts';
import { toDefault, toProperty, toTable } from './schema-table.ts';

const programs: { name: string; what: string; schema: z.ZodObject }[] = [
  { name: 'api', what: 'Receives webhooks, holds the queue, serves pages.', schema: apiConfigSchema },
  {
    name: 'agent',
    what: 'Takes one job. The spawner or the ScaledJob sets these.',
    schema: agentConfigSchema,
  },
  {
    name: 'backup',
    what: 'Puts a copy away, or brings one back. CronJobs of a cluster set these.',
    schema: backupConfigSchema,
  },
  { name: 'local', what: '`./bellows up`, beside its options.', schema: localConfigSchema },
  { name: 'tui', what: '`./bellows tui`, beside its options.', schema: tuiSettings },
];

/** Every environment variable of every program. */
export function toConfigurationPage(): string {
  const sections = programs.map(({ name, what, schema }) => {
    const { properties = {}, required = [] } = toProperty(schema);
    const rows = Object.entries(properties).map(([variable, property]) => [
      `\`${variable}\``,
      property.description ?? '',
      toDefault(property, required.includes(variable)),
    ]);
    return `## ${name}\n\n${what}\n\n${toTable(['variable', 'meaning', 'default'], rows)}\n`;
  });
  const head = `<!-- Made by npm run docs. -->

# Configuration

Every environment variable of every program. A wrong value ends the program with a line that names it.
Clients (\`tui\` and the command line) find the api by \`BELLOWS_URL\` and \`BELLOWS_TOKEN\`, or by what \`up\` wrote into the
data folder (\`BELLOWS_DATA\`).
`;
  return `${head}\n${sections.join('\n')}`;
}
