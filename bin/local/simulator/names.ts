/** Invented names of people, firms and places, as awkward as the real ones: titles, apostrophes, commas, brackets, leading zeros. */
import type { Random } from './random.ts';

const words = (text: string) => text.split(' ');

export const FIRST_NAMES = words(
  'Ada Alban Bess Clem Cora Dilys Edwin Effie Fergus Greta Hew Iris Jory Kit Linus Mabel Ned Olive Piers Rhoda Silas Tamsin Una Wilf',
);
export const LAST_NAMES = words(
  "Ashdown Barrow Calder Denholm Ellwood Fenwick Garside Holroyd Ibbotson Jessop Kershaw Lumley Marwood Nettley O'Dale Pelham Quill Ramsden Selby Thackray Usher Varley Wragg Yarrow",
);
const STREETS = words('Avenue Close Court Gardens Lane Mews Road Street Terrace Wharf');
const CITY_PREFIXES = ['', '', 'East ', 'Lake ', 'New ', 'North ', 'Port ', 'West '];
const CITY_STEMS = words('Alder Brack Cold Dun Elm Fern Harrow Kings Mill Oak Stan Thorn');
const CITY_ENDINGS = words('bourne bridge bury ford ham ley mouth ton well wick');

export const DISTRICTS = words('Avon Bedfordshire Berkshire Borders Buckinghamshire Cambridgeshire');
export const COUNTRIES = [
  'Australia',
  'Bosnia and Herzegovina',
  'Bouvet Island (Bouvetoya)',
  "Democratic People's Republic of Korea",
  'Falkland Islands (Malvinas)',
  'Iceland',
  'Japan',
  'Papua New Guinea',
  'San Marino',
  'Svalbard & Jan Mayen Islands',
  'Turkey',
  'United Kingdom',
];

export function personName(random: Random): string {
  const name = `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`;
  const title = random.chance(1 / 8) ? random.pick(['Dr. ', 'Mrs. ', 'Ms. ']) : '';
  const suffix = random.chance(1 / 8) ? random.pick([' II', ' DVM', ' PhD']) : '';
  return title + name + suffix;
}

/** Different names in every usual form, as many as `count` (24 at most). */
export function firmNames(random: Random, count: number): string[] {
  const lastNames = random.shuffle(LAST_NAMES);
  const partner = (place: number) => lastNames[place % lastNames.length];
  return lastNames.slice(0, count).map((founder, place) => {
    const forms = [
      `${founder}, ${partner(place + 7)} and ${partner(place + 13)}`,
      `${founder} - ${partner(place + 5)}`,
      `${founder} and Sons`,
      `${founder} LLC`,
    ];
    return forms[place % forms.length] ?? founder;
  });
}

/** At most 23 characters. */
export function streetAddress(random: Random): string {
  return `${zeroPadded(random, random.between(3, 5))} ${streetName(random)}`;
}

export function streetName(random: Random): string {
  return `${random.pick(LAST_NAMES)} ${random.pick(STREETS)}`;
}

/** At most 18 characters. */
export function city(random: Random): string {
  return random.pick(CITY_PREFIXES) + random.pick(CITY_STEMS) + random.pick(CITY_ENDINGS);
}

/** Five digits, or nine with a dash. Every tenth starts with the zero that careless readers lose. */
export function postalCode(random: Random, number: number): string {
  const code = number % 10 === 0 ? `0${zeroPadded(random, 4)}` : String(random.between(10_000, 99_999));
  return random.chance(1 / 2) ? `${code}-${zeroPadded(random, 4)}` : code;
}

/** Such as `0730 783349`. */
export function phone(random: Random): string {
  return `${zeroPadded(random, 4)} ${zeroPadded(random, 6)}`;
}

function zeroPadded(random: Random, digits: number): string {
  return String(random.between(0, 10 ** digits - 1)).padStart(digits, '0');
}
