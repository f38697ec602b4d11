/** Keeps secrets out of what a job says: found in every encoding, wherever the bytes are cut. */
export { isMaskable } from './encodings.ts';
export { createMask, type Mask, type MaskStream, replacement } from './mask.ts';
export { type MaskedSink, maskSink } from './sink.ts';
