/** What a worker tells the primary. */
export type FromWorker =
  | { readonly kind: 'serving'; readonly url: string; readonly port: number }
  | { readonly kind: 'count'; readonly id: number; readonly by: number };

/** What the primary tells a worker. */
export type FromPrimary =
  { readonly kind: 'counted'; readonly id: number; readonly total: number } | { readonly kind: 'stop' };

/** How long a worker waits for its clients before it cuts them off. */
export const DRAIN_MS = 10_000;
