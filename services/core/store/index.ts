/** Blobs by name, in a folder or in any S3-compatible store. */
export { openFolderStore } from './folder.ts';
export { openS3Store, type S3Options } from './s3.ts';
export { checkName, type Listed, type PutOptions, type Range, type Store, StoreError } from './store.ts';
