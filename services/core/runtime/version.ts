/** Of all programs; as in package.json, which is not there where only a bundle is. */
export const version = '0.1.0';
