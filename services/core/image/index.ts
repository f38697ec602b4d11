/** Images built without privileges, sent by digest, with what they are made of and by whom beside them. */
export { type BuildImageOptions, buildImage } from './build-image.ts';
export type { Build, BuildFolder } from './command.ts';
export { readDigest } from './digest.ts';
export { checkTags, ImageError, type ImageName, parseImageName } from './name.ts';
export type { Credentials } from './registry.ts';
