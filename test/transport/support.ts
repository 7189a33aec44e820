import { CopiedFrame } from '../../src/transport/copied-frame';
import type { Piece } from '../../src/transport/pieces';

/** The bytes of pieces, as they would be written. */
export function joined(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(pieces.flatMap(partsOf));
}

function partsOf(piece: Piece): Uint8Array[] {
  return piece instanceof CopiedFrame ? piece.batches.flatMap(({ parts }) => parts) : [piece];
}
