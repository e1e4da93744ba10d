const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
];
const SECOND_MS = 1000;

/** `2 min ago`, `41 s ago`: the largest unit that is there, rounded down. */
export function ageText(ms: number): string {
  const [name, unitMs] = UNITS.find(([, unit]) => ms >= unit) ?? ['s', SECOND_MS];
  return `${Math.floor(ms / unitMs)} ${name} ago`;
}
