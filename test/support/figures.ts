import { appendFileSync } from 'node:fs';

const file = process.env.PORTAL_FIGURES;

/** A size for a test: `full`, as in `docs/reliability.md`, for `npm run reliability`, and `less` in every other run. */
export const sized = <Size>(full: Size, less: Size): Size => (file === undefined ? less : full);

/** Reports a measured value for an entry of `docs/reliability.md`; `npm run reliability` gathers them. */
export function figure(row: string, measured: string): void {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ row, measured })}\n`);
}

export const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
