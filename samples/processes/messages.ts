/** A message of a worker to the primary. */
export type FromWorker =
  | { readonly kind: 'serving'; readonly url: string; readonly port: number }
  | { readonly kind: 'count'; readonly id: number; readonly by: number };

/** A message of the primary to a worker. */
export type FromPrimary =
  { readonly kind: 'counted'; readonly id: number; readonly total: number } | { readonly kind: 'stop' };

/** The time in which a worker closes its connections before it cuts them. */
export const DRAIN_MS = 10_000;
