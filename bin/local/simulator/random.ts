/** Chance that repeats: the same seed and label give the same draws on every machine. */
import { createHash } from 'node:crypto';

export interface Random {
  /** A whole number, both ends included. */
  between(low: number, high: number): number;
  /** True in `probability` of all draws (0 to 1). */
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  shuffle<Item>(items: readonly Item[]): Item[];
}

/**
 * One stream of draws. Streams of different labels are independent, so each day can be drawn without drawing the days before it.
 * The generator is sfc32 of Chris Doty-Humphrey's PractRand (https://pracrand.sourceforge.net/RNG_engines.txt), keyed by SHA-256.
 */
export function createRandom(seed: number, label: string): Random {
  const key = createHash('sha256').update(`${seed}/${label}`).digest();
  let a = key.readInt32LE(0);
  let b = key.readInt32LE(4);
  let c = key.readInt32LE(8);
  let counter = 1;

  /** A fraction in [0, 1). */
  const fraction = () => {
    const drawn = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + drawn) | 0;
    return (drawn >>> 0) / 0x1_0000_0000;
  };
  const between = (low: number, high: number) => low + Math.floor(fraction() * (high - low + 1));

  return {
    between,
    chance: (probability) => fraction() < probability,
    pick(items) {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new RangeError('cannot pick from an empty list');
      return item;
    },
    shuffle(items) {
      return items
        .map((item) => ({ item, place: fraction() }))
        .sort((left, right) => left.place - right.place)
        .map(({ item }) => item);
    },
  };
}
