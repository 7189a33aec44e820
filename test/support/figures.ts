import { appendFileSync } from 'node:fs';

const file = process.env.PORTAL_FIGURES;

/** A size for a test: `full`, as the row of `docs/reliability.md` has it, where figures are asked for; less in every other run. */
export const sized = <Size>(full: Size, less: Size): Size => (file === undefined ? less : full);

/** Tells what a test measured for a row; `npm run reliability` gathers that. */
export function figure(row: string, measured: string): void {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ row, measured })}\n`);
}

export const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
