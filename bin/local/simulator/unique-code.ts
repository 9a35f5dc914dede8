/** Codes that look random and never repeat, without a memory of those given out. */

const DIGITS = 36n;
/** Odd and no multiple of 3: shares no factor with a power of 36, so the multiplication below maps no two numbers to one. */
const MULTIPLIER = 48_271_986_577n;

/** The code of `number`: `length` characters 0-9 a-z, different for every number below 36 ** length. */
export function uniqueCode(number: number, length: number): string {
  const count = DIGITS ** BigInt(length);
  return ((BigInt(number) * MULTIPLIER) % count).toString(36).padStart(length, '0');
}
