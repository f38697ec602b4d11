import { readFile } from 'node:fs/promises';
import { toSignature } from '../../../services/core/forge/index.ts';
import { toId } from '../../../services/core/job/index.ts';
import { webhookSecret } from './world.ts';

const fixture = await readFile(new URL('../../fixtures/webhooks/gitea/push.json', import.meta.url), 'utf8');
// Of today: what is older than a week is not believed.
const recorded = fixture.replaceAll(/"updated_at": ?"[^"]*"/g, `"updated_at":"${new Date().toISOString()}"`);
const oldSha = '2e7d2c03a9507ae265ecf5b5356885a53393a202';

/**
 * A push that Gitea sent once, with another commit: the bytes of the whole request, so that who sends it has
 * nothing left to do.
 *
 * @param delivery another one makes it a redelivery of the same push
 */
export function toWebhook(port: number, seed: number, n: number, delivery = `${seed}-${n}`): Buffer {
  const body = Buffer.from(recorded.replaceAll(oldSha, toId(seed, n) + toId(n, seed)));
  const head = [
    'POST /webhooks/gitea HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    'x-gitea-event: push',
    `x-gitea-delivery: ${delivery}`,
    `x-gitea-signature: ${toSignature(body, webhookSecret)}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}
