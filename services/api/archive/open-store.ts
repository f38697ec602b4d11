import type { Secrets } from '../../core/access/index.ts';
import { openFolderStore, openS3Store, type Store, StoreError } from '../../core/store/index.ts';
import type { ApiConfig } from '../config.ts';

/**
 * The store that the settings name; undefined where they name none.
 *
 * @throws StoreError
 */
export async function openStore(
  config: Pick<ApiConfig, 'BELLOWS_STORE' | 'BELLOWS_STORE_REGION' | 'BELLOWS_SECRETS_DIR'>,
  { s3 }: Pick<Secrets, 's3'>,
): Promise<Store | undefined> {
  const place = config.BELLOWS_STORE;
  if (place === undefined) return undefined;
  if (place.startsWith('/')) return openFolderStore(place);
  if (s3 === undefined)
    throw new StoreError(
      `BELLOWS_STORE is ${place}, which needs a key: put it into the files s3-access-key and s3-secret-key of ${config.BELLOWS_SECRETS_DIR}.`,
    );
  return openS3Store({ url: place, region: config.BELLOWS_STORE_REGION, ...s3 });
}
