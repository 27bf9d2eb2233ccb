import type { Settings } from '../config/settings.js';

/** One proxy of ours: what stands further left in X-Forwarded-For was written by the visitor. */
export const trustedProxies =
  ({ TRUST_PROXY }: Pick<Settings, 'TRUST_PROXY'>) =>
  (_address: string, hop: number): boolean =>
    TRUST_PROXY && hop === 0;
