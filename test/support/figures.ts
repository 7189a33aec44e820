import { appendFileSync } from 'node:fs';

const file = process.env.PORTAL_FIGURES;

/** A size for a test: `full`, as the entry of `docs/reliability.md` names it, when figures are asked for; less in every other run. */
export const sized = <Size>(full: Size, less: Size): Size => (file === undefined ? less : full);

/** Reports what a test measured for an entry; `npm run reliability` gathers the reports. */
export function figure(row: string, measured: string): void {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ row, measured })}\n`);
}

export const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
