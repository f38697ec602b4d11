import { setTimeout as delay } from 'node:timers/promises';
import {
  type DeviceAuthorization,
  type DeviceToken,
  deviceAuthorizationSchema,
  deviceTokenSchema,
  type PersonRole,
} from '../job/index.ts';
import { ApiError, type Call, type Transport, UnreachableError } from './transport.ts';

const client = { client_id: 'bellows' };
const grant = 'urn:ietf:params:oauth:grant-type:device_code';

/** Asks to act as a person, who confirms it in a browser (RFC 8628). */
export function beginDeviceSignIn(
  transport: Transport,
  { device, role }: { device: string; role?: PersonRole | undefined },
): Promise<DeviceAuthorization> {
  const form = { ...client, device, ...(role === undefined ? {} : { scope: role }) };
  return transport.call('/oauth/device_authorization', deviceAuthorizationSchema, post(form));
}

export interface Waiting {
  signal?: AbortSignal | undefined;
  /** @default real time */
  wait?: ((ms: number) => Promise<void>) | undefined;
}

/**
 * Polls until the person has answered. An api that is away for a while is asked again.
 *
 * @throws ApiError when the person refused, or ten minutes went by
 */
export async function untilSignedIn(
  transport: Transport,
  { device_code, interval, expires_in }: DeviceAuthorization,
  { signal, wait = (ms) => delay(ms, undefined, { signal }) }: Waiting = {},
): Promise<DeviceToken> {
  const form = { ...client, grant_type: grant, device_code };
  let pauseSeconds = interval;
  for (let waited = 0; ; waited += pauseSeconds) {
    await wait(pauseSeconds * 1000);
    try {
      const call = { ...post(form), ...(signal === undefined ? {} : { signal }) };
      return await transport.call('/oauth/token', deviceTokenSchema, call);
    } catch (error) {
      if (!isPending(error) || waited > expires_in) throw error;
      // RFC 8628, 3.5: from then on for good.
      if (error instanceof ApiError && error.code === 'slow_down') pauseSeconds += 5;
    }
  }
}

function isPending(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  if (!(error instanceof ApiError)) return false;
  return error.code === 'authorization_pending' || error.code === 'slow_down' || error.status >= 500;
}

function post(form: Record<string, string>): Call {
  return {
    method: 'POST',
    bytes: Buffer.from(new URLSearchParams(form).toString()),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  };
}
