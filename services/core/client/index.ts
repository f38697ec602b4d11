/** How programs speak to the api. */
export * from './address.ts';
export * from './api.ts';
export * from './device-sign-in.ts';
export * from './logins.ts';
export * from './sse.ts';
export * from './transport.ts';
