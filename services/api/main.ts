import { readSecrets, SecretError } from '../core/access/index.ts';
import { createLog } from '../core/log/index.ts';
import { ConfigError, giveBackMemory, readConfig, untilSignal } from '../core/runtime/index.ts';
import { StoreError } from '../core/store/index.ts';
import { apiConfigSchema } from './config.ts';
import { openApi } from './open.ts';

try {
  const config = readConfig(apiConfigSchema, process.env);
  const log = createLog('api', config.BELLOWS_LOG_LEVEL);
  const secrets = await readSecrets(config.BELLOWS_SECRETS_DIR);
  for (const file of secrets.exposed)
    log.warn(`${file} can be read by other users of this machine: chmod 600`);
  const api = await openApi({ config, secrets, log });
  log.info({ listen: config.BELLOWS_LISTEN, port: api.port }, 'the api listens');
  const stop = giveBackMemory();
  const signal = await untilSignal();
  stop();
  log.info({ signal }, 'the api stops');
  await api.stop();
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof SecretError || error instanceof StoreError))
    throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
