import { PortalError } from 'portal-ws';
import type { Line, Shortage } from './messages';

/** The stock of each article. */
export class Stock {
  private readonly quantities: Map<string, number>;

  constructor(quantities: Readonly<Record<string, number>>) {
    this.quantities = new Map(Object.entries(quantities));
  }

  list(): Line[] {
    return Array.from(this.quantities, ([article, quantity]) => ({ article, quantity }));
  }

  /** Takes all of it or nothing. @throws PortalError `out_of_stock` */
  take(lines: readonly Line[]): void {
    const shortages = lines.flatMap(({ article, quantity }): Shortage[] => {
      const available = this.available(article);
      return available < quantity ? [{ article, wanted: quantity, available }] : [];
    });
    if (shortages.length > 0)
      throw new PortalError('out_of_stock', 'There is not enough of it.', { details: shortages });
    for (const { article, quantity } of lines) this.quantities.set(article, this.available(article) - quantity);
  }

  putBack(lines: readonly Line[]): void {
    for (const { article, quantity } of lines) this.quantities.set(article, this.available(article) + quantity);
  }

  private available(article: string): number {
    return this.quantities.get(article) ?? 0;
  }
}
